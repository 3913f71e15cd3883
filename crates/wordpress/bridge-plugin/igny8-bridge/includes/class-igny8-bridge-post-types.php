<?php
/**
 * Which content IGNY8 deals with.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Every public post type that REST shows, but attachments.
 */
final class Igny8_Bridge_Post_Types {

	/**
	 * Their names. Asked when they are needed, since types may be registered late.
	 *
	 * @return string[]
	 */
	public static function names() {
		$types = get_post_types(
			array(
				'public'       => true,
				'show_in_rest' => true,
			)
		);
		unset( $types['attachment'] );
		return array_values( $types );
	}

	/**
	 * Whether a post is of one of them.
	 *
	 * @param string $type The post's type.
	 * @return bool
	 */
	public static function includes( $type ) {
		return in_array( $type, self::names(), true );
	}
}
