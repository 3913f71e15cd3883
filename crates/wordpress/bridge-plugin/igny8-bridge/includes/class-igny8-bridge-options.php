<?php
/**
 * What an administrator has set, and what the service has answered.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads the plugin's options; each is one row of the options table, named here and in uninstall.php.
 */
final class Igny8_Bridge_Options {

	const SERVICE_URL    = 'igny8_bridge_service_url';
	const SITE_ID        = 'igny8_bridge_site_id';
	const API_KEY        = 'igny8_bridge_api_key';
	const PREVIOUS_KEY   = 'igny8_bridge_previous_key';
	const USER           = 'igny8_bridge_user';
	const CONNECTION     = 'igny8_bridge_connection_enabled';
	const TWO_WAY_SYNC   = 'igny8_bridge_two_way_sync_enabled';
	const INTEGRATION_ID = 'igny8_bridge_integration_id';
	const WEBHOOK_SECRET = 'igny8_bridge_webhook_secret';
	const CONNECTED_AS   = 'igny8_bridge_connected_as';
	const REPORT         = 'igny8_bridge_connection_report';

	/**
	 * Watches the key: one that is replaced still opens the door for a day, because the service goes on sending the
	 * old one until this site has connected with the new one.
	 */
	public static function boot() {
		add_action( 'update_option_' . self::API_KEY, array( __CLASS__, 'keep_previous_key' ), 10, 2 );
	}

	/**
	 * Keeps the replaced key for 24 hours.
	 *
	 * @param mixed $old The key before.
	 * @param mixed $new The key now.
	 */
	public static function keep_previous_key( $old, $new ) {
		if ( is_string( $old ) && self::is_key( $old ) && $old !== $new ) {
			update_option(
				self::PREVIOUS_KEY,
				array(
					'key'   => $old,
					'until' => time() + DAY_IN_SECONDS,
				)
			);
		}
	}

	/**
	 * Lets the replaced key end soon: the service knows the new one, and only what is under way still has the old.
	 */
	public static function end_previous_key() {
		$previous = get_option( self::PREVIOUS_KEY, array() );
		if ( is_array( $previous ) && isset( $previous['until'] ) ) {
			$previous['until'] = min( $previous['until'], time() + 5 * MINUTE_IN_SECONDS );
			update_option( self::PREVIOUS_KEY, $previous );
		}
	}

	/**
	 * Whether a text can be a key: 8 to 200 visible ASCII characters, any of them.
	 *
	 * @param mixed $key What was given.
	 * @return bool
	 */
	public static function is_key( $key ) {
		return is_string( $key ) && 1 === preg_match( '/\A[\x21-\x7e]{8,200}\z/', $key );
	}

	/**
	 * The site's API key, or an empty text.
	 *
	 * @return string
	 */
	public static function api_key() {
		$key = get_option( self::API_KEY, '' );
		return self::is_key( $key ) ? $key : '';
	}

	/**
	 * Every key that is accepted now.
	 *
	 * @return string[]
	 */
	public static function accepted_keys() {
		$keys     = array_filter( array( self::api_key() ), 'strlen' );
		$previous = get_option( self::PREVIOUS_KEY, array() );
		if ( is_array( $previous ) && isset( $previous['key'], $previous['until'] ) && $previous['until'] > time() ) {
			$keys[] = (string) $previous['key'];
		}
		return $keys;
	}

	/**
	 * The id that IGNY8 gave this site, or 0.
	 *
	 * @return int
	 */
	public static function site_id() {
		return (int) get_option( self::SITE_ID, 0 );
	}

	/**
	 * The service's address without a slash at its end, or an empty text.
	 *
	 * @return string
	 */
	public static function service_url() {
		return untrailingslashit( (string) get_option( self::SERVICE_URL, '' ) );
	}

