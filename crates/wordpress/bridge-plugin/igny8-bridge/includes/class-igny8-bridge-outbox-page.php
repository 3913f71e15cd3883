<?php
/**
 * The outbox on the settings page.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Shows what waits and what was refused for good, with a button to send that again.
 */
final class Igny8_Bridge_Outbox_Page {

	const ACTION = 'igny8_bridge_send_again';

	/**
	 * Hooks in.
	 */
	public static function boot() {
		add_action( 'admin_post_' . self::ACTION, array( __CLASS__, 'handle' ) );
		add_action( 'admin_notices', array( __CLASS__, 'render_notice' ) );
	}

	/**
	 * Handles the button.
	 */
	public static function handle() {
		if ( ! current_user_can( 'manage_options' ) ) {
			wp_die( esc_html__( 'Sorry, you are not allowed to do that.', 'igny8-bridge' ), '', array( 'response' => 403 ) );
		}
		check_admin_referer( self::ACTION );
		Igny8_Bridge_Outbox::revive();
		Igny8_Bridge_Sender::resume();
		wp_safe_redirect( Igny8_Bridge_Settings_Page::url() );
		exit;
	}

	/**
	 * Prints the section.
	 */
	public static function render() {
		if ( ! Igny8_Bridge_Options::is_connected() ) {
			return;
		}
		$counts = Igny8_Bridge_Outbox::counts();
		echo '<h2>' . esc_html__( 'Changes told to IGNY8', 'igny8-bridge' ) . '</h2>';
		if ( 0 === $counts['waiting'] && 0 === $counts['dead'] ) {
			echo '<p>' . esc_html__( 'All of them have arrived.', 'igny8-bridge' ) . '</p>';
		}
		if ( $counts['waiting'] > 0 ) {
			self::render_waiting( $counts['waiting'] );
		}
		$is_taken_for_copy = Igny8_Bridge_Sender::is_taken_for_copy();
		if ( $is_taken_for_copy ) {
			self::render_copy();
		}
		if ( $counts['dead'] > 0 ) {
			self::render_dead( $counts['dead'] );
		}
		if ( $is_taken_for_copy || $counts['dead'] > 0 ) {
			self::render_send_again();
		}
		if ( abs( Igny8_Bridge_Service::clock_offset() ) > 60 ) {
			/* translators: %s: seconds */
			echo '<p>' . esc_html( sprintf( __( 'This server\'s clock is %s seconds off. Deliveries go by the clock of IGNY8, but ask the host to set it right.', 'igny8-bridge' ), number_format_i18n( abs( Igny8_Bridge_Service::clock_offset() ) ) ) ) . '</p>';
		}
	}

	/**
	 * Prints how many wait, until when and why.
	 *
	 * @param int $count How many.
	 */
	private static function render_waiting( $count ) {
		$state = Igny8_Bridge_Sender::state();
		/* translators: %s: a number */
		echo '<p>' . esc_html( sprintf( _n( '%s change waits to be sent.', '%s changes wait to be sent.', $count, 'igny8-bridge' ), number_format_i18n( $count ) ) );
		if ( $state['due'] > time() ) {
			/* translators: %s: a span of time */
			echo ' ' . esc_html( sprintf( __( 'Next attempt in %s.', 'igny8-bridge' ), human_time_diff( time(), $state['due'] ) ) );
		}
		if ( '' !== $state['reason'] ) {
			/* translators: %s: why it failed */
			echo ' ' . esc_html( sprintf( __( 'The last one failed: %s', 'igny8-bridge' ), $state['reason'] ) );
		}
		echo '</p>';
		if ( self::is_refused( $state ) ) {
			echo '<p>' . esc_html__( 'IGNY8 does not accept this site\'s API key any more. Enter the new one above and save. Nothing is lost meanwhile.', 'igny8-bridge' ) . '</p>';
		} elseif ( 401 === $state['answer'] && '' !== $state['reason'] ) {
			echo '<p>' . esc_html__( 'IGNY8 does not accept this site\'s signatures. Press Connect to fetch a new secret; once an hour the site tries that by itself. Nothing is lost meanwhile.', 'igny8-bridge' ) . '</p>';
		}
	}

