<?php
/**
 * The version of a post.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * REST field igny8_version on every type: a text that differs whenever anything that IGNY8 syncs differs. The time
 * alone would not do: terms and meta change without moving it, and it counts whole seconds. Read from the tables
 * themselves, past filters and object caches.
 */
final class Igny8_Bridge_Version {

	const FIELD = 'igny8_version';

	/**
	 * Versions of the posts of a list, made in one go and used once.
	 *
	 * @var array<int,string>
	 */
	private static $prepared = array();

	/**
	 * Hooks in.
	 */
	public static function boot() {
		add_action( 'rest_api_init', array( __CLASS__, 'register' ), 98 );
	}

	/**
	 * Registers the field.
	 */
	public static function register() {
		$types = Igny8_Bridge_Post_Types::names();
		register_rest_field(
			$types,
			self::FIELD,
			array(
				'get_callback' => array( __CLASS__, 'read_field' ),
				'schema'       => array(
					'description' => __( 'Differs whenever what IGNY8 syncs differs.', 'igny8-bridge' ),
					'type'        => 'string',
					'context'     => array( 'edit' ),
					'readonly'    => true,
				),
			)
		);
		foreach ( $types as $type ) {
			add_filter( "rest_{$type}_query", array( __CLASS__, 'expect_list' ), PHP_INT_MAX, 2 );
		}
	}

	/**
	 * Before a list is read: where it will show versions, they are made for all its posts at once.
	 *
	 * @param array           $query   Arguments of WP_Query.
	 * @param WP_REST_Request $request The request.
	 * @return array
	 */
	public static function expect_list( $query, $request ) {
		$fields = isset( $request['_fields'] ) ? wp_parse_list( $request['_fields'] ) : array( self::FIELD );
		if ( 'edit' === $request['context'] && in_array( self::FIELD, $fields, true ) ) {
			add_filter( 'the_posts', array( __CLASS__, 'prepare_list' ), PHP_INT_MAX );
		}
		return $query;
	}

	/**
	 * Makes the versions of a list's posts.
	 *
	 * @param WP_Post[] $posts The posts.
	 * @return WP_Post[]
	 */
	public static function prepare_list( $posts ) {
		remove_filter( 'the_posts', array( __CLASS__, 'prepare_list' ), PHP_INT_MAX );
		if ( is_array( $posts ) && $posts ) {
			self::$prepared = self::of_posts( wp_list_pluck( $posts, 'ID' ) );
		}
		return $posts;
	}

	/**
	 * The field's value of a post. A prepared one is used once: what comes later may have changed the post.
	 *
	 * @param array           $post    The post as REST shows it.
	 * @param string          $field   The field's name.
	 * @param WP_REST_Request $request The request.
	 * @return string
	 */
	public static function read_field( $post, $field, $request ) {
		if ( 'edit' !== $request['context'] ) {
			return ''; // not shown, so not made
		}
		$id = (int) $post['id'];
		if ( isset( self::$prepared[ $id ] ) ) {
			$version = self::$prepared[ $id ];
			unset( self::$prepared[ $id ] );
			return $version;
		}
		return self::of_post( $id );
	}

	/**
	 * The version of one post, empty where there is none.
	 *
	 * @param int $post_id The post.
	 * @return string
	 */
	public static function of_post( $post_id ) {
		$versions = self::of_posts( array( $post_id ) );
		return isset( $versions[ $post_id ] ) ? $versions[ $post_id ] : '';
	}

	/**
	 * The versions of several posts, in three queries.
	 *
	 * @param int[] $ids The posts.
	 * @return array<int,string>
	 */
	public static function of_posts( $ids ) {
		global $wpdb;
		$in    = implode( ',', array_map( 'intval', $ids ) );
		$terms = self::terms( $in );
		$meta  = self::meta( $in );
		// phpcs:ignore WordPress.DB -- whole numbers only; the point is to read past the caches.
		$rows     = $wpdb->get_results( "SELECT ID, post_title, post_content, post_excerpt, post_name, post_status, post_modified_gmt FROM $wpdb->posts WHERE ID IN ($in)" );
		$versions = array();
		foreach ( $rows as $row ) {
			$parts = array(
				$row->post_title,
				$row->post_content,
				$row->post_excerpt,
				$row->post_name,
				$row->post_status,
				isset( $terms[ $row->ID ] ) ? $terms[ $row->ID ] : array(),
				isset( $meta[ $row->ID ] ) ? $meta[ $row->ID ] : array(),
			);
			// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.serialize_serialize -- hashed, never read back.
			$versions[ (int) $row->ID ] = $row->post_modified_gmt . ':' . substr( hash( 'sha256', serialize( $parts ) ), 0, 32 );
		}
		return $versions;
	}

	/**
	 * The terms of posts, of the taxonomies that REST shows: others are a plugin's own business.
	 *
	 * @param string $in Post ids with commas between.
	 * @return array<int,string[]> By post, each as taxonomy and term id.
	 */
	private static function terms( $in ) {
		global $wpdb;
		$shown = get_taxonomies( array( 'show_in_rest' => true ) );
		$terms = array();
		// phpcs:ignore WordPress.DB -- as above.
		foreach ( $wpdb->get_results( "SELECT r.object_id, t.taxonomy, t.term_id FROM $wpdb->term_relationships r JOIN $wpdb->term_taxonomy t USING (term_taxonomy_id) WHERE r.object_id IN ($in) ORDER BY t.taxonomy, t.term_id" ) as $row ) {
			if ( isset( $shown[ $row->taxonomy ] ) ) {
				$terms[ $row->object_id ][] = $row->taxonomy . ':' . $row->term_id;
			}
		}
		return $terms;
	}

	/**
	 * The featured image and SEO fields of posts.
	 *
	 * @param string $in Post ids with commas between.
	 * @return array<int,array<string,string>> By post and meta key.
	 */
	private static function meta( $in ) {
		global $wpdb;
		$keys = "'" . implode( "','", array_merge( array( '_thumbnail_id' ), array_values( Igny8_Bridge_Seo::meta_keys() ) ) ) . "'";
		$meta = array();
		// phpcs:ignore WordPress.DB -- as above, and names of our own.
		foreach ( $wpdb->get_results( "SELECT post_id, meta_key, meta_value FROM $wpdb->postmeta WHERE post_id IN ($in) AND meta_key IN ($keys) ORDER BY meta_key, meta_id" ) as $row ) {
			$meta[ $row->post_id ][ $row->meta_key ] = (string) $row->meta_value;
		}
		return $meta;
	}
}
