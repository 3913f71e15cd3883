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
	 * One line of plain text; what is longer ends in an ellipsis.
	 *
	 * @param mixed $text The text.
	 * @param int   $most How many characters it has at most.
	 * @return string
	 */
	public static function line( $text, $most = 300 ) {
		$text = is_scalar( $text ) ? trim( preg_replace( '/\s+/', ' ', wp_strip_all_tags( (string) $text ) ) ) : '';
		// WordPress has these two where PHP does not.
		return mb_strlen( $text ) <= $most ? $text : rtrim( mb_substr( $text, 0, $most - 1 ) ) . '…';
	}
}
