<?php
/**
 * Removes what the plugin has stored. The marks on posts stay: they cost nothing, and connecting again finds them.
 *
 * @package Igny8_Bridge
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

/**
 * Removes options, plans and table of the site at hand.
 */
function igny8_bridge_uninstall() {
	$names = array(
		'service_url',
		'site_id',
		'api_key',
		'previous_key',
		'user',
		'connection_enabled',
		'two_way_sync_enabled',
		'integration_id',
		'webhook_secret',
		'connected_as',
		'connection_report',
		'clock_offset',
		'connect_due',
		'connecting',
		'schema',
		'secret_renewed',
		'sender',
		'structure_told',
	);
	foreach ( $names as $name ) {
		delete_option( 'igny8_bridge_' . $name );
	}
	wp_clear_scheduled_hook( 'igny8_bridge_send' );
	wp_clear_scheduled_hook( 'igny8_bridge_daily' );
	global $wpdb;
	$wpdb->query( "DROP TABLE IF EXISTS {$wpdb->prefix}igny8_outbox, {$wpdb->prefix}igny8_touched" ); // phpcs:ignore WordPress.DB
}

if ( is_multisite() ) {
	foreach ( get_sites(
		array(
			'fields' => 'ids',
			'number' => 0,
		)
	) as $igny8_bridge_site ) {
		switch_to_blog( $igny8_bridge_site );
		igny8_bridge_uninstall();
		restore_current_blog();
	}
} else {
	igny8_bridge_uninstall();
}
