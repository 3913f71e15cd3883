<?php
/**
 * The Connect button.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Handles the button of the settings page.
 */
final class Igny8_Bridge_Connect_Button {

	const ACTION = 'igny8_bridge_connect';

	/**
	 * Hooks in.
	 */
	public static function boot() {
		add_action( 'admin_post_' . self::ACTION, array( __CLASS__, 'handle' ) );
	}

	/**
	 * Connects, and goes back to the page, which shows what came of it.
	 */
	public static function handle() {
		if ( ! current_user_can( 'manage_options' ) ) {
			wp_die( esc_html__( 'Sorry, you are not allowed to connect this site.', 'igny8-bridge' ), '', array( 'response' => 403 ) );
		}
		check_admin_referer( self::ACTION );
		if ( Igny8_Bridge_Onboarding::is_ready() ) {
			Igny8_Bridge_Structure::be_due(); // the service may know less than it did
			Igny8_Bridge_Onboarding::connect();
		}
		wp_safe_redirect( Igny8_Bridge_Settings_Page::url() . '#igny8-bridge-report' );
		exit;
	}
}
