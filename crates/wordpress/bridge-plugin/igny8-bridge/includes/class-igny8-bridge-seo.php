<?php
/**
 * SEO fields.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * REST field igny8_seo on every type: title, description, focus keyword and canonical address, kept where the site's
 * SEO plugin keeps them, in their stored form (`%%title%%` stays a template).
 */
final class Igny8_Bridge_Seo {

	const FIELD = 'igny8_seo';

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
		$properties = array();
		foreach ( array_keys( self::meta_keys() ) as $name ) {
			$properties[ $name ] = array(
				'type'    => 'string',
				'context' => array( 'edit' ),
			);
		}
		register_rest_field(
			Igny8_Bridge_Post_Types::names(),
			self::FIELD,
			array(
				'get_callback'    => array( __CLASS__, 'read_field' ),
				'update_callback' => array( __CLASS__, 'write_field' ),
				'schema'          => array(
					'description'          => __( 'SEO fields as stored, for IGNY8.', 'igny8-bridge' ),
					'type'                 => 'object',
					'context'              => array( 'edit' ),
					'properties'           => $properties,
					'additionalProperties' => false,
				),
			)
		);
	}

	/**
	 * Where each field is kept.
	 *
	 * @return array<string,string>
	 */
	public static function meta_keys() {
		if ( defined( 'WPSEO_VERSION' ) ) {
			return array(
				'title'         => '_yoast_wpseo_title',
				'description'   => '_yoast_wpseo_metadesc',
				'focus_keyword' => '_yoast_wpseo_focuskw',
				'canonical'     => '_yoast_wpseo_canonical',
			);
		}
		if ( defined( 'RANK_MATH_VERSION' ) ) {
			return array(
				'title'         => 'rank_math_title',
				'description'   => 'rank_math_description',
				'focus_keyword' => 'rank_math_focus_keyword',
				'canonical'     => 'rank_math_canonical_url',
			);
		}
		return array(
			'title'         => '_igny8_seo_title',
			'description'   => '_igny8_seo_description',
			'focus_keyword' => '_igny8_seo_focus_keyword',
			'canonical'     => '_igny8_seo_canonical',
		);
	}

	/**
	 * The field's value of a post.
	 *
	 * @param array $post The post as REST shows it.
	 * @return array<string,string>
	 */
	public static function read_field( $post ) {
		return self::of_post( (int) $post['id'] );
	}

	/**
	 * The fields of a post, an absent one as an empty text.
	 *
	 * @param int $post_id The post.
	 * @return array<string,string>
	 */
	public static function of_post( $post_id ) {
		$fields = array();
		foreach ( self::meta_keys() as $name => $key ) {
			$value           = get_post_meta( $post_id, $key, true );
			$fields[ $name ] = is_scalar( $value ) ? (string) $value : '';
		}
		return $fields;
	}

	/**
	 * Writes the fields that are given, and leaves the others. WordPress's text sanitizer would eat `%da` of
	 * `%date%` and unslashing the backslash of `50\50`, so only control characters go.
	 *
	 * @param array   $fields What was sent.
	 * @param WP_Post $post   The post.
	 * @return true|WP_Error
	 */
	public static function write_field( $fields, $post ) {
		foreach ( self::meta_keys() as $name => $key ) {
			if ( ! isset( $fields[ $name ] ) ) {
				continue;
			}
			$value = trim( preg_replace( '/[\x00-\x1f\x7f]/', '', $fields[ $name ] ) );
			if ( '' === $value ) {
				delete_post_meta( $post->ID, $key );
			} else {
				update_post_meta( $post->ID, $key, wp_slash( $value ) );
			}
		}
		return true;
	}
}