	/**
	 * The user that IGNY8 acts as, if it still exists.
	 *
	 * @return WP_User|null
	 */
	public static function user() {
		$user = get_userdata( (int) get_option( self::USER, 0 ) );
		return $user instanceof WP_User ? $user : null;
	}

	/**
	 * Whether IGNY8 may reach this site at all.
	 *
	 * @return bool
	 */
	public static function connection_enabled() {
		return (bool) get_option( self::CONNECTION, '1' );
	}

	/**
	 * Whether changes made here are told to IGNY8.
	 *
	 * @return bool
	 */
	public static function two_way_sync_enabled() {
		return (bool) get_option( self::TWO_WAY_SYNC, '1' );
	}

	/**
	 * Whether this site has connected and still is the one that did: a copy of it under another address keeps quiet, and
	 * so does a site of a network where this plugin is not active any more.
	 *
	 * @return bool
	 */
	public static function is_connected() {
		return '' !== self::service_url() && '' !== self::api_key() && (int) get_option( self::INTEGRATION_ID, 0 ) > 0
			&& ! self::is_copy() && Igny8_Bridge_Network::is_active_here();
	}

	/**
	 * Whether this site has another address than the one that connected.
	 *
	 * @return bool
	 */
	public static function is_copy() {
		$connected = (string) get_option( self::CONNECTED_AS, '' );
		if ( '' === $connected || self::address_hash() === $connected ) {
			return false;
		}
		if ( ! in_array( $connected, self::former_hashes(), true ) ) {
			return true;
		}
		update_option( self::CONNECTED_AS, self::address_hash() );
		return false;
	}

	/**
	 * This site's address without a slash at its end, by https where this request came so. The setting is read, since
	 * plugins for languages change what home_url() gives from page to page.
	 *
	 * @return string
	 */
	public static function address() {
		$address = untrailingslashit( (string) get_option( 'home' ) );
		return is_ssl() ? set_url_scheme( $address, 'https' ) : $address;
	}

	/**
	 * A hash of this site's address, in which as in IGNY8 neither scheme nor `www.` nor a default port make another site:
	 * tools that copy a site replace the address itself wherever it is stored.
	 *
	 * @return string
	 */
	public static function address_hash() {
		$parts = wp_parse_url( self::address() );
		if ( ! is_array( $parts ) || ! isset( $parts['host'] ) ) {
			return hash( 'sha256', self::address() );
		}
		$host = preg_replace( '#^www\.#', '', rtrim( strtolower( $parts['host'] ), '.' ) );
		// Whatever the scheme: that of the setting is another than that of some requests.
		$port = isset( $parts['port'] ) && ! in_array( $parts['port'], array( 80, 443 ), true ) ? ':' . $parts['port'] : '';
		return hash( 'sha256', $host . $port . rtrim( isset( $parts['path'] ) ? $parts['path'] : '', '/' ) );
	}

	/**
	 * What earlier versions of this plugin took for that: all in lower case, with the port, and `www.` as it was.
	 *
	 * @return string[]
	 */
	private static function former_hashes() {
		$bare = strtolower( preg_replace( '#^https?://(www\.)?#i', '', self::address() ) );
		return array( hash( 'sha256', $bare ), hash( 'sha256', "www.$bare" ) );
	}

	/**
	 * Whether changes made here are told to IGNY8 now.
	 *
	 * @return bool
	 */
	public static function tells_changes() {
		return self::connection_enabled() && self::two_way_sync_enabled() && self::is_connected();
	}

	/**
	 * The 32 bytes that webhooks are signed with, or an empty text.
	 *
	 * @return string
	 */
	public static function webhook_secret() {
		$secret = (string) get_option( self::WEBHOOK_SECRET, '' );
		if ( 0 !== strpos( $secret, 'whsec_' ) ) {
			return '';
		}
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_decode -- the form of a Standard Webhooks secret.
		$bytes = base64_decode( substr( $secret, 6 ), true );
		return is_string( $bytes ) && strlen( $bytes ) >= 24 ? $bytes : '';
	}
}
