<?php
/**
 * What can be set, and what is accepted.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * The settings, saved through WordPress's own options.php (which checks nonce and capability).
 */
final class Igny8_Bridge_Settings {

	const GROUP = 'igny8_bridge';

	/**
	 * Hooks in.
	 */
	public static function boot() {
		add_action( 'admin_init', array( __CLASS__, 'register' ) );
	}

	/**
	 * Registers each setting with what cleans it.
	 */
	public static function register() {
		$cleaners = array(
			Igny8_Bridge_Options::SERVICE_URL  => 'clean_service_url',
			Igny8_Bridge_Options::SITE_ID      => 'clean_site_id',
			Igny8_Bridge_Options::API_KEY      => 'clean_api_key',
			Igny8_Bridge_Options::USER         => 'clean_user',
			Igny8_Bridge_Options::CONNECTION   => 'clean_switch',
			Igny8_Bridge_Options::TWO_WAY_SYNC => 'clean_switch',
		);
		foreach ( $cleaners as $option => $cleaner ) {
			register_setting( self::GROUP, $option, array( 'sanitize_callback' => array( __CLASS__, $cleaner ) ) );
		}
	}

	/**
	 * The service's address: http or https, without credentials, query or fragment. It may be on this machine or in
	 * a private network, for an administrator has chosen it.
	 *
	 * @param mixed $value What was entered.
	 * @return string
	 */
	public static function clean_service_url( $value ) {
		$url   = untrailingslashit( trim( (string) $value ) );
		$parts = '' === $url ? array() : wp_parse_url( $url );
		if ( '' === $url ) {
			return '';
		}
		if ( ! is_array( $parts ) || empty( $parts['host'] ) || ! in_array( strtolower( isset( $parts['scheme'] ) ? $parts['scheme'] : '' ), array( 'http', 'https' ), true )
			|| isset( $parts['user'] ) || isset( $parts['query'] ) || isset( $parts['fragment'] ) ) {
			return self::refuse( Igny8_Bridge_Options::SERVICE_URL, __( 'The service address must look like https://app.example.com.', 'igny8-bridge' ) );
		}
		return sanitize_url( $url, array( 'http', 'https' ) );
	}

	/**
	 * The site's id in IGNY8: a whole number.
	 *
	 * @param mixed $value What was entered.
	 * @return string
	 */
	public static function clean_site_id( $value ) {
		$id = trim( (string) $value );
		if ( '' !== $id && ! preg_match( '/\A[1-9][0-9]{0,15}\z/', $id ) ) {
			return self::refuse( Igny8_Bridge_Options::SITE_ID, __( 'The site id is a number; IGNY8 shows it beside the API key.', 'igny8-bridge' ) );
		}
		return $id;
	}

	/**
	 * The key, to the byte; left blank, the stored one stays.
	 *
	 * @param mixed $value What was entered.
	 * @return string
	 */
	public static function clean_api_key( $value ) {
		$key = trim( (string) $value );
		if ( '' === $key ) {
			return (string) get_option( Igny8_Bridge_Options::API_KEY, '' );
		}
		if ( ! Igny8_Bridge_Options::is_key( $key ) ) {
			return self::refuse( Igny8_Bridge_Options::API_KEY, __( 'The API key has 8 to 200 visible characters and no spaces. Copy it from IGNY8 again.', 'igny8-bridge' ) );
		}
		return $key;
	}

	/**
	 * The user that IGNY8 acts as.
	 *
	 * @param mixed $value What was chosen.
	 * @return int
	 */
	public static function clean_user( $value ) {
		$id = (int) $value;
		if ( 0 !== $id && ! user_can( $id, 'edit_posts' ) ) {
			return (int) self::refuse( Igny8_Bridge_Options::USER, __( 'Choose a user who can write posts.', 'igny8-bridge' ) );
		}
		return $id;
	}

	/**
	 * A checkbox.
	 *
	 * @param mixed $value What was sent.
	 * @return string
	 */
	public static function clean_switch( $value ) {
		return $value ? '1' : '0';
	}

	/**
	 * Says what is wrong and keeps the stored value.
	 *
	 * @param string $option  The setting.
	 * @param string $message What to do about it.
	 * @return mixed
	 */
	private static function refuse( $option, $message ) {
		add_settings_error( $option, $option, $message );
		return get_option( $option, '' );
	}
}
