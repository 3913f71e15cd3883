<?php

check( 'deactivating keeps the settings, uninstalling removes all that was stored', function () {
	$stored = 'global $wpdb; return $wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE \'%igny8%\'" );';
	evaluate( 'deactivate_plugins( "igny8-bridge/igny8-bridge.php" );' );
	holds( in_array( 'igny8_bridge_api_key', evaluate( $stored ), true ), 'the key is kept' );
	evaluate( 'uninstall_plugin( "igny8-bridge/igny8-bridge.php" );' );
	same( array(), evaluate( $stored ), 'options left' );
	same( array(), evaluate( 'global $wpdb; return $wpdb->get_col( "SHOW TABLES LIKE \'%igny8%\'" );' ), 'tables left' );
} );
