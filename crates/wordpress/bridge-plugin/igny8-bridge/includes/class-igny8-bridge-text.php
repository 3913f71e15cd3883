<?php
/**
 * Texts of others.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Makes what another machine said fit to store and show.
 */
final class Igny8_Bridge_Text {

	/**
	 * One line of plain text, of at most 300 characters.
	 *
	 * @param mixed $text The text.
	 * @return string
	 */
	public static function line( $text ) {
		$text = is_scalar( $text ) ? trim( preg_replace( '/\s+/', ' ', wp_strip_all_tags( (string) $text ) ) ) : '';
		return function_exists( 'mb_substr' ) ? mb_substr( $text, 0, 300 ) : substr( $text, 0, 300 );
	}
}
