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
	 * Moved when a table changes.
	 */
	const SCHEMA_VERSION = '2';

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
	 * Makes the plugin's tables where they are not there yet.
	 */
	public static function install() {
		if ( ! self::is_installed() ) {
			self::make_tables();
		}
	}

	/**
	 * Whether they were made.
	 *
	 * @return bool
	 */
	private static function is_installed() {
		return self::SCHEMA_VERSION === get_option( self::SCHEMA );
	}

	/**
	 * Makes them, or changes them to what they are now.
	 */
	private static function make_tables() {
		global $wpdb;
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
		dbDelta(
			'CREATE TABLE ' . Igny8_Bridge_Touched::table() . ' (
			id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
			post_id bigint(20) unsigned NOT NULL,
			since bigint(20) unsigned NOT NULL,
			PRIMARY KEY  (id)
			) ' . $wpdb->get_charset_collate() . ';'
		);
		// phpcs:ignore WordPress.DB -- our own table.
		if ( $table === $wpdb->get_var( $wpdb->prepare( 'SHOW TABLES LIKE %s', $wpdb->esc_like( $table ) ) ) ) {
			update_option( self::SCHEMA, self::SCHEMA_VERSION );
		}
	}

	/**
	 * A name for a delivery that no other has.
	 *
	 * @return string
	 */
	public static function new_webhook_id() {
		return 'msg_' . str_replace( '-', '', wp_generate_uuid4() );
	}

	/**
	 * Adds a delivery, in one statement: whatever ends this process, it is there whole or not at all.
	 *
	 * @param string $kind    `status` or `metadata`.
	 * @param int    $post_id The post.
	 * @param array  $body    What it says, but for its sequence number, which is the row's id.
	 * @return bool False if it could not be stored.
	 */
	public static function add( $kind, $post_id, $body ) {
		global $wpdb;
		// First, so that a process that ends right after the row leaves word of it.
		Igny8_Bridge_Sender::expect( time() );
		$row = array(
			'kind'       => $kind,
			'post_id'    => $post_id,
			'webhook_id' => self::new_webhook_id(),
			// In ASCII: the tables of an old site cannot hold every sign.
			'body'       => wp_json_encode( $body, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE ),
			'created'    => time(),
		);
		if ( self::is_installed() && $wpdb->insert( self::table(), $row ) ) { // phpcs:ignore WordPress.DB.DirectDatabaseQuery
			return true;
		}
		// A site that was put back from a copy may have the options without the table.
		self::make_tables();
		return (bool) $wpdb->insert( self::table(), $row ); // phpcs:ignore WordPress.DB.DirectDatabaseQuery
	}

	/**
	 * A delivery's body with its sequence number and what is known only when it is sent: which integration there is by
	 * then, and where this site is, for what waits is copied along with the site.
	 *
	 * @param object $row The delivery.
	 * @return string
	 */
	public static function body_of( $row ) {
		$integration = (int) get_option( Igny8_Bridge_Options::INTEGRATION_ID, 0 );
		$added       = array(
			'site_url' => Igny8_Bridge_Options::address(),
			'sequence' => (int) $row->id,
		) + ( $integration > 0 ? array( 'integration_id' => $integration ) : array() );
		return substr( $row->body, 0, -1 ) . ',' . substr( wp_json_encode( $added, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE ), 1 );
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
		if ( self::is_installed() ) {
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
		if ( ! self::is_installed() ) {
			return;
		}
		$table = self::table();
		// phpcs:disable WordPress.DB -- our own table.
		$newest = (int) $wpdb->get_var( "SELECT MAX(id) FROM $table" );
		$wpdb->query( $wpdb->prepare( "DELETE FROM $table WHERE state = 'sent' AND created < %d AND id <> %d", time() - DAY_IN_SECONDS, $newest ) );
		// phpcs:enable
	}
}
