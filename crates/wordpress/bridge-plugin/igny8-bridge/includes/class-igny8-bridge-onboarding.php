<?php
/**
 * Connecting this site.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Asks the service to connect this site: it calls back, and answers what each of its checks found.
 */
final class Igny8_Bridge_Onboarding {

	/**
	 * Where the service takes the request.
	 */
	const PATH = 'integrations/test-connection/';

	/**
	 * When this site last connected anew by itself.
	 */
	const RENEWED = 'igny8_bridge_secret_renewed';

	/**
	 * Set while a new key of a connected site is not known to the service as that.
	 */
	const DUE = 'igny8_bridge_connect_due';

	/**
	 * Since when it is being connected.
	 */
	const UNDER_WAY = 'igny8_bridge_connecting';

	/**
	 * Answers after which the same attempt may go well later.
	 */
	const PASSING = array( 'unreachable', 'throttled', 'service_error' );

	/**
	 * Hooks in.
	 */
	public static function boot() {
		add_action( 'update_option_' . Igny8_Bridge_Options::API_KEY, array( __CLASS__, 'note_new_key' ), 10, 0 );
	}

	/**
	 * A new key on a connected site: the service is to call with that one from now on, not with the old one until a
	 * day later nothing works any more.
	 */
	public static function note_new_key() {
		if ( Igny8_Bridge_Options::is_connected() ) {
			delete_option( self::RENEWED );
			self::be_due();
		}
	}

	/**
	 * Has the site connect anew by itself.
	 */
	public static function be_due() {
		update_option( self::DUE, '1' );
	}

	/**
	 * Whether this site is to connect anew by itself.
	 *
	 * @return bool
	 */
	public static function is_due() {
		return '' !== (string) get_option( self::DUE, '' ) && self::may_renew();
	}

	/**
	 * Connects anew where that is due.
	 */
	public static function connect_if_due() {
		if ( self::is_due() ) {
			update_option( self::RENEWED, time(), false );
			self::connect();
		}
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
	 * Whether another request is connecting right now; one that died is not.
	 *
	 * @return bool
	 */
	public static function is_under_way() {
		return (int) get_option( self::UNDER_WAY, 0 ) > time() - MINUTE_IN_SECONDS;
	}

	/**
	 * Connects, and keeps what came of it.
	 *
	 * @return array The report.
	 */
	public static function connect() {
		update_option( self::UNDER_WAY, time(), false );
		$report = self::report_of( self::ask() );
		delete_option( self::UNDER_WAY );
		if ( 'connected' === $report['outcome'] ) {
			update_option( Igny8_Bridge_Options::CONNECTED_AS, Igny8_Bridge_Options::address_hash() );
			update_option( Igny8_Bridge_Options::INTEGRATION_ID, $report['integration_id'] );
			if ( '' !== $report['webhook_secret'] ) {
				update_option( Igny8_Bridge_Options::WEBHOOK_SECRET, $report['webhook_secret'] );
			}
			Igny8_Bridge_Options::end_previous_key();
			Igny8_Bridge_Sender::resume();
		}
		if ( ! in_array( $report['outcome'], self::PASSING, true ) ) {
			delete_option( self::DUE );
		}
		unset( $report['webhook_secret'] );
		update_option( Igny8_Bridge_Options::REPORT, $report, false );
		return $report;
	}

	/**
	 * Connects anew where the service has another webhook secret by now, once an hour at most.
	 *
	 * @return bool Whether the secret is another one.
	 */
	public static function renew_secret() {
		$before = Igny8_Bridge_Options::webhook_secret();
		if ( ! self::may_renew() ) {
			return false;
		}
		update_option( self::RENEWED, time(), false );
		self::connect();
		return Igny8_Bridge_Options::webhook_secret() !== $before;
	}

	/**
	 * Whether this site may connect by itself now: once an hour.
	 *
	 * @return bool
	 */
	private static function may_renew() {
		return (int) get_option( self::RENEWED, 0 ) <= time() - HOUR_IN_SECONDS && self::is_ready();
	}

	/**
	 * Asks the service. It calls back and checks each step, which takes its time.
	 *
	 * @return array|WP_Error
	 */
	private static function ask() {
		$body = array(
			'site_id'  => Igny8_Bridge_Options::site_id(),
			'api_key'  => Igny8_Bridge_Options::api_key(),
			'site_url' => Igny8_Bridge_Options::address(),
		);
		return Igny8_Bridge_Service::post( self::PATH, wp_json_encode( $body ), array(), 45 );
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
			$report['message'] = Igny8_Bridge_Text::line( $answer->get_error_message() );
			return $report;
		}
		$body = json_decode( wp_remote_retrieve_body( $answer ), true );
		$body = is_array( $body ) ? $body : array();

		$report['status']      = (int) wp_remote_retrieve_response_code( $answer );
		$report['outcome']     = self::outcome( $report['status'], $body );
		$report['message']     = Igny8_Bridge_Text::line( isset( $body['message'] ) ? $body['message'] : ( isset( $body['detail'] ) ? $body['detail'] : '' ) );
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
					'name'        => Igny8_Bridge_Text::line( $check['name'] ),
					'ok'          => ! empty( $check['ok'] ),
					'detail'      => Igny8_Bridge_Text::line( isset( $check['detail'] ) ? $check['detail'] : '', 1000 ),
					'duration_ms' => isset( $check['duration_ms'] ) ? (int) $check['duration_ms'] : 0,
				);
			}
		}
		return $read;
	}
}
