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
 * A request may change posts of several sites of a network; each of them tells its own.
 */
final class Igny8_Bridge_Change_Watch {

	/**
	 * Seconds to wait for another request that is putting the same post into the outbox.
	 */
	const PATIENCE = 5;

	/**
	 * By site, the posts that were touched in this request, as they were before; null for one that was not there, false
	 * for one that could not be read.
	 *
	 * @var array<int,array<int,Igny8_Bridge_Snapshot|null|false>>
	 */
	private static $before = array();

	/**
	 * By site and post, the notes on disk that say so.
	 *
	 * @var array<int,array<int,int>>
	 */
	private static $notes = array();

	/**
	 * By site, the posts that IGNY8 has written in this request and was answered.
	 *
	 * @var array<int,array<int,true>>
	 */
	private static $answered = array();

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
		add_action( 'delete_attachment', array( __CLASS__, 'note_image' ), PHP_INT_MIN );
		add_action( 'transition_post_status', array( __CLASS__, 'note_transition' ), PHP_INT_MIN, 3 );
		add_filter( 'rest_request_after_callbacks', array( __CLASS__, 'note_answer' ), PHP_INT_MAX, 3 );
		add_action( 'shutdown', array( __CLASS__, 'record' ), PHP_INT_MAX - 1 );
	}

	/**
	 * Notes a post that is about to change.
	 *
	 * @param int $post_id The post.
	 */
	public static function note( $post_id ) {
		$post_id = (int) $post_id;
		if ( ! self::is_noted( $post_id ) && Igny8_Bridge_Options::tells_changes() ) {
			$snapshot = Igny8_Bridge_Snapshot::of( $post_id );
			if ( $snapshot || Igny8_Bridge_Post_Types::includes( (string) get_post_type( $post_id ) ) ) {
				self::remember( $post_id, $snapshot );
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
	 * Notes the posts that are about to lose their image: core takes it from all of them at once, and names none.
	 *
	 * @param int $attachment_id The image.
	 */
	public static function note_image( $attachment_id ) {
		global $wpdb;
		// phpcs:ignore WordPress.DB -- the moment counts, not what a cache remembers.
		foreach ( $wpdb->get_col( $wpdb->prepare( "SELECT post_id FROM $wpdb->postmeta WHERE meta_key = '_thumbnail_id' AND meta_value = %s", (string) $attachment_id ) ) as $post_id ) {
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
		if ( ! Igny8_Bridge_Post_Types::includes( $post->post_type ) || ! Igny8_Bridge_Options::tells_changes() ) {
			return;
		}
		if ( 'new' === $old_status || 'auto-draft' === $old_status ) {
			if ( 'auto-draft' !== $new_status ) {
				self::remember( $post->ID, null );
			}
			return;
		}
		if ( ! self::is_noted( $post->ID ) && $new_status !== $old_status ) {
			$snapshot = Igny8_Bridge_Snapshot::of( $post->ID );
			if ( null !== $snapshot ) {
				if ( $snapshot ) {
					$snapshot->status = $old_status;
				}
				self::remember( $post->ID, $snapshot );
			}
		}
	}

	/**
	 * Notes a post that IGNY8 wrote by its key: the answer tells it the outcome. What other plugins change along with
	 * it, and a write that ends in an error, are told as always.
	 *
	 * @param mixed           $response The answer.
	 * @param array           $handler  The route's handler.
	 * @param WP_REST_Request $request  The request.
	 * @return mixed
	 */
	public static function note_answer( $response, $handler, $request ) {
		$writes = ! in_array( $request->get_method(), array( 'GET', 'HEAD', 'OPTIONS' ), true );
		if ( $writes && Igny8_Bridge_Authentication::is_keyed() && $response instanceof WP_REST_Response && $response->get_status() < 300
			&& isset( $handler['callback'] ) && is_array( $handler['callback'] ) && $handler['callback'][0] instanceof WP_REST_Posts_Controller ) {
			$data = $response->get_data();
			$id   = isset( $request['id'] ) ? $request['id'] : ( isset( $data['id'] ) ? $data['id'] : 0 );

			self::$answered[ get_current_blog_id() ][ (int) $id ] = true;
		}
		return $response;
	}

	/**
	 * Puts what has changed into the outbox of the site that it is of.
	 */
	public static function record() {
		$before       = self::$before;
		self::$before = array();
		foreach ( $before as $site => $posts ) {
			Igny8_Bridge_Network::on(
				$site,
				static function () use ( $site, $posts ) {
					foreach ( $posts as $post_id => $was ) {
						self::record_post( $site, $post_id, $was );
					}
				}
			);
		}
	}

	/**
	 * Puts what has changed of a post of the site at hand into its outbox.
	 *
	 * @param int                              $site    The site.
	 * @param int                              $post_id The post.
	 * @param Igny8_Bridge_Snapshot|null|false $was     The post before.
	 */
	private static function record_post( $site, $post_id, $was ) {
		if ( ! isset( self::$answered[ $site ][ $post_id ] ) && Igny8_Bridge_Options::tells_changes() && ! self::tell( $post_id, $was ) ) {
			return; // the note stays, and so it is told later
		}
		if ( ! empty( self::$notes[ $site ][ $post_id ] ) ) {
			Igny8_Bridge_Touched::forget( self::$notes[ $site ][ $post_id ] );
		}
		unset( self::$notes[ $site ][ $post_id ] );
	}

	/**
	 * Whether it is known how a post of the site at hand was.
	 *
	 * @param int $post_id The post.
	 * @return bool
	 */
	private static function is_noted( $post_id ) {
		$site = get_current_blog_id();
		return isset( self::$before[ $site ] ) && array_key_exists( $post_id, self::$before[ $site ] );
	}

	/**
	 * Remembers how a post of the site at hand was, and notes on disk that it is being changed.
	 *
	 * @param int                              $post_id  The post.
	 * @param Igny8_Bridge_Snapshot|null|false $snapshot How it was.
	 */
	private static function remember( $post_id, $snapshot ) {
		$site = get_current_blog_id();

		self::$before[ $site ][ $post_id ] = $snapshot;
		if ( ! isset( self::$notes[ $site ][ $post_id ] ) ) {
			self::$notes[ $site ][ $post_id ] = Igny8_Bridge_Touched::note( $post_id );
		}
	}

	/**
	 * Puts what has changed of a post into the outbox. One request at a time for each post, so that the later
	 * delivery is the one that has seen the later post.
	 *
	 * @param int                              $post_id The post.
	 * @param Igny8_Bridge_Snapshot|null|false $was     The post before.
	 * @return bool False if it could not be read or stored.
	 */
	private static function tell( $post_id, $was ) {
		Igny8_Bridge_Lock::take( "tell:$post_id", self::PATIENCE );
		$now    = Igny8_Bridge_Snapshot::of( $post_id );
		$stored = false !== $now;
		foreach ( $stored ? self::events( $post_id, $was, $now ) : array() as $kind => $body ) {
			$stored = Igny8_Bridge_Outbox::add( $kind, $post_id, $body );
		}
		Igny8_Bridge_Lock::release( "tell:$post_id" );
		return $stored;
	}

	/**
	 * What is to be told of a post: one delivery at most.
	 *
	 * @param int                              $post_id The post.
	 * @param Igny8_Bridge_Snapshot|null|false $was     The post before.
	 * @param Igny8_Bridge_Snapshot|null       $now     The post now.
	 * @return array<string,array> Its body by its kind.
	 */
	private static function events( $post_id, $was, $now ) {
		if ( null === $now && ! $was ) {
			return false === $was && Igny8_Bridge_Snapshot::is_gone( $post_id ) ? array( 'status' => Igny8_Bridge_Payload::vanished( $post_id ) ) : array();
		}
		if ( null === $now ) {
			return array( 'status' => Igny8_Bridge_Payload::deleted( $was ) );
		}
		if ( ! $was || $now->moved_since( $was ) ) {
			return array( 'status' => Igny8_Bridge_Payload::status( $now ) );
		}
		return $now->edited_since( $was ) ? array( 'metadata' => Igny8_Bridge_Payload::metadata( $now ) ) : array();
	}
}
