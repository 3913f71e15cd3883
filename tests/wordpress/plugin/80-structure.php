<?php

$structure = new Igny8_Test_Service();
connect_outbox( $structure, 'whsec_' . base64_encode( str_repeat( 's', 32 ) ) );

/** The one structure push that an operation causes. */
$told = function ( $operation ) use ( $structure ) {
	$operation();
	$requests = $structure->await( 1 );
	same( array( 'POST', '/api/v1/integration/integrations/42/update_site_structure/' ), array( $requests[0]['method'], $requests[0]['path'] ) );
	same( 'Bearer ' . Igny8_Test::KEY, $requests[0]['headers']['authorization'], 'Authorization' );
	same( 1, count( $requests ), 'pushes' );
	return json_decode( $requests[0]['body'], true );
};

check( 'the structure names types, taxonomies and switches, with counts', function () use ( $told ) {
	$body = $told( fn() => evaluate( 'do_action( "igny8_bridge_daily" );' ) );
	$want = evaluate( 'global $wpdb; return (int) $wpdb->get_var( "SELECT COUNT(*) FROM $wpdb->posts WHERE post_type = \"book\" AND post_status NOT IN (\"trash\",\"auto-draft\")" );' );
	same( array( 'label' => 'Books', 'count' => $want ), $body['post_types']['book'], 'book' );
	same( array( 'post', 'page', 'book' ), array_keys( $body['post_types'] ), 'types' );
	same( array( 'label' => 'Genres', 'count' => 4 ), $body['taxonomies']['genre'], 'genre' );
	same( array( 'category', 'post_tag', 'genre' ), array_keys( $body['taxonomies'] ), 'taxonomies' );
	same( array( 'version' => '0.1.0', 'connection_enabled' => true, 'two_way_sync_enabled' => true, 'signs_webhooks' => true ), $body['plugin'], 'plugin' );
	same( Igny8_Test::$site['url'], $body['site_url'], 'site_url' );
	holds( abs( strtotime( $body['timestamp'] ) - time() ) <= 2, 'timestamp is now' );
} );

check( 'a switch, a theme, another plugin or a new type has it told again', function () use ( $told, $structure ) {
	same( false, $told( fn() => evaluate( 'update_option( "igny8_bridge_two_way_sync_enabled", "0" );' ) )['plugin']['two_way_sync_enabled'] );
	$told( fn() => evaluate( 'update_option( "igny8_bridge_two_way_sync_enabled", "1" );' ) );
	$told( fn() => evaluate( 'switch_theme( get_stylesheet() );' ) );
	$told( fn() => evaluate( 'do_action( "activated_plugin", "other/other.php", false );' ) );
	$new = 'register_post_type( "film", array( "label" => "Films", "public" => true, "show_in_rest" => true ) ); do_action( "admin_init" );';
	same( 'Films', $told( fn() => evaluate( $new ) )['post_types']['film']['label'] ?? null );
	evaluate( str_replace( 'Films', 'Filme', $new ) );
	usleep( 200000 );
	same( array(), $structure->received(), 'pushes of what is known, in another language' );
} );

check( 'the structure waits until the service is back', function () use ( $told, $structure ) {
	$structure->answer( 503, array() );
	$told( fn() => evaluate( 'Igny8_Bridge_Structure::be_due();' ) );
	$structure->answer( 200, array() );
	$told( function () {
		evaluate( 'update_option( "igny8_bridge_sender", array_merge( Igny8_Bridge_Sender::state(), array( "due" => 1 ) ) ); remove_all_actions( "shutdown" );' );
		request( 'GET', '/' );
	} );
} );

check( 'deactivating tells the service and ends all sending', function () use ( $told, $structure ) {
	$flags = $told( fn() => evaluate( 'deactivate_plugins( "igny8-bridge/igny8-bridge.php" );' ) )['plugin'];
	same( array( false, false ), array( $flags['connection_enabled'], $flags['two_way_sync_enabled'] ) );
	evaluate( 'wp_insert_post( array( "post_title" => "Unseen", "post_content" => "a", "post_status" => "publish" ) );' );
	usleep( 200000 );
	same( array(), $structure->received(), 'requests' );
	same( false, evaluate( 'return wp_next_scheduled( "igny8_bridge_daily" );' ), 'planned events' );
	same( true, $told( fn() => evaluate( 'activate_plugin( "igny8-bridge/igny8-bridge.php" );' ) )['plugin']['connection_enabled'], 'connection_enabled after activating' );
} );
