<?php
/**
 * When to try again.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * The schedule that Standard Webhooks recommends; after its end a delivery goes on being tried once a day.
 */
final class Igny8_Bridge_Schedule {

	/**
	 * Seconds from one attempt to the next.
	 */
	const DELAYS = array( 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400 );

	/**
	 * How long a Retry-After is honoured at most.
	 */
	const LONGEST_PAUSE = 86400;

	/**
	 * Seconds to wait after so many failed attempts, up to a tenth more so that sites don't come all at once.
	 *
	 * @param int $failures How many attempts have failed, 1 or more.
	 * @return int
	 */
	public static function delay( $failures ) {
		$delay = self::DELAYS[ min( max( 1, $failures ), count( self::DELAYS ) ) - 1 ];
		return $delay + wp_rand( 0, (int) ( $delay / 10 ) );
	}

	/**
	 * Seconds that an answer asks to wait, in either form of Retry-After; 0 where it does not ask.
	 *
	 * @param string $header The header's value.
	 * @return int
	 */
	public static function retry_after( $header ) {
		$header = trim( $header );
		if ( preg_match( '/\A[0-9]{1,9}\z/', $header ) ) {
			$seconds = (int) $header;
		} else {
			$time    = '' === $header ? false : strtotime( $header );
			$seconds = false === $time ? 0 : $time - time();
		}
		return min( self::LONGEST_PAUSE, max( 0, $seconds ) );
	}
}
