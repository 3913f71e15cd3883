<?php
/**
 * No silent overwrite.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * A REST write with the header X-IGNY8-If-Version changes a post only if it is still at that version and nobody has
 * it open in the editor. Core has neither check.
 */
final class Igny8_Bridge_Write_Guard {

	const HEADER = 'X-IGNY8-If-Version';

	/**
	 * How long a write waits for another one of the same post, in seconds.
	 */
	const PATIENCE = 10;

	/**
	 * Hooks in: after the route and its parameters are known, before anything is changed.
	 */
	public static function boot() {
		add_filter( 'rest_request_before_callbacks', array( __CLASS__, 'check' ), 10, 3 );
		add_filter( 'rest_request_after_callbacks', array( __CLASS__, 'release' ), 10, 3 );
		add_action( 'pre_post_update', array( __CLASS__, 'wait_for_guarded_write' ), PHP_INT_MIN );
		add_action( 'post_updated', array( __CLASS__, 'end_wait' ), PHP_INT_MAX );
	}

	/**
	 * Every other update of a post waits for a guarded write that has checked already, and keeps one from checking
	 * until it is written: a person's change then comes before the check, or after the write.
	 *
	 * @param int $post_id The post.
	 */
	public static function wait_for_guarded_write( $post_id ) {
		if ( Igny8_Bridge_Options::is_connected() ) {
			Igny8_Bridge_Lock::take( "post:$post_id", self::PATIENCE );
		}
	}

	/**
	 * Lets go of the post.
	 *
	 * @param int $post_id The post.
	 */
	public static function end_wait( $post_id ) {
		if ( Igny8_Bridge_Options::is_connected() ) {
			Igny8_Bridge_Lock::release( "post:$post_id" );
		}
	}

	/**
	 * Refuses the write where the post has moved on or is being edited.
	 *
	 * @param mixed           $response An answer that was given before.
	 * @param array           $handler  The route's handler.
	 * @param WP_REST_Request $request  The request.
	 * @return mixed
	 */
	public static function check( $response, $handler, $request ) {
		if ( is_wp_error( $response ) || ! self::applies( $handler, $request ) ) {
			return $response;
		}
		$post_id = (int) $request['id'];
		if ( ! current_user_can( 'edit_post', $post_id ) ) {
			return $response; // core refuses it next, with its own words
		}
		// Nobody may write between the check and the write, which follows at once.
		if ( ! Igny8_Bridge_Lock::take( "post:$post_id", self::PATIENCE ) ) {
			return self::locked( null );
		}
		// Core writes every column of the post it has in its cache: after the wait that must be today's.
		wp_cache_delete( $post_id, 'posts' );
		wp_cache_delete( $post_id, 'post_meta' );
		$editor = self::editor_of( $post_id );
		if ( null !== $editor ) {
			Igny8_Bridge_Lock::release( "post:$post_id" );
			return self::locked( $editor );
		}
		$version = Igny8_Bridge_Version::of_post( $post_id );
		if ( ! hash_equals( $version, (string) $request->get_header( self::HEADER ) ) ) {
			Igny8_Bridge_Lock::release( "post:$post_id" );
			return new WP_Error(
				'igny8_version_mismatch',
				__( 'The post was changed on the site.', 'igny8-bridge' ),
				array(
					'status'          => 412,
					'current_version' => $version,
				)
			);
		}
		return $response;
	}

	/**
	 * Lets the next write go on.
	 *
	 * @param mixed           $response The answer.
	 * @param array           $handler  The route's handler.
	 * @param WP_REST_Request $request  The request.
	 * @return mixed
	 */
	public static function release( $response, $handler, $request ) {
		if ( self::applies( $handler, $request ) ) {
			Igny8_Bridge_Lock::release( 'post:' . (int) $request['id'] );
		}
		return $response;
	}

	/**
	 * Whether a request is a guarded write of an existing post.
	 *
	 * @param array           $handler The route's handler.
	 * @param WP_REST_Request $request The request.
	 * @return bool
	 */
	private static function applies( $handler, $request ) {
		return in_array( $request->get_method(), array( 'POST', 'PUT', 'PATCH', 'DELETE' ), true )
			&& null !== $request->get_header( self::HEADER )
			&& isset( $request['id'], $handler['callback'] )
			&& is_array( $handler['callback'] )
			&& $handler['callback'][0] instanceof WP_REST_Posts_Controller
			&& is_user_logged_in();
	}

	/**
	 * Who has the post open in the editor: somebody else, or for a request by key anybody, since the key opens no
	 * editor and on a small site acts as the one person who writes there.
	 *
	 * @param int $post_id The post.
	 * @return string|null The name to show.
	 */
	private static function editor_of( $post_id ) {
		$lock = explode( ':', (string) get_post_meta( $post_id, '_edit_lock', true ) );
		if ( count( $lock ) < 2 ) {
			return null;
		}
		/** This filter is documented in wp-admin/includes/post.php */
		$window = apply_filters( 'wp_check_post_lock_window', 150 ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals
		$user   = get_userdata( (int) $lock[1] );
		if ( ! $user || (int) $lock[0] <= time() - $window ) {
			return null;
		}
		return get_current_user_id() !== $user->ID || Igny8_Bridge_Authentication::is_keyed() ? $user->display_name : null;
	}

	/**
	 * The answer while somebody edits.
	 *
	 * @param string|null $user Who, where it is known.
	 * @return WP_Error
	 */
	private static function locked( $user ) {
		return new WP_Error(
			'igny8_post_locked',
			/* translators: %s: a user's name */
			null === $user ? __( 'The post is being written by another request.', 'igny8-bridge' ) : sprintf( __( '%s is editing the post.', 'igny8-bridge' ), $user ),
			array(
				'status' => 423,
				'user'   => $user,
			)
		);
	}
}
