<?php
/**
 * Plugin Name:       IGNY8 Bridge
 * Plugin URI:        https://igny8.com/
 * Description:       Connects this site to IGNY8, so that content written there is published here and edits made here come back.
 * Version:           0.1.0
 * Requires at least: 6.0
 * Requires PHP:      7.4
 * Author:            IGNY8
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       igny8-bridge
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

define( 'IGNY8_BRIDGE_VERSION', '0.1.0' );
define( 'IGNY8_BRIDGE_PROTOCOL', 1 );

foreach ( array(
	'text',
	'query',
	'network',
	'options',
	'key',
	'authentication',
	'no-cache',
	'lock',
	'post-types',
	'service',
	'onboarding',
	'status-route',
	'prove-route',
	'changes-route',
	'marker',
	'seo',
	'version',
	'write-guard',
	'snapshot',
	'payload',
	'signature',
	'schedule',
	'outbox',
	'touched',
	'delivery',
	'structure',
	'sender',
	'change-watch',
	'lifecycle',
) as $igny8_bridge_file ) {
	require_once __DIR__ . "/includes/class-igny8-bridge-$igny8_bridge_file.php";
}

Igny8_Bridge_Network::boot( __FILE__ );
Igny8_Bridge_Key::capture();
Igny8_Bridge_Options::boot();
Igny8_Bridge_Authentication::boot();
Igny8_Bridge_No_Cache::boot();
Igny8_Bridge_Status_Route::boot();
Igny8_Bridge_Prove_Route::boot();
Igny8_Bridge_Changes_Route::boot();
Igny8_Bridge_Marker::boot();
Igny8_Bridge_Seo::boot();
Igny8_Bridge_Version::boot();
Igny8_Bridge_Write_Guard::boot();
Igny8_Bridge_Onboarding::boot();
Igny8_Bridge_Structure::boot();
Igny8_Bridge_Change_Watch::boot();
Igny8_Bridge_Sender::boot();
Igny8_Bridge_Lifecycle::boot( __FILE__ );

if ( is_admin() ) {
	foreach ( array( 'settings', 'settings-page', 'connect-button', 'connection-report', 'outbox-page' ) as $igny8_bridge_file ) {
		require_once __DIR__ . "/includes/class-igny8-bridge-$igny8_bridge_file.php";
	}
	Igny8_Bridge_Settings::boot();
	Igny8_Bridge_Settings_Page::boot();
	Igny8_Bridge_Connect_Button::boot();
	Igny8_Bridge_Outbox_Page::boot();
}
unset( $igny8_bridge_file );
