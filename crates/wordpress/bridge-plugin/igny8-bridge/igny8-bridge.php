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

require_once __DIR__ . '/includes/class-igny8-bridge-options.php';
require_once __DIR__ . '/includes/class-igny8-bridge-key.php';
require_once __DIR__ . '/includes/class-igny8-bridge-authentication.php';
require_once __DIR__ . '/includes/class-igny8-bridge-no-cache.php';
require_once __DIR__ . '/includes/class-igny8-bridge-post-types.php';
require_once __DIR__ . '/includes/class-igny8-bridge-status-route.php';
require_once __DIR__ . '/includes/class-igny8-bridge-prove-route.php';
require_once __DIR__ . '/includes/class-igny8-bridge-marker.php';
require_once __DIR__ . '/includes/class-igny8-bridge-seo.php';
require_once __DIR__ . '/includes/class-igny8-bridge-version.php';
require_once __DIR__ . '/includes/class-igny8-bridge-write-guard.php';

Igny8_Bridge_Key::capture();
Igny8_Bridge_Options::boot();
Igny8_Bridge_Authentication::boot();
Igny8_Bridge_No_Cache::boot();
Igny8_Bridge_Status_Route::boot();
Igny8_Bridge_Prove_Route::boot();
Igny8_Bridge_Marker::boot();
Igny8_Bridge_Seo::boot();
Igny8_Bridge_Version::boot();
Igny8_Bridge_Write_Guard::boot();

if ( is_admin() ) {
	require_once __DIR__ . '/includes/class-igny8-bridge-onboarding.php';
	require_once __DIR__ . '/includes/class-igny8-bridge-settings.php';
	require_once __DIR__ . '/includes/class-igny8-bridge-settings-page.php';
	require_once __DIR__ . '/includes/class-igny8-bridge-connection-report.php';
	Igny8_Bridge_Onboarding::boot();
	Igny8_Bridge_Settings::boot();
	Igny8_Bridge_Settings_Page::boot();
}
