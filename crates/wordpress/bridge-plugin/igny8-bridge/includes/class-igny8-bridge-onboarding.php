<?php
/**
 * The Connect button.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Asks the service to connect this site: it calls back, and answers what each of its checks found.
 */
final class Igny8_Bridge_Onboarding {

	const ACTION = 'igny8_bridge_connect';

	/**
	 * Where the service takes the request.
	 */
	const PATH = '/api/v1/integration/integrations/test-connection/';

	/**
	 * Hooks in.
	 */
	public static function boot() {
		add_action( 'admin_post_' . self::ACTION, array( __CLASS__, 'handle' ) );
	}

	/**
	 * Whether all that it needs is set.
	 *
	 * @return bool
	 */
	public static function is_ready() {
		return '' !== Igny8_Bridge_Options::service_url() && 0 !== Igny8_Bridge_Options::site_id()
			&& '' !== Igny8_Bridge_Options::api_key() && null !== Igny8_Bridge_Options::user();
	}

	/**
	 * Handles the button.
	 */
	public static function handle() {
		if ( ! current_user_can( 'manage_options' ) ) {
			wp_die( esc_html__( 'Sorry, you are not allowed to connect this site.', 'igny8-bridge' ), '', array( 'response' => 403 ) );
		}
		check_admin_referer( self::ACTION );
		if ( self::is_ready() ) {
			self::connect();
		}
		wp_safe_redirect( Igny8_Bridge_Settings_Page::url() . '#igny8-bridge-report' );
		exit;
	}

	/**
	 * Connects, and keeps what came of it.
	 *
	 * @return array The report.
	 */
	public static function connect() {
		$report = self::report_of( self::ask() );
		if ( 'connected' === $report['outcome'] ) {
			update_option( Igny8_Bridge_Options::INTEGRATION_ID, $report['integration_id'] );
			if ( '' !== $report['webhook_secret'] ) {
				update_option( Igny8_Bridge_Options::WEBHOOK_SECRET, $report['webhook_secret'] );
			}
			delete_option( Igny8_Bridge_Options::PREVIOUS_KEY );
		}
		unset( $report['webhook_secret'] );
		update_option( Igny8_Bridge_Options::REPORT, $report, false );
		return $report;
	}

	/**
	 * Asks the service. Its address is an administrator's choice, so it may be a private one; a redirect would turn
	 * the POST into a GET, and could lead the key elsewhere.
	 *
	 * @return array|WP_Error
	 */
	private static function ask() {
		return wp_remote_post(
			Igny8_Bridge_Options::service_url() . self::PATH,
			array(
				'timeout'     => 45,
				'redirection' => 0,
				'user-agent'  => 'igny8-bridge/' . IGNY8_BRIDGE_VERSION,
				'headers'     => array(
					'Content-Type' => 'application/json',
					'Accept'       => 'application/json',
				),
				'body'        => wp_json_encode(
					array(
						'site_id'  => Igny8_Bridge_Options::site_id(),
						'api_key'  => Igny8_Bridge_Options::api_key(),
						'site_url' => home_url(),
					)
				),
			)
		);
	}

	/**
	 * What an answer means.
	 *
	 * @param array|WP_Error $answer The service's answer.
	 * @return array
	 */
	private static function report_of( $answer ) {
		$report = array(
			'when'           => time(),
			'outcome'        => 'unreachable',
			'status'         => 0,
			'message'        => '',
			'retry_after'    => 0,
			'checks'         => array(),
			'integration_id' => 0,
			'webhook_secret' => '',
		);
		if ( is_wp_error( $answer ) ) {
			$report['message'] = self::line( $answer->get_error_message() );
			return $report;
		}
		$body = json_decode( wp_remote_retrieve_body( $answer ), true );
		$body = is_array( $body ) ? $body : array();

		$report['status']      = (int) wp_remote_retrieve_response_code( $answer );
		$report['outcome']     = self::outcome( $report['status'], $body );
		$report['message']     = self::line( isset( $body['message'] ) ? $body['message'] : ( isset( $body['detail'] ) ? $body['detail'] : '' ) );
		$report['retry_after'] = (int) wp_remote_retrieve_header( $answer, 'retry-after' );
		$report['checks']      = self::checks( isset( $body['checks'] ) ? $body['checks'] : array() );
		if ( 'connected' === $report['outcome'] ) {
			$report['integration_id'] = (int) $body['integration_id'];
			$report['webhook_secret'] = isset( $body['webhook_secret'] ) && is_string( $body['webhook_secret'] ) ? $body['webhook_secret'] : '';
		}
		return $report;
	}

	/**
	 * One word for an answer.
	 *
	 * @param int   $status Its status.
	 * @param array $body   Its body.
	 * @return string
	 */
	private static function outcome( $status, $body ) {
		$code = isset( $body['code'] ) && is_string( $body['code'] ) ? $body['code'] : '';
		if ( 200 === $status && ! empty( $body['success'] ) && isset( $body['integration_id'] ) ) {
			return 'connected';
		}
		if ( in_array( $code, array( 'connection_failed', 'validation_error', 'api_key_mismatch', 'site_moved', 'inactive' ), true ) ) {
			return $code;
		}
		if ( 429 === $status ) {
			return 'throttled';
		}
		return $status >= 500 ? 'service_error' : 'not_the_service';
	}

	/**
	 * The checks, as far as they can be read.
	 *
	 * @param mixed $checks What the service sent.
	 * @return array[]
	 */
	private static function checks( $checks ) {
		$read = array();
		foreach ( is_array( $checks ) ? array_slice( $checks, 0, 50 ) : array() as $check ) {
			if ( is_array( $check ) && isset( $check['name'] ) ) {
				$read[] = array(
					'name'        => self::line( $check['name'] ),
					'ok'          => ! empty( $check['ok'] ),
					'detail'      => self::line( isset( $check['detail'] ) ? $check['detail'] : '' ),
					'duration_ms' => isset( $check['duration_ms'] ) ? (int) $check['duration_ms'] : 0,
				);
			}
		}
		return $read;
	}

	/**
	 * One line of plain text, of bounded length.
	 *
	 * @param mixed $text The text.
	 * @return string
	 */
	private static function line( $text ) {
		$text = is_scalar( $text ) ? trim( preg_replace( '/\s+/', ' ', wp_strip_all_tags( (string) $text ) ) ) : '';
		return function_exists( 'mb_substr' ) ? mb_substr( $text, 0, 500 ) : substr( $text, 0, 500 );
	}
}
