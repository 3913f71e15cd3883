<?php
/**
 * POST igny8/v1/prove
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Proves to the service that this site holds its key, without sending it: an HMAC over the service's nonce.
 */
final class Igny8_Bridge_Prove_Route {

	/**
	 * Makes the proof worthless for anything but onboarding.
	 */
	const DOMAIN = 'igny8-onboarding-v1';

	/**
	 * Hooks in.
	 */
	public static function boot() {
		add_action( 'rest_api_init', array( __CLASS__, 'register' ) );
	}

	/**
	 * Registers the route. The service is anonymous here: it doesn't send the key before the proof held.
	 */
	public static function register() {
		register_rest_route(
			'igny8/v1',
			'/prove',
			array(
				'methods'             => 'POST',
				'callback'            => array( __CLASS__, 'answer' ),
				'permission_callback' => '__return_true',
				'args'                => array(
					'nonce'    => array(
						'type'     => 'string',
						'pattern'  => '^[A-Za-z0-9_-]{16,128}$',
						'required' => true,
					),
					'site_id'  => array(
						'type'     => 'integer',
						'minimum'  => 1,
						'required' => true,
					),
					'site_url' => array(
						'type'      => 'string',
						'minLength' => 1,
						'maxLength' => 2000,
						'required'  => true,
					),
				),
			)
		);
	}

	/**
	 * The answer.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return array|WP_Error
	 */
	public static function answer( $request ) {
		$key = Igny8_Bridge_Options::api_key();
		if ( '' === $key || 0 === Igny8_Bridge_Options::site_id() ) {
			return new WP_Error(
				'igny8_not_configured',
				__( 'This site has no IGNY8 site id and API key yet.', 'igny8-bridge' ),
				array( 'status' => 403 )
			);
		}
		if ( Igny8_Bridge_Options::site_id() !== $request['site_id'] ) {
			return new WP_Error(
				'igny8_other_site',
				__( 'This site is set up as another IGNY8 site.', 'igny8-bridge' ),
				array( 'status' => 403 )
			);
		}
		if ( ! self::is_own_address( $request['site_url'] ) ) {
			return new WP_Error(
				'igny8_other_address',
				__( 'This site is reached under another address.', 'igny8-bridge' ),
				array(
					'status'   => 409,
					'site_url' => Igny8_Bridge_Options::address(),
				)
			);
		}
		$message = self::DOMAIN . "\n" . $request['nonce'] . "\n" . $request['site_id'] . "\n" . $request['site_url'];
		return array( 'proof' => hash_hmac( 'sha256', $message, $key ) );
	}

	/**
	 * Whether an address is this site's own, under either of its two settings or as a plugin has it.
	 *
	 * @param string $url The address.
	 * @return bool
	 */
	private static function is_own_address( $url ) {
		$asked = self::normalized( $url );
		return '' !== $asked && in_array( $asked, array_map( array( __CLASS__, 'normalized' ), array( Igny8_Bridge_Options::address(), home_url(), site_url() ) ), true );
	}

	/**
	 * An address without what makes no difference: letter case, default port, slash at the end.
	 *
	 * @param string $url The address.
	 * @return string
	 */
	private static function normalized( $url ) {
		$parts = wp_parse_url( $url );
		if ( ! is_array( $parts ) || ! isset( $parts['scheme'], $parts['host'] ) || isset( $parts['user'] ) || isset( $parts['query'] ) || isset( $parts['fragment'] ) ) {
			return '';
		}
		$scheme  = strtolower( $parts['scheme'] );
		$default = 'https' === $scheme ? 443 : 80;
		$port    = isset( $parts['port'] ) ? $parts['port'] : $default;
		return $scheme . '://' . strtolower( $parts['host'] ) . ':' . $port . rtrim( isset( $parts['path'] ) ? $parts['path'] : '', '/' );
	}
}
