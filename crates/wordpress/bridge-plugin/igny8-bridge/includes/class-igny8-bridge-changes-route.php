<?php
/**
 * GET igny8/v1/changes
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Tells the holder of the key in one answer which posts changed after a time, each with its version. A list of core
 * shows a hundred at most, and who asks again soon after many changes knows nearly all of them.
 */
final class Igny8_Bridge_Changes_Route {

	/**
	 * More than so many posts are not told: they are listed then.
	 */
	const MOST = 5000;

	/**
	 * Versions are made of whole posts, so not of all at once.
	 */
	const AT_ONCE = 200;

	/**
	 * Hooks in.
	 */
	public static function boot() {
		add_action( 'rest_api_init', array( __CLASS__, 'register' ) );
	}

	/**
	 * Registers the route.
	 */
	public static function register() {
		register_rest_route(
			'igny8/v1',
			'/changes',
			array(
				'methods'             => 'GET',
				'callback'            => array( __CLASS__, 'answer' ),
				'permission_callback' => array( __CLASS__, 'may_ask' ),
				'args'                => array(
					'types' => array(
						'description' => __( 'Names of types with commas between.', 'igny8-bridge' ),
						'type'        => 'string',
						'required'    => true,
					),
					'after' => array(
						'description' => __( 'Only what changed after this time.', 'igny8-bridge' ),
						'type'        => 'string',
						'format'      => 'date-time',
						'required'    => true,
					),
				),
			)
		);
	}

	/**
	 * Only the holder of the key may ask, while the connection is on.
	 *
	 * @return bool
	 */
	public static function may_ask() {
		return Igny8_Bridge_Authentication::is_keyed() && Igny8_Bridge_Options::connection_enabled();
	}

	/**
	 * The answer: whether it is whole, and the posts.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return array
	 */
	public static function answer( $request ) {
		$types = array_filter( explode( ',', $request['types'] ), 'strlen' );
		$rows  = self::may_edit_all( $types ) ? self::changed( $types, rest_parse_date( $request['after'] ) ) : false;
		if ( false === $rows || count( $rows ) > self::MOST ) {
			return array(
				'complete' => false,
				'posts'    => array(),
			);
		}
		$posts = array();
		foreach ( array_chunk( $rows, self::AT_ONCE ) as $some ) {
			$versions = Igny8_Bridge_Version::of_posts( wp_list_pluck( $some, 'ID' ) );
			foreach ( $some as $row ) {
				$posts[] = array(
					'id'      => (int) $row->ID,
					'type'    => $row->post_type,
					'version' => isset( $versions[ (int) $row->ID ] ) ? $versions[ (int) $row->ID ] : 'gone',
				);
			}
		}
		return array(
			'complete' => true,
			'posts'    => $posts,
		);
	}

	/**
	 * Whether these are types that IGNY8 deals with, and the user may read their lists as an editor does.
	 *
	 * @param string[] $types Names of types.
	 * @return bool
	 */
	private static function may_edit_all( $types ) {
		foreach ( $types as $type ) {
			$object = get_post_type_object( $type );
			if ( ! $object || ! Igny8_Bridge_Post_Types::includes( $type ) || ! current_user_can( $object->cap->edit_posts ) ) {
				return false;
			}
		}
		return array() !== $types;
	}

	/**
	 * The posts that changed after a time, in the statuses that lists show and the trash. By either clock: a list goes
	 * by the site's own, which some plugins write alone.
	 *
	 * @param string[] $types Names of types.
	 * @param int      $after The time.
	 * @return object[]|false Each with ID and post_type; one more than are told, where there are more. False where the
	 *                        database did not answer.
	 */
	private static function changed( $types, $after ) {
		global $wpdb;
		$utc     = gmdate( 'Y-m-d H:i:s', $after );
		$hidden  = array_diff( get_post_stati( array( 'exclude_from_search' => true ) ), array( 'trash' ) );
		$hidden  = array_merge( array( 'auto-draft' ), array_values( $hidden ) );
		$list_of = static function ( $words ) {
			return "'" . implode( "','", array_map( 'esc_sql', $words ) ) . "'";
		};
		$types   = $list_of( $types );
		$hidden  = $list_of( $hidden );
		// phpcs:ignore WordPress.DB -- the words are escaped.
		return Igny8_Bridge_Query::rows( $wpdb->prepare( "SELECT ID, post_type FROM $wpdb->posts WHERE post_type IN ($types) AND post_status NOT IN ($hidden) AND ( post_modified_gmt > %s OR post_modified > %s ) ORDER BY ID LIMIT %d", $utc, get_date_from_gmt( $utc ), self::MOST + 1 ) );
	}
}
