<?php
/**
 * Keeping answers out of caches.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Answers to a key, and those of our own routes, are for one reader at one moment: no page cache, proxy or browser
 * may keep them. Cache plugins have served drafts to visitors otherwise.
 */
final class Igny8_Bridge_No_Cache {

	/**
	 * Whether this request is for one of our routes.
	 *
	 * @var bool
	 */
	private static $own_route = false;

	/**
	 * Hooks in.
	 */
	public static function boot() {
		if ( Igny8_Bridge_Key::is_claimed() || Igny8_Bridge_Key::is_valid() ) {
			self::forbid();
		}
		add_filter( 'rest_pre_dispatch', array( __CLASS__, 'note_route' ), PHP_INT_MIN, 3 );
		add_filter( 'rest_send_nocache_headers', array( __CLASS__, 'wants_headers' ), PHP_INT_MAX );
		add_filter( 'nocache_headers', array( __CLASS__, 'headers' ), PHP_INT_MAX );
	}

	/**
	 * Notes that one of our routes is asked for.
	 *
	 * @param mixed           $result  An answer that another filter has given.
	 * @param WP_REST_Server  $server  The server.
	 * @param WP_REST_Request $request The request.
	 * @return mixed
	 */
	public static function note_route( $result, $server, $request ) {
		if ( 0 === strpos( $request->get_route(), '/igny8/v1' ) ) {
			self::$own_route = true;
			self::forbid();
		}
		return $result;
	}

	/**
	 * Whether the answer gets headers against caching.
	 *
	 * @param bool $send What WordPress would do.
	 * @return bool
	 */
	public static function wants_headers( $send ) {
		return $send || self::applies();
	}

	/**
	 * Those headers.
	 *
	 * @param array $headers WordPress's own.
	 * @return array
	 */
	public static function headers( $headers ) {
		if ( self::applies() ) {
			$headers['Cache-Control'] = 'no-store, private';
		}
		return $headers;
	}

	/**
	 * Whether this answer may not be kept.
	 *
	 * @return bool
	 */
	private static function applies() {
		return self::$own_route || Igny8_Bridge_Key::is_claimed() || Igny8_Bridge_Key::is_valid();
	}

	/**
	 * The sign that page caches look for.
	 */
	private static function forbid() {
		if ( ! defined( 'DONOTCACHEPAGE' ) ) {
			define( 'DONOTCACHEPAGE', true ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- their name for it.
		}
	}
}
