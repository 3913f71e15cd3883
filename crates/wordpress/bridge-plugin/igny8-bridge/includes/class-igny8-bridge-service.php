<?php
/**
 * Requests to the service.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Posts JSON to the one service that an administrator has entered, and learns its clock from each answer. Its address
 * may be a private one, so WordPress's guard against such addresses is not used. A redirect is not followed: it would
 * turn the POST into a GET, and could lead the key elsewhere.
 */
final class Igny8_Bridge_Service {

	const BASE = '/api/v1/integration/';

	/**
	 * Seconds that the service's clock is ahead of ours.
	 */
	const CLOCK = 'igny8_bridge_clock_offset';

	/**
	 * Posts a body.
	 *
	 * @param string $path    Below the base path.
	 * @param string $body    JSON.
	 * @param array  $headers Further headers.
	 * @param int    $timeout In seconds.
	 * @return array|WP_Error What wp_remote_post() answers.
	 */
	public static function post( $path, $body, $headers, $timeout ) {
		$sent   = time();
		$answer = wp_remote_post(
			Igny8_Bridge_Options::service_url() . self::BASE . $path,
			array(
				'timeout'     => $timeout,
				'redirection' => 0,
				'user-agent'  => 'igny8-bridge/' . IGNY8_BRIDGE_VERSION,
				'headers'     => $headers + array(
					'Content-Type' => 'application/json',
					'Accept'       => 'application/json',
				),
				'body'        => $body,
			)
		);
		if ( ! is_wp_error( $answer ) ) {
			self::learn_clock( (string) wp_remote_retrieve_header( $answer, 'date' ), $sent );
		}
		return $answer;
	}

	/**
	 * The header that says which site this is.
	 *
	 * @return array<string,string>
	 */
	public static function authorization() {
		return array( 'Authorization' => 'Bearer ' . Igny8_Bridge_Options::api_key() );
	}

	/**
	 * The time by the service's clock: this host's may be minutes off, and then no signature would hold.
	 *
	 * @return int
	 */
	public static function time() {
		return time() + self::clock_offset();
	}

	/**
	 * Seconds that the service's clock is ahead of ours.
	 *
	 * @return int
	 */
	public static function clock_offset() {
		return (int) get_option( self::CLOCK, 0 );
	}

	/**
	 * Learns the service's clock from an answer. A second or two is the way there and back, not the clock.
	 *
	 * @param string $date The Date header.
	 * @param int    $sent When the request went out.
	 */
	private static function learn_clock( $date, $sent ) {
		$theirs = '' === $date ? false : strtotime( $date );
		if ( false === $theirs ) {
			return;
		}
		$offset = $theirs - (int) ( ( $sent + time() ) / 2 );
		$offset = abs( $offset ) <= 5 ? 0 : $offset;
		$known  = self::clock_offset();
		if ( abs( $offset - $known ) > 5 || ( 0 === $offset && 0 !== $known ) ) {
			update_option( self::CLOCK, $offset );
		}
	}
}
