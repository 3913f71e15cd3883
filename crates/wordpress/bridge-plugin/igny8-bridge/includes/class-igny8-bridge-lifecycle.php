<?php
/**
 * Coming and going.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Activation, deactivation and the daily round.
 */
final class Igny8_Bridge_Lifecycle {

	/**
	 * How long the service is told of the sites of a network, in seconds.
	 */
	const PATIENCE = 20;

	/**
	 * Whether the plugin is being deactivated.
	 *
	 * @var bool
	 */
	private static $ending = false;

	/**
	 * Hooks in.
	 *
	 * @param string $file The plugin's main file.
	 */
	public static function boot( $file ) {
		register_activation_hook( $file, array( __CLASS__, 'activate' ) );
		register_deactivation_hook( $file, array( __CLASS__, 'deactivate' ) );
		add_action( 'init', array( __CLASS__, 'plan_days' ) );
		add_action( Igny8_Bridge_Structure::DAILY, array( 'Igny8_Bridge_Outbox', 'prune' ) );
	}

	/**
	 * Makes the table; what the site is made of is told anew.
	 */
	public static function activate() {
		Igny8_Bridge_Outbox::install();
		Igny8_Bridge_Structure::be_due();
	}

	/**
	 * Stops, and tells the service so if it can be reached quickly. Settings and waiting deliveries stay.
	 *
	 * @param bool $on_network Whether it ends on every site of a network.
	 */
	public static function deactivate( $on_network = false ) {
		self::$ending = true;
		$sites        = $on_network && is_multisite() ? get_sites(
			array(
				'fields' => 'ids',
				'number' => 0,
			)
		) : array( get_current_blog_id() );
		$end          = time() + self::PATIENCE;
		foreach ( $sites as $site ) {
			Igny8_Bridge_Network::on(
				$site,
				static function () use ( $end ) {
					self::end_site( time() < $end );
				}
			);
		}
	}

	/**
	 * Stops on the site at hand.
	 *
	 * @param bool $tell Whether there is time to tell the service.
	 */
	private static function end_site( $tell ) {
		wp_clear_scheduled_hook( Igny8_Bridge_Sender::HOOK );
		wp_clear_scheduled_hook( Igny8_Bridge_Structure::DAILY );
		if ( $tell && Igny8_Bridge_Options::is_connected() ) {
			Igny8_Bridge_Structure::send( 3 );
		}
		update_option( Igny8_Bridge_Structure::TOLD, '' );
	}

	/**
	 * Whether the plugin is being deactivated.
	 *
	 * @return bool
	 */
	public static function is_ending() {
		return self::$ending;
	}

	/**
	 * Plans the daily round, at a time of day of the site's own.
	 */
	public static function plan_days() {
		if ( ! wp_next_scheduled( Igny8_Bridge_Structure::DAILY ) ) {
			wp_schedule_event( time() + wp_rand( 0, DAY_IN_SECONDS ), 'daily', Igny8_Bridge_Structure::DAILY );
		}
	}
}
