<?php
/**
 * GET igny8/v1/status
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Says that the plugin is here, and to the holder of the key also what the site is and may do.
 */
final class Igny8_Bridge_Status_Route {

	/**
	 * What a sync needs to be allowed to.
	 */
	const CAPABILITIES = array(
		'edit_posts',
		'publish_posts',
		'edit_others_posts',
		'edit_published_posts',
		'edit_pages',
		'publish_pages',
		'edit_others_pages',
		'upload_files',
		'manage_categories',
		'unfiltered_html',
	);

	/**
	 * Hooks in.
	 */
	public static function boot() {
		add_action( 'rest_api_init', array( __CLASS__, 'register' ) );
	}

	/**
	 * Registers the route. Anybody may ask: the service has to see the plugin before it sends the key.
	 */
	public static function register() {
		register_rest_route(
			'igny8/v1',
			'/status',
			array(
				'methods'             => 'GET',
				'callback'            => array( __CLASS__, 'answer' ),
				'permission_callback' => '__return_true',
			)
		);
	}

	/**
	 * The answer.
	 *
	 * @return array|WP_Error
	 */
	public static function answer() {
		$public = array(
			'plugin'   => 'igny8-bridge',
			'version'  => IGNY8_BRIDGE_VERSION,
			'protocol' => IGNY8_BRIDGE_PROTOCOL,
		);
		if ( Igny8_Bridge_Authentication::is_keyed() ) {
			return $public + self::details();
		}
		// On a route of ours a bearer token can only be meant for us.
		return Igny8_Bridge_Key::has_bearer() ? Igny8_Bridge_Authentication::invalid_key() : $public;
	}

	/**
	 * What the holder of the key sees besides.
	 *
	 * @return array
	 */
	private static function details() {
		return array(
			'site_url'             => site_url(),
			'home_url'             => home_url(),
			'wordpress_version'    => get_bloginfo( 'version' ),
			'php_version'          => PHP_VERSION,
			'server_time'          => time(),
			'multisite'            => is_multisite(),
			'connection_enabled'   => Igny8_Bridge_Options::connection_enabled(),
			'two_way_sync_enabled' => Igny8_Bridge_Options::two_way_sync_enabled(),
			'signs_webhooks'       => '' !== Igny8_Bridge_Options::webhook_secret(),
			'authorization_header' => Igny8_Bridge_Key::authorization_arrived(),
			'user'                 => self::user(),
			'outbox'               => Igny8_Bridge_Outbox::counts(),
			'features'             => array( 'marker', 'compare_and_set', 'seo', 'changes' ),
		);
	}

	/**
	 * The user that the key acts as.
	 *
	 * @return array
	 */
	private static function user() {
		$user         = wp_get_current_user();
		$capabilities = array();
		foreach ( self::CAPABILITIES as $capability ) {
			$capabilities[ $capability ] = $user->has_cap( $capability );
		}
		return array(
			'id'           => $user->ID,
			'login'        => $user->user_login,
			'roles'        => array_values( $user->roles ),
			'capabilities' => $capabilities,
		);
	}
}
