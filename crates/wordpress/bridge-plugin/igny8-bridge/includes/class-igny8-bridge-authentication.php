<?php
/**
 * Signing a REST request in by its key.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Makes a request with the site's key act as the chosen user on every REST route, core's own included.
 */
final class Igny8_Bridge_Authentication {

	/**
	 * Hooks in.
	 */
	public static function boot() {
		add_filter( 'determine_current_user', array( __CLASS__, 'determine_user' ), 30 );
		add_action( 'rest_api_init', array( __CLASS__, 'sign_in' ), PHP_INT_MIN );
		add_filter( 'rest_authentication_errors', array( __CLASS__, 'authenticate' ), 5 );
		// Plugins that close the REST API do so in this filter, some for everybody: the last word is ours.
		add_filter( 'rest_authentication_errors', array( __CLASS__, 'decide' ), PHP_INT_MAX );
		add_filter( 'rest_pre_dispatch', array( __CLASS__, 'refuse_when_disabled' ), 1, 3 );
	}

	/**
	 * Whether this request is signed in by the site's key.
	 *
	 * @return bool
	 */
	public static function is_keyed() {
		return self::is_rest() && Igny8_Bridge_Key::is_valid() && null !== Igny8_Bridge_Options::user();
	}

	/**
	 * Answers WordPress's question who this is. It is asked first before it is known that the request is one for
	 * REST, and then once more; only the second time there is an answer, as with core's application passwords.
	 *
	 * @param int|false $user_id Who somebody else says it is.
	 * @return int|false
	 */
	public static function determine_user( $user_id ) {
		return self::is_keyed() ? Igny8_Bridge_Options::user()->ID : $user_id;
	}

	/**
	 * Signs in before other plugins' rest_api_init, where some end the request of everybody who is not signed in.
	 */
	public static function sign_in() {
		global $current_user;
		if ( self::is_keyed() ) {
			wp_set_current_user( Igny8_Bridge_Options::user()->ID );
		} elseif ( self::is_rest() && isset( $_SERVER['PHP_AUTH_USER'] ) && $current_user instanceof WP_User && ! $current_user->exists() ) {
			// What core does a moment later for application passwords: forget that nobody was signed in, and ask again.
			$current_user = null; // phpcs:ignore WordPress.WP.GlobalVariablesOverride.Prohibited
		}
	}

	/**
	 * Accepts the key, and lets a wrong application password be an error on public routes too.
	 *
	 * @param WP_Error|true|null $result What was decided so far.
	 * @return WP_Error|true|null
	 */
	public static function authenticate( $result ) {
		if ( self::is_keyed() ) {
			wp_set_current_user( Igny8_Bridge_Options::user()->ID );
			return true;
		}
		if ( null === $result && isset( $_SERVER['PHP_AUTH_USER'] ) ) {
			self::check_application_password();
		}
		return $result;
	}

	/**
	 * Core asks for the user too late for its own check, so that a wrong password goes on as anonymous. Asking now
	 * makes it a 401. A name that no user here has stays as it was: it belongs to a password in front of the site.
	 */
	private static function check_application_password() {
		global $wp_rest_application_password_status;
		wp_get_current_user();
		if ( is_wp_error( $wp_rest_application_password_status )
			&& in_array( $wp_rest_application_password_status->get_error_code(), array( 'invalid_username', 'invalid_email' ), true ) ) {
			$wp_rest_application_password_status = null; // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals
		}
	}

	/**
	 * The last word: a right key is let in, a wrong one never goes on as anonymous.
	 *
	 * @param WP_Error|true|null $result What was decided so far.
	 * @return WP_Error|true|null
	 */
	public static function decide( $result ) {
		if ( self::is_keyed() ) {
			return true;
		}
		if ( Igny8_Bridge_Key::is_valid() ) {
			return new WP_Error(
				'igny8_no_user',
				__( 'The user that IGNY8 acts as no longer exists. Choose another one on the IGNY8 settings page.', 'igny8-bridge' ),
				array( 'status' => 403 )
			);
		}
		if ( Igny8_Bridge_Key::is_claimed() ) {
			return self::invalid_key();
		}
		// The service is a stranger until the site has proved its key, also where strangers are kept out.
		return is_wp_error( $result ) && self::is_open_route() ? true : $result;
	}

	/**
	 * Whether the request is for one of the routes that a stranger may call.
	 *
	 * @return bool
	 */
	private static function is_open_route() {
		$route = isset( $GLOBALS['wp']->query_vars['rest_route'] ) ? $GLOBALS['wp']->query_vars['rest_route'] : '';
		return in_array( $route, array( '/igny8/v1/status', '/igny8/v1/prove' ), true );
	}

	/**
	 * Refuses the key everywhere but on our own routes while the connection is switched off.
	 *
	 * @param mixed           $result  An answer that another filter has given.
	 * @param WP_REST_Server  $server  The server.
	 * @param WP_REST_Request $request The request.
	 * @return mixed
	 */
	public static function refuse_when_disabled( $result, $server, $request ) {
		if ( null !== $result || ! self::is_keyed() || Igny8_Bridge_Options::connection_enabled() || 0 === strpos( $request->get_route(), '/igny8/v1/' ) ) {
			return $result;
		}
		return new WP_Error(
			'igny8_connection_disabled',
			__( 'The connection to IGNY8 is switched off on this site.', 'igny8-bridge' ),
			array( 'status' => 403 )
		);
	}

	/**
	 * The answer to a wrong key.
	 *
	 * @return WP_Error
	 */
	public static function invalid_key() {
		return new WP_Error(
			'igny8_invalid_api_key',
			__( 'The API key is not the one of this site.', 'igny8-bridge' ),
			array( 'status' => 401 )
		);
	}

	/**
	 * Whether this is known to be a request for the REST API.
	 *
	 * @return bool
	 */
	private static function is_rest() {
		return defined( 'REST_REQUEST' ) && REST_REQUEST;
	}
}
