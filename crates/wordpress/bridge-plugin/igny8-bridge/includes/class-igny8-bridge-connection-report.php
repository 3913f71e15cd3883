<?php
/**
 * What the last attempt to connect found.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Shows it in plain words, with what to do.
 */
final class Igny8_Bridge_Connection_Report {

	/**
	 * Prints the report, if there is one.
	 *
	 * @param array $report The stored report.
	 */
	public static function render( $report ) {
		if ( ! is_array( $report ) || empty( $report['outcome'] ) ) {
			return;
		}
		$connected = 'connected' === $report['outcome'];
		list( $what, $advice ) = self::words( $report );
		printf(
			'<div id="igny8-bridge-report" tabindex="-1" role="status" class="notice inline %1$s"><p><strong>%2$s</strong></p><p>%3$s</p>',
			$connected ? 'notice-success' : 'notice-error',
			esc_html( $what ),
			esc_html( $advice )
		);
		if ( ! $connected && ! empty( $report['message'] ) ) {
			/* translators: %s: a message of the service */
			echo '<p>' . esc_html( sprintf( __( 'IGNY8 said: %s', 'igny8-bridge' ), $report['message'] ) ) . '</p>';
		}
		/* translators: %s: date and time */
		echo '<p>' . esc_html( sprintf( __( 'Last tried: %s', 'igny8-bridge' ), wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $report['when'] ) ) ) . '</p></div>';
		if ( ! empty( $report['checks'] ) ) {
			self::render_checks( $report['checks'] );
		}
	}

	/**
	 * Prints the table of checks.
	 *
	 * @param array[] $checks The checks.
	 */
	private static function render_checks( $checks ) {
		echo '<table class="widefat striped" style="margin-bottom:2em"><caption class="screen-reader-text">' . esc_html__( 'What IGNY8 checked', 'igny8-bridge' ) . '</caption><thead><tr>';
		foreach ( array( __( 'Check', 'igny8-bridge' ), __( 'Result', 'igny8-bridge' ), __( 'Detail', 'igny8-bridge' ), __( 'Time', 'igny8-bridge' ) ) as $title ) {
			echo '<th scope="col">' . esc_html( $title ) . '</th>';
		}
		echo '</tr></thead><tbody>';
		foreach ( $checks as $check ) {
			printf(
				'<tr><th scope="row" style="vertical-align:top;font-size:13px;line-height:1.5em">%1$s</th><td style="white-space:nowrap">%2$s</td><td style="overflow-wrap:anywhere">%3$s</td><td style="white-space:nowrap">%4$s</td></tr>',
				esc_html( $check['name'] ),
				$check['ok'] ? esc_html__( '✓ OK', 'igny8-bridge' ) : '<strong>' . esc_html__( '✗ Failed', 'igny8-bridge' ) . '</strong>',
				esc_html( $check['detail'] ),
				/* translators: %s: milliseconds */
				esc_html( sprintf( __( '%s ms', 'igny8-bridge' ), number_format_i18n( $check['duration_ms'] ) ) )
			);
		}
		echo '</tbody></table>';
	}

	/**
	 * What happened, and what to do.
	 *
	 * @param array $report The report.
	 * @return string[]
	 */
	private static function words( $report ) {
		switch ( $report['outcome'] ) {
			case 'connected':
				/* translators: %s: a number */
				return array( __( 'Connected.', 'igny8-bridge' ), sprintf( __( 'IGNY8 knows this site as integration %s.', 'igny8-bridge' ), $report['integration_id'] ) );
			case 'connection_failed':
				return array( __( 'IGNY8 could not connect to this site.', 'igny8-bridge' ), __( 'The first failed check below says where it stopped. Set that right, then connect again.', 'igny8-bridge' ) );
			case 'validation_error':
				return array( __( 'IGNY8 could not use these settings.', 'igny8-bridge' ), __( 'Compare site id and API key with what IGNY8 shows, and the site address under Settings > General with how visitors reach this site.', 'igny8-bridge' ) );
			case 'api_key_mismatch':
				return array( __( 'The API key does not belong to this site id.', 'igny8-bridge' ), __( 'Copy both from IGNY8 again. If the key was shown long ago, make a new one there.', 'igny8-bridge' ) );
			case 'inactive':
				return array( __( 'The IGNY8 account is not active.', 'igny8-bridge' ), __( 'Ask whoever looks after it in your company, or IGNY8 support.', 'igny8-bridge' ) );
			case 'site_moved':
				return array( __( 'IGNY8 knows this site under another address.', 'igny8-bridge' ), __( 'If this is a copy of the live site, give it an IGNY8 site of its own. If the site has moved, change its address in IGNY8, then connect again.', 'igny8-bridge' ) );
			case 'throttled':
				/* translators: %s: seconds */
				return array( __( 'Too many attempts.', 'igny8-bridge' ), sprintf( __( 'Wait %s seconds, then connect again.', 'igny8-bridge' ), number_format_i18n( max( 60, $report['retry_after'] ) ) ) );
			case 'service_error':
				/* translators: %s: an HTTP status */
				return array( __( 'IGNY8 has a problem of its own.', 'igny8-bridge' ), sprintf( __( 'It answered with status %s. Nothing is wrong here; try again in a few minutes.', 'igny8-bridge' ), $report['status'] ) );
			case 'unreachable':
				return array( __( 'The IGNY8 service cannot be reached from this site.', 'igny8-bridge' ), __( 'Check the service address. If it is right, this site\'s host may block outgoing requests: ask the host to allow that address.', 'igny8-bridge' ) );
			default:
				/* translators: %s: an HTTP status */
				return array( __( 'That address does not belong to an IGNY8 service.', 'igny8-bridge' ), sprintf( __( 'It answered with status %s. Check the service address, https included.', 'igny8-bridge' ), $report['status'] ) );
		}
	}
}
