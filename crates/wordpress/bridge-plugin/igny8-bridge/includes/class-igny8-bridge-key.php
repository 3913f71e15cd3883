<?php
/**
 * The API key that a request carries.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads the key from the request's headers, byte for byte, before WordPress or another plugin touches them.
 */
final class Igny8_Bridge_Key {

	/**
	 * The X-IGNY8-API-KEY header.
	 *
	 * @var string
	 */
	private static $header = '';

	/**
	 * The token of an Authorization: Bearer header.
	 *
	 * @var string
	 */
	private static $bearer = '';

	/**
	 * Whether an Authorization header reached PHP; some hosts hide it.
	 *
	 * @var bool
	 */
	private static $authorization = false;

	/**
	 * Reads the headers. WordPress slashes $_SERVER once the plugins are loaded, so this runs while they are.
	 */
	public static function capture() {
		self::$header = self::server( 'HTTP_X_IGNY8_API_KEY' );
		foreach ( array( 'HTTP_AUTHORIZATION', 'REDIRECT_HTTP_AUTHORIZATION' ) as $name ) {
			$value = self::server( $name );
			if ( '' === $value ) {
				continue;
			}
			self::$authorization = true;
			if ( '' === self::$bearer && preg_match( '/\ABearer +(\S+)\z/i', $value, $found ) ) {
				self::$bearer = $found[1];
			}
		}
		if ( '' !== self::$bearer && self::is_accepted( self::$bearer ) ) {
			// Other plugins read each bearer token as theirs and refuse the request when it is not.
			unset( $_SERVER['HTTP_AUTHORIZATION'], $_SERVER['REDIRECT_HTTP_AUTHORIZATION'] );
		}
	}

	/**
	 * Whether the request names a key in our own header, right or wrong.
	 *
	 * @return bool
	 */
	public static function is_claimed() {
		return '' !== self::$header;
	}

	/**
	 * Whether the request carries a bearer token, ours or not.
	 *
	 * @return bool
	 */
	public static function has_bearer() {
		return '' !== self::$bearer;
	}

	/**
	 * Whether an Authorization header arrived.
	 *
	 * @return bool
	 */
	public static function authorization_arrived() {
		return self::$authorization;
	}

	/**
	 * Whether the request carries a key of this site. Our own header decides where it is there.
	 *
	 * @return bool
	 */
	public static function is_valid() {
		return self::is_accepted( self::is_claimed() ? self::$header : self::$bearer );
	}

	/**
	 * Compares a text with the site's keys, each in constant time.
	 *
	 * @param string $sent What was sent.
	 * @return bool
	 */
	private static function is_accepted( $sent ) {
		$accepted = false;
		if ( Igny8_Bridge_Options::is_key( $sent ) ) {
			foreach ( Igny8_Bridge_Options::accepted_keys() as $key ) {
				$accepted = hash_equals( $key, $sent ) || $accepted;
			}
		}
		return $accepted;
	}

	/**
	 * One entry of $_SERVER as the client sent it.
	 *
	 * @param string $name Its name.
	 * @return string
	 */
	private static function server( $name ) {
		// phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- a key is compared byte for byte and never shown.
		$value = isset( $_SERVER[ $name ] ) && is_string( $_SERVER[ $name ] ) ? $_SERVER[ $name ] : '';
		return trim( did_action( 'plugins_loaded' ) ? wp_unslash( $value ) : $value );
	}
}
