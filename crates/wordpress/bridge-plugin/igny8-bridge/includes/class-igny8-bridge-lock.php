<?php
/**
 * Locks between requests.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Named locks of the database. They end with the connection, so a request that dies leaves none behind. A database
 * without such locks has to do without.
 */
final class Igny8_Bridge_Lock {

	/**
	 * Takes a lock.
	 *
	 * @param string $name     Its name on this site.
	 * @param int    $patience Seconds to wait for it.
	 * @return bool False if somebody else held it all that time.
	 */
	public static function take( $name, $patience ) {
		global $wpdb;
		if ( empty( $wpdb->is_mysql ) ) {
			return true;
		}
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery
		return '0' !== $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, %d)', self::full_name( $name ), $patience ) );
	}

	/**
	 * Gives it back.
	 *
	 * @param string $name Its name on this site.
	 */
	public static function release( $name ) {
		global $wpdb;
		if ( ! empty( $wpdb->is_mysql ) ) {
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery
			$wpdb->query( $wpdb->prepare( 'DO RELEASE_LOCK(%s)', self::full_name( $name ) ) );
		}
	}

	/**
	 * The name among all databases of the server, which share their locks.
	 *
	 * @param string $name Its name on this site.
	 * @return string
	 */
	private static function full_name( $name ) {
		global $wpdb;
		return 'igny8:' . substr( md5( DB_NAME . $wpdb->prefix ), 0, 16 ) . ':' . $name;
	}
}
