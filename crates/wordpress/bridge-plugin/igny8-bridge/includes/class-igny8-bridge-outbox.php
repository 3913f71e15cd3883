<?php
/**
 * Deliveries that wait.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * The table of deliveries. A row's id is its sequence number, which must never go down: ids begin at the time of the
 * table's making, and the newest row stays when delivered ones are cleared (some databases count on from the rows).
 */
final class Igny8_Bridge_Outbox {

	const SCHEMA = 'igny8_bridge_schema';

	/**
	 * Moved when the table changes.
	 */
	const SCHEMA_VERSION = '1';

	/**
	 * So many may wait before older deliveries of a post give way to newer ones, which say all that they said.
	 */
	const PLENTY = 5000;

	/**
	 * The table's name.
	 *
	 * @return string
	 */
	public static function table() {
		global $wpdb;
		return $wpdb->prefix . 'igny8_outbox';
	}

	/**
	 * Makes the table where it is not there yet.
	 */
	public static function install() {
		global $wpdb;
		if ( self::SCHEMA_VERSION === get_option( self::SCHEMA ) ) {
			return;
		}
		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		$table = self::table();
		$start = time();
		dbDelta(
			"CREATE TABLE $table (
			id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
			kind varchar(20) NOT NULL,
			post_id bigint(20) unsigned NOT NULL,
			webhook_id varchar(64) NOT NULL,
			body longtext NOT NULL,
			state varchar(10) NOT NULL DEFAULT 'waiting',
			attempts int(10) unsigned NOT NULL DEFAULT 0,
			next_attempt bigint(20) unsigned NOT NULL DEFAULT 0,
			answer smallint(5) unsigned NOT NULL DEFAULT 0,
			reason varchar(500) NOT NULL DEFAULT '',
			created bigint(20) unsigned NOT NULL,
			PRIMARY KEY  (id),
			KEY state_next (state,next_attempt),
			KEY post_state (post_id,state)
			) AUTO_INCREMENT=$start " . $wpdb->get_charset_collate() . ';'
		);
		update_option( self::SCHEMA, self::SCHEMA_VERSION );
	}

	/**
	 * Adds a delivery, stamped with its sequence number.
	 *
	 * @param string $kind    `status` or `metadata`.
	 * @param int    $post_id The post.
	 * @param array  $body    What it says.
	 */
	public static function add( $kind, $post_id, $body ) {
		global $wpdb;
		self::install();
		$wpdb->insert( // phpcs:ignore WordPress.DB.DirectDatabaseQuery
			self::table(),
			array(
				'kind'         => $kind,
				'post_id'      => $post_id,
				'webhook_id'   => 'msg_' . str_replace( '-', '', wp_generate_uuid4() ),
				'body'         => '',
				'state'        => 'new',
				'next_attempt' => 0,
				'created'      => time(),
			)
		);
		$id   = (int) $wpdb->insert_id;
		// In ASCII: the tables of an old site cannot hold every sign.
		$text = wp_json_encode( $body + array( 'sequence' => $id ), JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE );
		self::update(
			$id,
			array(
				'body'  => $text,
				'state' => 'waiting',
			)
		);
		self::make_room( $id, $kind, $post_id );
		Igny8_Bridge_Sender::expect( time() );
	}

	/**
	 * The next deliveries to try: due ones, of each post in order.
	 *
	 * @param int   $limit   How many at most.
	 * @param int[] $without Posts to leave out.
	 * @return object[]
	 */
	public static function due( $limit, $without ) {
		global $wpdb;
		$table = self::table();
		$not   = implode( ',', array_map( 'intval', array_merge( array( 0 ), $without ) ) );
		// phpcs:disable WordPress.DB -- our own table and whole numbers.
		return $wpdb->get_results(
			$wpdb->prepare(
				"SELECT o.* FROM $table o WHERE o.state = 'waiting' AND o.next_attempt <= %d AND o.post_id NOT IN ($not)
				AND NOT EXISTS (SELECT 1 FROM $table e WHERE e.post_id = o.post_id AND e.state = 'waiting' AND e.id < o.id AND e.next_attempt > %d)
				ORDER BY o.id LIMIT %d",
				time(),
				time(),
				$limit
			)
		);
		// phpcs:enable
	}

	/**
	 * When the next one is due, or 0 where none waits.
	 *
	 * @return int
	 */
	public static function next_due() {
		global $wpdb;
		$table = self::table();
		// phpcs:ignore WordPress.DB -- our own table.
		$next = $wpdb->get_var( "SELECT MIN(next_attempt) FROM $table WHERE state = 'waiting'" );
		return null === $next ? 0 : max( 1, (int) $next );
	}

	/**
	 * Lets everything that waits be tried at once: what kept it back is over.
	 */
	public static function wake() {
		global $wpdb;
		$table = self::table();
		// phpcs:ignore WordPress.DB -- our own table.
		$wpdb->query( $wpdb->prepare( "UPDATE $table SET next_attempt = %d WHERE state = 'waiting' AND next_attempt > %d", time(), time() ) );
	}

	/**
	 * Changes a delivery.
	 *
	 * @param int   $id     Its id.
	 * @param array $values Columns.
	 * @return bool False if it could not be stored.
	 */
	public static function update( $id, $values ) {
		global $wpdb;
		if ( isset( $values['reason'] ) ) {
			$values['reason'] = (string) $wpdb->strip_invalid_text_for_column( self::table(), 'reason', $values['reason'] );
		}
		return false !== $wpdb->update( self::table(), $values, array( 'id' => $id ) ); // phpcs:ignore WordPress.DB.DirectDatabaseQuery
	}

	/**
	 * How many deliveries are in each state.
	 *
	 * @return array<string,int>
	 */
	public static function counts() {
		global $wpdb;
		$counts = array(
			'waiting' => 0,
			'dead'    => 0,
		);
		if ( self::SCHEMA_VERSION === get_option( self::SCHEMA ) ) {
			$table = self::table();
			// phpcs:ignore WordPress.DB -- our own table.
			foreach ( $wpdb->get_results( "SELECT state, COUNT(*) AS n FROM $table WHERE state IN ('waiting','dead') GROUP BY state" ) as $row ) {
				$counts[ $row->state ] = (int) $row->n;
			}
		}
		return $counts;
	}

	/**
	 * The dead letters, newest first.
	 *
	 * @param int $limit How many at most.
	 * @return object[]
	 */
	public static function dead( $limit ) {
		global $wpdb;
		$table = self::table();
		// phpcs:ignore WordPress.DB -- our own table.
		return $wpdb->get_results( $wpdb->prepare( "SELECT * FROM $table WHERE state = 'dead' ORDER BY id DESC LIMIT %d", $limit ) );
	}

	/**
	 * Puts the dead letters back in line.
	 */
	public static function revive() {
		global $wpdb;
		$table = self::table();
		// phpcs:ignore WordPress.DB -- our own table.
		$wpdb->query( "UPDATE $table SET state = 'waiting', attempts = 0, next_attempt = 0 WHERE state = 'dead'" );
		Igny8_Bridge_Sender::expect( time() );
	}

	/**
	 * Clears what was delivered more than a day ago, but for the newest row of all.
	 */
	public static function prune() {
		global $wpdb;
		if ( self::SCHEMA_VERSION !== get_option( self::SCHEMA ) ) {
			return;
		}
		$table = self::table();
		// phpcs:disable WordPress.DB -- our own table.
		$newest = (int) $wpdb->get_var( "SELECT MAX(id) FROM $table" );
		$wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE state = 'sent' AND created < %d AND id <> %d", time() - DAY_IN_SECONDS, $newest ) );
		// phpcs:enable
	}

	/**
	 * Where very many wait, drops older ones of the same post and kind.
	 *
	 * @param int    $id      The delivery that stays.
	 * @param string $kind    Its kind.
	 * @param int    $post_id Its post.
	 */
	private static function make_room( $id, $kind, $post_id ) {
		global $wpdb;
		if ( self::counts()['waiting'] <= self::PLENTY ) {
			return;
		}
		$table = self::table();
		// phpcs:ignore WordPress.DB -- our own table.
		$wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE state = 'waiting' AND kind = %s AND post_id = %d AND id < %d", $kind, $post_id, $id ) );
	}
}
