<?php
/**
 * One attempt at one delivery.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Sends a delivery and judges the answer.
 */
final class Igny8_Bridge_Delivery {

	/**
	 * The service's word for a signature that it does not accept.
	 */
	const BAD_SIGNATURE = 'invalid_signature';

	/**
	 * Its word for what comes from another address than the one that it has for this site.
	 */
	const SITE_COPY = 'site_copy';

	/**
	 * Its word for what names an integration that is not this site's any more.
	 */
	const OTHER_INTEGRATION = 'other_integration';

	/**
	 * Tries it once more, twice where the first answer showed how to do better.
	 *
	 * @param object $row The delivery.
	 * @return string `sent`, `dead`, `later` (keep back this post) or `stop` (keep back everything).
	 */
	public static function attempt( $row ) {
		$clock  = Igny8_Bridge_Service::clock_offset();
		$answer = self::send( $row );
		if ( 401 === self::status_of( $answer ) && self::can_do_better( $answer, $clock ) ) {
			$answer = self::send( $row );
		}
		$status = self::status_of( $answer );
		if ( in_array( self::code_of( $answer ), array( self::SITE_COPY, self::OTHER_INTEGRATION ), true ) ) {
			return self::keep_ignored( $row, $answer );
		}
		if ( $status >= 200 && $status < 300 ) {
			$kept = self::keep( $row, 'sent', $answer, 0 );
			Igny8_Bridge_Sender::note_success();
			return $kept ? 'sent' : 'stop';
		}
		if ( $status >= 400 && $status < 500 && ! in_array( $status, array( 401, 408, 429 ), true ) ) {
			return self::keep( $row, 'dead', $answer, 0 ) ? 'dead' : 'stop';
		}
		$retry_after = 0 === $status ? 0 : Igny8_Bridge_Schedule::retry_after( (string) wp_remote_retrieve_header( $answer, 'retry-after' ) );
		$kept        = self::keep( $row, 'waiting', $answer, time() + max( $retry_after, Igny8_Bridge_Schedule::delay( $row->attempts + 1 ) ) );
		if ( self::concerns_everything( $status ) || $retry_after > 0 ) {
			Igny8_Bridge_Sender::note_trouble( $answer, $retry_after );
			return 'stop';
		}
		return $kept ? 'later' : 'stop';
	}

	/**
	 * Sends it, stamped and signed anew.
	 *
	 * @param object $row The delivery.
	 * @return array|WP_Error
	 */
	private static function send( $row ) {
		$body    = Igny8_Bridge_Outbox::body_of( $row );
		$headers = Igny8_Bridge_Service::authorization() + Igny8_Bridge_Signature::headers( $row->webhook_id, Igny8_Bridge_Service::time(), $body );
		return Igny8_Bridge_Service::post( 'webhooks/wordpress/' . $row->kind . '/', $body, $headers, 10 );
	}

	/**
	 * Whether a failure is one of the service or of the way to it, which a redirect shows to be wrong too.
	 *
	 * @param int $status The answer's status, 0 where none came.
	 * @return bool
	 */
	public static function concerns_everything( $status ) {
		return $status < 400 || in_array( $status, array( 401, 408, 429, 502, 503, 504 ), true );
	}

	/**
	 * Keeps everything that was ignored because the service is wrong about this site, or was. Where the integration is
	 * another one by now, connecting anew brings it. Where the site has another address there, a person has to change one
	 * of the two. What was ignored goes out under another id then: this one was answered.
	 *
	 * @param object $row    The delivery.
	 * @param array  $answer The answer.
	 * @return string
	 */
	private static function keep_ignored( $row, $answer ) {
		$row->webhook_id = Igny8_Bridge_Outbox::new_webhook_id();
		self::keep( $row, 'waiting', $answer, time() + Igny8_Bridge_Schedule::delay( $row->attempts + 1 ) );
		if ( self::OTHER_INTEGRATION === self::code_of( $answer ) ) {
			Igny8_Bridge_Onboarding::be_due();
		}
		Igny8_Bridge_Sender::note_trouble( $answer, 0 );
		return 'stop';
	}

