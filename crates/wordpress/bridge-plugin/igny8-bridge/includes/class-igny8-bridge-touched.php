<?php
/**
 * Posts that a request is about to change.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * A note in a table of its own, made before a post is changed and removed when that was put into the outbox. What a
 * request leaves behind that was killed in between is told later.
 */
final class Igny8_Bridge_Touched {

	/**
	 * After so many seconds the request that made a note is taken for dead. One that is not tells the post once more.
	 */
	const PATIENCE = 900;

	/**
	 * The table's name.
	 *
	 * @return string
	 */
	public static function table() {
		global $wpdb;
		return $wpdb->prefix . 'igny8_touched';
	}

	/**
	 * Notes a post.
	 *
	 * @param int $post_id The post.
	 * @return int The note's id, 0 where none could be made.
	 */
	public static function note( $post_id ) {
		global $wpdb;
		Igny8_Bridge_Outbox::install();
		$note = array(
			'post_id' => $post_id,
			'since'   => time(),
		);
		return $wpdb->insert( self::table(), $note ) ? (int) $wpdb->insert_id : 0; // phpcs:ignore WordPress.DB.DirectDatabaseQuery
	}

	/**
	 * Removes a note.
	 *
	 * @param int $id Its id.
	 */
	public static function forget( $id ) {
		global $wpdb;
		$wpdb->delete( self::table(), array( 'id' => $id ) ); // phpcs:ignore WordPress.DB.DirectDatabaseQuery
	}

	/**
	 * Tells how the posts are whose requests have died. Nobody knows how they were before, so all of it is told.
	 */
	public static function tell_left_behind() {
		global $wpdb;
		$table = self::table();
		// phpcs:ignore WordPress.DB -- our own table.
		foreach ( $wpdb->get_results( $wpdb->prepare( "SELECT id, post_id FROM $table WHERE since < %d ORDER BY id LIMIT 200", time() - self::PATIENCE ) ) as $note ) {
			$body = self::state_of( (int) $note->post_id );
			if ( false === $body ) {
				continue; // nobody knows yet
			}
			if ( null === $body || Igny8_Bridge_Outbox::add( 'status', (int) $note->post_id, $body ) ) {
				self::forget( (int) $note->id );
			}
		}
	}

	/**
	 * What is to be told of a post, null where it is not of a kind that is told of, false where it could not be read.
	 *
	 * @param int $post_id The post.
	 * @return array|null|false
	 */
	private static function state_of( $post_id ) {
		$now = Igny8_Bridge_Snapshot::of( $post_id );
		if ( null === $now ) {
			return Igny8_Bridge_Snapshot::is_gone( $post_id ) ? Igny8_Bridge_Payload::vanished( $post_id ) : null;
		}
		return false === $now ? false : Igny8_Bridge_Payload::status( $now );
	}
}
