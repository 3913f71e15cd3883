<?php
/**
 * The mark that says which content of IGNY8 a post is.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Post meta igny8_content_id on every type, readable, writable and searchable over REST: a create whose answer was
 * lost is found again by it.
 */
final class Igny8_Bridge_Marker {

	const META = 'igny8_content_id';

	/**
	 * Hooks in. Core builds its routes in rest_api_init at 99, so the types are taken just before.
	 */
	public static function boot() {
		add_action( 'rest_api_init', array( __CLASS__, 'register' ), 98 );
		add_filter( 'is_protected_meta', array( __CLASS__, 'protect' ), 10, 2 );
	}

	/**
	 * Registers the meta field and the query parameter of each type.
	 */
	public static function register() {
		foreach ( Igny8_Bridge_Post_Types::names() as $type ) {
			register_post_meta(
				$type,
				self::META,
				array(
					'type'          => 'string',
					'description'   => __( 'The id that this content has in IGNY8.', 'igny8-bridge' ),
					'single'        => true,
					'show_in_rest'  => array(
						'schema' => array(
							'type'    => 'string',
							'context' => array( 'edit' ),
						),
					),
					'auth_callback' => array( __CLASS__, 'may_edit' ),
				)
			);
			// Without it core leaves `meta` out of the type's answers; only here, the editor's screens stay as they are.
			if ( defined( 'REST_REQUEST' ) && REST_REQUEST && ! post_type_supports( $type, 'custom-fields' ) ) {
				add_post_type_support( $type, 'custom-fields' );
			}
			add_filter( "rest_{$type}_collection_params", array( __CLASS__, 'add_parameter' ) );
			add_filter( "rest_{$type}_query", array( __CLASS__, 'apply_parameter' ), 10, 2 );
		}
	}

	/**
	 * Keeps the mark out of the editor's custom fields box, where it would be changed by mistake.
	 *
	 * @param bool   $protected What WordPress says.
	 * @param string $key       The meta key.
	 * @return bool
	 */
	public static function protect( $protected, $key ) {
		return $protected || self::META === $key;
	}

	/**
	 * Who may edit the post may write its mark.
	 *
	 * @param bool   $allowed What WordPress says.
	 * @param string $key     The meta key.
	 * @param int    $post_id The post.
	 * @param int    $user_id The user.
	 * @return bool
	 */
	public static function may_edit( $allowed, $key, $post_id, $user_id ) {
		return user_can( $user_id, 'edit_post', $post_id );
	}

	/**
	 * Declares the query parameter, so that nonsense is a 400.
	 *
	 * @param array $parameters The type's parameters.
	 * @return array
	 */
	public static function add_parameter( $parameters ) {
		$parameters[ self::META ] = array(
			'description' => __( 'Only posts with this IGNY8 content id, or one of several with commas between.', 'igny8-bridge' ),
			'type'        => 'string',
			'pattern'     => '^[A-Za-z0-9_-]{1,64}(,[A-Za-z0-9_-]{1,64}){0,99}$',
		);
		return $parameters;
	}

	/**
	 * Narrows the list. All of them are given, for a post may have been duplicated with its meta, the oldest first.
	 *
	 * @param array           $query   Arguments of WP_Query.
	 * @param WP_REST_Request $request The request.
	 * @return array
	 */
	public static function apply_parameter( $query, $request ) {
		$type = get_post_type_object( is_array( $query['post_type'] ) ? reset( $query['post_type'] ) : $query['post_type'] );
		if ( empty( $request[ self::META ] ) || ! $type || ! current_user_can( $type->cap->edit_posts ) ) {
			return $query;
		}
		$clause = array(
			'key'     => self::META,
			'value'   => explode( ',', $request[ self::META ] ),
			'compare' => 'IN',
		);
		// phpcs:ignore WordPress.DB.SlowDBQuery -- an equality on an indexed key, asked once for each lost answer.
		$query['meta_query'] = empty( $query['meta_query'] ) ? array( $clause ) : array( $clause, $query['meta_query'] );
		$query['orderby']    = 'ID';
		$query['order']      = 'ASC';
		$query['lang']       = ''; // every language: translation plugins show one by default
		return $query;
	}
}