	/**
	 * Prints that the service has another address for this site, and what to do.
	 */
	private static function render_copy() {
		$state = Igny8_Bridge_Sender::state();
		printf(
			'<div class="notice notice-warning inline"><p>%1$s</p><p>%2$s</p></div>',
			/* translators: 1: this site's address 2: a message of the service */
			esc_html( sprintf( __( 'IGNY8 has another address for this site than %1$s, so it takes this site for a copy and nothing that it tells. IGNY8 said: %2$s', 'igny8-bridge' ), Igny8_Bridge_Options::address(), $state['reason'] ) ),
			esc_html__( 'If this is the live site, change its address in IGNY8 to this one, then connect or send again: changes made here are kept. If it is a copy, give it an IGNY8 site of its own, or deactivate this plugin here.', 'igny8-bridge' )
		);
	}

	/**
	 * Whether the service refuses the key, which only a person can set right.
	 *
	 * @param array $state The sender's.
	 * @return bool
	 */
	private static function is_refused( $state ) {
		return 401 === $state['answer'] && '' !== $state['reason'] && Igny8_Bridge_Delivery::BAD_SIGNATURE !== $state['code'];
	}

	/**
	 * Tells an administrator who looks elsewhere that the key is refused.
	 */
	public static function render_notice() {
		$screen = get_current_screen();
		if ( ! $screen || ! in_array( $screen->id, array( 'dashboard', 'plugins' ), true ) || ! current_user_can( 'manage_options' )
			|| ! Igny8_Bridge_Options::is_connected() || ! self::is_refused( Igny8_Bridge_Sender::state() ) ) {
			return;
		}
		printf(
			'<div class="notice notice-error"><p>%1$s <a href="%2$s">%3$s</a></p></div>',
			esc_html__( 'IGNY8 does not accept this site\'s API key any more, so changes made here wait.', 'igny8-bridge' ),
			esc_url( Igny8_Bridge_Settings_Page::url() ),
			esc_html__( 'Enter the new one', 'igny8-bridge' )
		);
	}

	/**
	 * Prints what was refused.
	 *
	 * @param int $count How many.
	 */
	private static function render_dead( $count ) {
		/* translators: %s: a number */
		echo '<p>' . esc_html( sprintf( _n( '%s change was refused by IGNY8.', '%s changes were refused by IGNY8.', $count, 'igny8-bridge' ), number_format_i18n( $count ) ) ) . '</p>';
		echo '<table class="widefat striped"><caption class="screen-reader-text">' . esc_html__( 'Refused changes', 'igny8-bridge' ) . '</caption><thead><tr>';
		foreach ( array( __( 'Post', 'igny8-bridge' ), __( 'Why', 'igny8-bridge' ), __( 'When', 'igny8-bridge' ) ) as $title ) {
			echo '<th scope="col">' . esc_html( $title ) . '</th>';
		}
		echo '</tr></thead><tbody>';
		foreach ( Igny8_Bridge_Outbox::dead( 20 ) as $row ) {
			$title = get_the_title( (int) $row->post_id );
			printf(
				'<tr><th scope="row">%1$s</th><td style="overflow-wrap:anywhere">%2$s</td><td>%3$s</td></tr>',
				/* translators: %s: a post's id */
				'' === $title ? esc_html( sprintf( __( 'Post %s', 'igny8-bridge' ), $row->post_id ) ) : esc_html( wp_strip_all_tags( $title ) ),
				esc_html( $row->reason ),
				esc_html( wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), (int) $row->created ) )
			);
		}
		echo '</tbody></table>';
	}

	/**
	 * Prints the button.
	 */
	private static function render_send_again() {
		echo '<form method="post" action="' . esc_url( admin_url( 'admin-post.php' ) ) . '">';
		echo '<input type="hidden" name="action" value="' . esc_attr( self::ACTION ) . '">';
		wp_nonce_field( self::ACTION );
		submit_button( __( 'Send again', 'igny8-bridge' ), 'secondary', 'send_again', true );
		echo '</form>';
	}
}
