<?php
/**
 * The sites of a network.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * A request of one site of a network may switch to another and change it. Each has settings, tables and an integration
 * of its own, or none; on a site alone there is one, and it is always at hand.
 */
final class Igny8_Bridge_Network {

	/**
	 * The site that this request is of.
	 *
	 * @var int
	 */
	private static $own = 0;

	/**
	 * This plugin's name among the active ones.
	 *
	 * @var string
	 */
	private static $plugin = '';

	/**
	 * Takes note of both.
	 *
	 * @param string $file The plugin's main file.
	 */
	public static function boot( $file ) {
		self::$own    = get_current_blog_id();
		self::$plugin = plugin_basename( $file );
	}

	/**
	 * The site that this request is of.
	 *
	 * @return int
	 */
	public static function own() {
		return self::$own;
	}

	/**
	 * Whether the site at hand is not the one that this request is of. Types, taxonomies and other plugins are those of
	 * the request's.
	 *
	 * @return bool
	 */
	public static function is_elsewhere() {
		return get_current_blog_id() !== self::$own;
	}

	/**
	 * Whether this plugin is active on the site at hand.
	 *
	 * @return bool
	 */
	public static function is_active_here() {
		if ( ! self::is_elsewhere() || in_array( self::$plugin, (array) get_option( 'active_plugins', array() ), true ) ) {
			return true;
		}
		$everywhere = (array) get_site_option( 'active_sitewide_plugins', array() );
		return isset( $everywhere[ self::$plugin ] );
	}

	/**
	 * Does something on a site; nothing where it has been deleted.
	 *
	 * @param int      $site The site.
	 * @param callable $what What to do there.
	 * @return mixed What that gave.
	 */
	public static function on( $site, $what ) {
		if ( get_current_blog_id() === (int) $site ) {
			return $what();
		}
		if ( ! get_site( $site ) ) {
			return null;
		}
		$rewrite = $GLOBALS['wp_rewrite'];
		switch_to_blog( $site );
		// Switching leaves the form of permalinks as it was on the other site.
		$GLOBALS['wp_rewrite'] = clone $rewrite; // phpcs:ignore WordPress.WP.GlobalVariablesOverride
		$GLOBALS['wp_rewrite']->init();
		$given = $what();
		restore_current_blog();
		$GLOBALS['wp_rewrite'] = $rewrite; // phpcs:ignore WordPress.WP.GlobalVariablesOverride
		return $given;
	}
}
