<?php
/**
 * Signing deliveries.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Standard Webhooks: an HMAC-SHA256 over id, time and the exact bytes of the body.
 */
final class Igny8_Bridge_Signature {

	/**
	 * The headers of one attempt; without a secret it goes unsigned.
	 *
	 * @param string $id   The delivery's id, the same on each attempt.
	 * @param int    $time The time of this attempt, by the service's clock.
	 * @param string $body The body as it is sent.
	 * @return array<string,string>
	 */
	public static function headers( $id, $time, $body ) {
		$secret = Igny8_Bridge_Options::webhook_secret();
		if ( '' === $secret ) {
			return array();
		}
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode -- the form of a signature.
		$signature = base64_encode( hash_hmac( 'sha256', "$id.$time.$body", $secret, true ) );
		return array(
			'webhook-id'        => $id,
			'webhook-timestamp' => (string) $time,
			'webhook-signature' => "v1,$signature",
		);
	}
}