	/**
	 * Whether a refused signature may hold at once: the answer told the service's clock, or connecting anew brings a
	 * new secret.
	 *
	 * @param array $answer The answer.
	 * @param int   $clock  The clock that the attempt went by.
	 * @return bool
	 */
	private static function can_do_better( $answer, $clock ) {
		if ( abs( Igny8_Bridge_Service::clock_offset() - $clock ) > 5 ) {
			return true;
		}
		return self::BAD_SIGNATURE === self::code_of( $answer ) && Igny8_Bridge_Onboarding::renew_secret();
	}

	/**
	 * Keeps what came of an attempt.
	 *
	 * @param object         $row    The delivery.
	 * @param string         $state  Its state now.
	 * @param array|WP_Error $answer The answer.
	 * @param int            $next   When to try again.
	 * @return bool False if it could not be kept; going on would send the same again at once.
	 */
	private static function keep( $row, $state, $answer, $next ) {
		$values = array(
			'state'        => $state,
			'webhook_id'   => $row->webhook_id,
			'attempts'     => $row->attempts + 1,
			'next_attempt' => $next,
			'answer'       => self::status_of( $answer ),
			'reason'       => 'sent' === $state ? '' : self::reason_of( $answer ),
		);
		if ( 'sent' === $state ) {
			$values['body'] = '';
		}
		return Igny8_Bridge_Outbox::update( $row->id, $values );
	}

	/**
	 * The answer's status, 0 where none came.
	 *
	 * @param array|WP_Error $answer The answer.
	 * @return int
	 */
	public static function status_of( $answer ) {
		return is_wp_error( $answer ) ? 0 : (int) wp_remote_retrieve_response_code( $answer );
	}

	/**
	 * The word for what is wrong, empty where the answer has none.
	 *
	 * @param array|WP_Error $answer The answer.
	 * @return string
	 */
	public static function code_of( $answer ) {
		$body = self::decoded( $answer );
		if ( self::is_of_copy( $body ) ) {
			return self::SITE_COPY;
		}
		$code = isset( $body['code'] ) ? $body['code'] : ( isset( $body['outcome'], $body['reason'] ) && 'ignored' === $body['outcome'] ? $body['reason'] : '' );
		return is_string( $code ) ? $code : '';
	}

	/**
	 * Whether it says that a structure was told from another address, in a sentence.
	 *
	 * @param array $body What it says.
	 * @return bool
	 */
	private static function is_of_copy( $body ) {
		return isset( $body['stored'], $body['reason'] ) && false === $body['stored'] && is_string( $body['reason'] ) && false !== strpos( $body['reason'], 'copy' );
	}

	/**
	 * What an answer says, as far as it can be read.
	 *
	 * @param array|WP_Error $answer The answer.
	 * @return array
	 */
	private static function decoded( $answer ) {
		$body = is_wp_error( $answer ) ? null : json_decode( wp_remote_retrieve_body( $answer ), true );
		return is_array( $body ) ? $body : array();
	}

	/**
	 * Why it failed, in a line.
	 *
	 * @param array|WP_Error $answer The answer.
	 * @return string
	 */
	public static function reason_of( $answer ) {
		if ( is_wp_error( $answer ) ) {
			return Igny8_Bridge_Text::line( $answer->get_error_message() );
		}
		$said = array_intersect_key( self::decoded( $answer ), array_flip( array( 'detail', 'title', 'reason' ) ) );
		$said = isset( $said['detail'] ) ? $said['detail'] : ( isset( $said['title'] ) ? $said['title'] : ( isset( $said['reason'] ) ? $said['reason'] : '' ) );
		return trim( self::status_of( $answer ) . ' ' . Igny8_Bridge_Text::line( $said ) );
	}
}
