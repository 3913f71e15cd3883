<?php
/**
 * What the site is made of.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Tells IGNY8 the site's types, taxonomies and this plugin's switches: after connecting, after a plugin, theme, type
 * or switch has changed, and once a day for the counts.
 */
final class Igny8_Bridge_Structure {

	/**
	 * A hash of what was told last, or an empty text where it is to be told again.
	 */
	const TOLD = 'igny8_bridge_structure_told';

	const DAILY = 'igny8_bridge_daily';

	/**
	 * Hooks in.
	 */
	public static function boot() {
		add_action( self::DAILY, array( __CLASS__, 'be_due' ) );
		foreach ( array( 'activated_plugin', 'deactivated_plugin', 'switch_theme', 'upgrader_process_complete' ) as $hook ) {
			add_action( $hook, array( __CLASS__, 'be_due' ), 10, 0 );
		}
		foreach ( array( Igny8_Bridge_Options::CONNECTION, Igny8_Bridge_Options::TWO_WAY_SYNC, Igny8_Bridge_Options::INTEGRATION_ID, Igny8_Bridge_Options::WEBHOOK_SECRET ) as $option ) {
			add_action( "update_option_$option", array( __CLASS__, 'be_due' ), 10, 0 );
			add_action( "add_option_$option", array( __CLASS__, 'be_due' ), 10, 0 );
		}
		// Types have no hook of their own for "changed": somebody who manages the site brings it to light.
		add_action( 'admin_init', array( __CLASS__, 'notice_change' ) );
	}

	/**
	 * Has the structure told again.
	 */
	public static function be_due() {
		if ( Igny8_Bridge_Lifecycle::is_ending() ) {
			return; // that was told already
		}
		update_option( self::TOLD, '' );
		if ( Igny8_Bridge_Options::is_connected() ) {
			Igny8_Bridge_Sender::expect( time() );
		}
	}

	/**
	 * Has it told again where it is not what was told.
	 */
	public static function notice_change() {
		if ( Igny8_Bridge_Options::is_connected() && ! wp_doing_ajax() && self::fingerprint() !== get_option( self::TOLD, '' ) ) {
			self::be_due();
		}
	}

	/**
	 * Whether it is to be told.
	 *
	 * @return bool
	 */
	public static function is_due() {
		return Igny8_Bridge_Options::is_connected() && '' === get_option( self::TOLD, '' );
	}

	/**
	 * Tells it where that is due.
	 *
	 * @return bool False if the service can't be talked to now.
	 */
	public static function send_if_due() {
		return ! self::is_due() || self::send( 10 );
	}

	/**
	 * Tells it.
	 *
	 * @param int $timeout In seconds.
	 * @return bool False if the service can't be talked to now.
	 */
	public static function send( $timeout ) {
		$fingerprint = self::fingerprint();
		$path        = 'integrations/' . (int) get_option( Igny8_Bridge_Options::INTEGRATION_ID, 0 ) . '/update_site_structure/';
		$answer      = Igny8_Bridge_Service::post( $path, wp_json_encode( self::body() ), Igny8_Bridge_Service::authorization(), $timeout );
		$status      = Igny8_Bridge_Delivery::status_of( $answer );
		$is_taken    = $status >= 200 && $status < 300 && Igny8_Bridge_Delivery::SITE_COPY !== Igny8_Bridge_Delivery::code_of( $answer );
		$retry_after = 0 === $status ? 0 : Igny8_Bridge_Schedule::retry_after( (string) wp_remote_retrieve_header( $answer, 'retry-after' ) );
		if ( ! $is_taken && ( $retry_after > 0 || Igny8_Bridge_Delivery::concerns_everything( $status ) ) ) {
			Igny8_Bridge_Sender::note_trouble( $answer, $retry_after );
			return false;
		}
		// A refusal or a 500 must not keep back the deliveries: it is told again when something has changed, or tomorrow.
		update_option( self::TOLD, $fingerprint );
		if ( $is_taken ) {
			Igny8_Bridge_Sender::note_success();
		} elseif ( 404 === $status ) {
			Igny8_Bridge_Onboarding::be_due(); // the integration is another one by now
		}
		return true;
	}

	/**
	 * The body of the push.
	 *
	 * @return array
	 */
	public static function body() {
		$types      = array();
		$taxonomies = array();
		foreach ( self::labels( Igny8_Bridge_Post_Types::names(), 'get_post_type_object' ) as $name => $label ) {
			$counts         = (array) wp_count_posts( $name );
			$types[ $name ] = array(
				'label' => $label,
				'count' => array_sum( array_map( 'intval', array_diff_key( $counts, array_flip( array( 'trash', 'auto-draft', 'inherit' ) ) ) ) ),
			);
		}
		foreach ( self::labels( self::taxonomies(), 'get_taxonomy' ) as $name => $label ) {
			$taxonomies[ $name ] = array(
				'label' => $label,
				'count' => (int) wp_count_terms(
					array(
						'taxonomy'   => $name,
						'hide_empty' => false,
					)
				),
			);
		}
		return array(
			'post_types' => (object) $types,
			'taxonomies' => (object) $taxonomies,
			'plugin'     => self::flags(),
			'site_url'   => Igny8_Bridge_Options::address(),
			'timestamp'  => gmdate( 'Y-m-d\TH:i:s\Z', Igny8_Bridge_Service::time() ),
		);
	}

	/**
	 * This plugin's switches.
	 *
	 * @return array
	 */
	private static function flags() {
		return array(
			'version'              => IGNY8_BRIDGE_VERSION,
			'connection_enabled'   => Igny8_Bridge_Options::connection_enabled() && ! Igny8_Bridge_Lifecycle::is_ending(),
			'two_way_sync_enabled' => Igny8_Bridge_Options::two_way_sync_enabled() && ! Igny8_Bridge_Lifecycle::is_ending(),
			'signs_webhooks'       => '' !== Igny8_Bridge_Options::webhook_secret(),
		);
	}

	/**
	 * A hash of all but the counts and the labels, which are in the language of whoever is signed in.
	 *
	 * @return string
	 */
	private static function fingerprint() {
		return md5( wp_json_encode( array( Igny8_Bridge_Post_Types::names(), self::taxonomies(), self::flags() ) ) );
	}

	/**
	 * The taxonomies of those types that REST shows.
	 *
	 * @return string[]
	 */
	private static function taxonomies() {
		$names = array();
		foreach ( get_taxonomies( array( 'show_in_rest' => true ), 'objects' ) as $taxonomy ) {
			if ( $taxonomy->public && array_intersect( $taxonomy->object_type, Igny8_Bridge_Post_Types::names() ) ) {
				$names[] = $taxonomy->name;
			}
		}
		return $names;
	}

	/**
	 * Labels by name.
	 *
	 * @param string[] $names The names.
	 * @param callable $get   Gives the type or taxonomy of a name.
	 * @return array<string,string>
	 */
	private static function labels( $names, $get ) {
		$labels = array();
		foreach ( $names as $name ) {
			$labels[ $name ] = (string) call_user_func( $get, $name )->label;
		}
		return $labels;
	}
}
