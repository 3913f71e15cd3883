<?php
/**
 * Asking the database.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Tells nothing from a failure. WordPress's own functions give the same for both, and a connection that is lost leaves
 * no error.
 */
final class Igny8_Bridge_Query {

	/**
	 * What a query found.
	 *
	 * @param string $query The query, prepared.
	 * @return object[]|false False where it failed.
	 */
	public static function rows( $query ) {
		global $wpdb;
		return false === $wpdb->query( $query ) ? false : $wpdb->last_result; // phpcs:ignore WordPress.DB -- prepared by each caller.
	}
}
