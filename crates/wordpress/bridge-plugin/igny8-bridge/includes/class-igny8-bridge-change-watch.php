<?php
/**
 * Noticing changes.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * One save fires dozens of hooks, some before the terms and meta are written, so the hooks only note which posts are
 * about to change and how they are. When PHP shuts down the post is looked at again, and the difference is told once.
 */
final class Igny8_Bridge_Change_Watch {

	/**
	 * The posts that were touched in this request, as they were before; null for one that was not there.
	 *
	 * @var array<int,Igny8_Bridge_Snapshot|null>
	 */
	private static $before = array();

	/**
	 * Hooks in where nothing is written yet.
	 */
	public static function boot() {
		foreach ( array( 'pre_post_update', 'wp_trash_post', 'untrash_post', 'before_delete_post', 'add_term_relationship', 'delete_term_relationships' ) as $hook ) {
			add_action( $hook, array( __CLASS__, 'note' ), PHP_INT_MIN );
		}
		add_action( 'add_post_meta', array( __CLASS__, 'note_new_meta' ), PHP_INT_MIN, 2 );
		add_action( 'update_post_meta', array( __CLASS__, 'note_meta' ), PHP_INT_MIN, 3 );
		add_action( 'delete_post_meta', array( __CLASS__, 'note_meta' ), PHP_INT_MIN, 3 );
		add_action( 'transition_post_status', array( __CLASS__, 'note_transition' ), PHP_INT_MIN, 3 );
		add_action( 'shutdown', array( __CLASS__, 'record' ), PHP_INT_MAX - 1 );
	}

	/**
	 * Notes a post that is about to change.
	 *
	 * @param int $post_id The post.
	 */
	public static function note( $post_id ) {
		$post_id = (int) $post_id;
		if ( ! array_key_exists( $post_id, self::$before ) && self::is_wanted() ) {
			$snapshot = Igny8_Bridge_Snapshot::of( $post_id );
			if ( null !== $snapshot || Igny8_Bridge_Post_Types::includes( (string) get_post_type( $post_id ) ) ) {
				self::$before[ $post_id ] = $snapshot;
			}
		}
	}

	/**
	 * Notes a post that is about to get meta that counts.
	 *
	 * @param int    $post_id The post.
	 * @param string $key     The meta key.
	 */
	public static function note_new_meta( $post_id, $key ) {
		self::note_meta( 0, $post_id, $key );
	}

	/**
	 * Notes a post whose meta that counts is about to change.
	 *
	 * @param mixed  $meta_id The row or rows.
	 * @param int    $post_id The post.
	 * @param string $key     The meta key.
	 */
	public static function note_meta( $meta_id, $post_id, $key ) {
		if ( Igny8_Bridge_Marker::META !== $key && in_array( $key, Igny8_Bridge_Snapshot::meta_keys(), true ) ) {
			self::note( $post_id );
		}
	}

	/**
	 * Notes a post that has got another status. It is the first hook of a new post's and, when WP-Cron publishes a
	 * scheduled one, of any: there the status before is all that is left of it.
	 *
	 * @param string  $new_status The status now.
	 * @param string  $old_status The status before.
	 * @param WP_Post $post       The post.
	 */
	public static function note_transition( $new_status, $old_status, $post ) {
		if ( ! Igny8_Bridge_Post_Types::includes( $post->post_type ) || ! self::is_wanted() ) {
			return;
		}
		if ( 'new' === $old_status || 'auto-draft' === $old_status ) {
			self::$before[ $post->ID ] = null;
			return;
		}
		if ( ! array_key_exists( $post->ID, self::$before ) && $new_status !== $old_status ) {
			$snapshot = Igny8_Bridge_Snapshot::of( $post->ID );
			if ( null !== $snapshot ) {
				$snapshot->status         = $old_status;
				self::$before[ $post->ID ] = $snapshot;
			}
		}
	}

	/**
	 * Puts what has changed into the outbox.
	 */
	public static function record() {
		$before       = self::$before;
		self::$before = array();
		if ( ! self::is_wanted() ) {
			return;
		}
		foreach ( $before as $post_id => $was ) {
			foreach ( self::events( $was, Igny8_Bridge_Snapshot::of( $post_id ) ) as $kind => $body ) {
				Igny8_Bridge_Outbox::add( $kind, $post_id, $body );
			}
		}
	}

	/**
	 * What is to be told of a post: mostly one delivery. A new status and new details need both, for neither
	 * carries the other; where the body is new too IGNY8 reads the whole post anyway.
	 *
	 * @param Igny8_Bridge_Snapshot|null $was The post before.
	 * @param Igny8_Bridge_Snapshot|null $now The post now.
	 * @return array<string,array> Bodies by kind.
	 */
	private static function events( $was, $now ) {
		if ( null === $now ) {
			return null === $was ? array() : array( 'status' => Igny8_Bridge_Payload::deleted( $was ) );
		}
		if ( null === $was ) {
			return array( 'status' => Igny8_Bridge_Payload::status( $now ) );
		}
		$events = array();
		if ( $now->moved_since( $was ) ) {
			$events['status'] = Igny8_Bridge_Payload::status( $now );
			if ( $now->details_alone_changed_since( $was ) ) {
				$events['metadata'] = Igny8_Bridge_Payload::metadata( $now );
			}
		} elseif ( $now->edited_since( $was ) ) {
			$events['metadata'] = Igny8_Bridge_Payload::metadata( $now );
		}
		return $events;
	}

	/**
	 * Whether changes in this request are to be told: not what IGNY8 itself does with its key, which it knows.
	 *
	 * @return bool
	 */
	private static function is_wanted() {
		return Igny8_Bridge_Options::tells_changes() && ! Igny8_Bridge_Authentication::is_keyed();
	}
}
