<?php
/**
 * Settings > IGNY8
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Shows the settings and the connection, in WordPress's own form table: it is usable by keyboard and on a phone.
 */
final class Igny8_Bridge_Settings_Page {

	const SLUG = 'igny8-bridge';

	/**
	 * Hooks in.
	 */
	public static function boot() {
		add_action( 'admin_menu', array( __CLASS__, 'add' ) );
		add_filter( 'plugin_action_links_igny8-bridge/igny8-bridge.php', array( __CLASS__, 'add_link' ) );
	}

	/**
	 * The page's address.
	 *
	 * @return string
	 */
	public static function url() {
		return admin_url( 'options-general.php?page=' . self::SLUG );
	}

	/**
	 * Adds the page to the menu.
	 */
	public static function add() {
		add_options_page( __( 'IGNY8', 'igny8-bridge' ), __( 'IGNY8', 'igny8-bridge' ), 'manage_options', self::SLUG, array( __CLASS__, 'render' ) );
	}

	/**
	 * Adds a link to the page in the list of plugins.
	 *
	 * @param string[] $links The links.
	 * @return string[]
	 */
	public static function add_link( $links ) {
		$link = '<a href="' . esc_url( self::url() ) . '">' . esc_html__( 'Settings', 'igny8-bridge' ) . '</a>';
		return array_merge( array( $link ), $links );
	}

	/**
	 * The page.
	 */
	public static function render() {
		if ( ! current_user_can( 'manage_options' ) ) {
			return;
		}
		echo '<div class="wrap"><h1>' . esc_html__( 'IGNY8', 'igny8-bridge' ) . '</h1>';
		self::render_form();
		self::render_connection();
		Igny8_Bridge_Outbox_Page::render();
		echo '</div>';
	}

	/**
	 * The form with the settings.
	 */
	private static function render_form() {
		echo '<form method="post" action="' . esc_url( admin_url( 'options.php' ) ) . '">';
		settings_fields( Igny8_Bridge_Settings::GROUP );
		echo '<table class="form-table" role="presentation">';
		self::row( Igny8_Bridge_Options::SERVICE_URL, __( 'Service address', 'igny8-bridge' ), array( __CLASS__, 'render_service_url' ) );
		self::row( Igny8_Bridge_Options::SITE_ID, __( 'Site id', 'igny8-bridge' ), array( __CLASS__, 'render_site_id' ) );
		self::row( Igny8_Bridge_Options::API_KEY, __( 'API key', 'igny8-bridge' ), array( __CLASS__, 'render_api_key' ) );
		self::row( Igny8_Bridge_Options::USER, __( 'Acts as', 'igny8-bridge' ), array( __CLASS__, 'render_user' ) );
		echo '<tr><th scope="row">' . esc_html__( 'Sync', 'igny8-bridge' ) . '</th><td><fieldset><legend class="screen-reader-text"><span>' . esc_html__( 'Sync', 'igny8-bridge' ) . '</span></legend>';
		self::render_switch( Igny8_Bridge_Options::CONNECTION, Igny8_Bridge_Options::connection_enabled(), __( 'IGNY8 may reach this site', 'igny8-bridge' ) );
		self::render_switch( Igny8_Bridge_Options::TWO_WAY_SYNC, Igny8_Bridge_Options::two_way_sync_enabled(), __( 'Tell IGNY8 about changes made here', 'igny8-bridge' ) );
		echo '</fieldset></td></tr></table>';
		submit_button();
		echo '</form>';
	}

	/**
	 * One row of the form.
	 *
	 * @param string   $option The setting, and its field's id.
	 * @param string   $label  The label.
	 * @param callable $field  Prints the field.
	 */
	private static function row( $option, $label, $field ) {
		echo '<tr><th scope="row"><label for="' . esc_attr( $option ) . '">' . esc_html( $label ) . '</label></th><td>';
		call_user_func( $field, $option );
		echo '</td></tr>';
	}

	/**
	 * The service's address.
	 *
	 * @param string $option The setting.
	 */
	public static function render_service_url( $option ) {
		printf(
			'<input type="url" class="regular-text code" id="%1$s" name="%1$s" value="%2$s" placeholder="https://app.example.com" required>',
			esc_attr( $option ),
			esc_attr( get_option( $option, '' ) )
		);
	}

	/**
	 * The site's id.
	 *
	 * @param string $option The setting.
	 */
	public static function render_site_id( $option ) {
		printf(
			'<input type="text" inputmode="numeric" pattern="[1-9][0-9]*" class="small-text" id="%1$s" name="%1$s" value="%2$s" required>',
			esc_attr( $option ),
			esc_attr( get_option( $option, '' ) )
		);
	}

	/**
	 * The key: never printed, only its last four characters.
	 *
	 * @param string $option The setting.
	 */
	public static function render_api_key( $option ) {
		$key  = Igny8_Bridge_Options::api_key();
		$hint = $option . '_hint';
		printf(
			'<input type="password" class="regular-text code" id="%1$s" name="%1$s" value="" autocomplete="off" spellcheck="false" aria-describedby="%2$s" %3$s><p class="description" id="%2$s">%4$s</p>',
			esc_attr( $option ),
			esc_attr( $hint ),
			'' === $key ? 'required' : 'placeholder="••••••••"',
			esc_html(
				'' === $key
					? __( 'IGNY8 shows it once, when the site is added there.', 'igny8-bridge' )
					/* translators: %s: the last characters of the key */
					: sprintf( __( 'A key that ends in %s is stored. Leave this empty to keep it.', 'igny8-bridge' ), strlen( $key ) >= 16 ? substr( $key, -4 ) : substr( $key, -1 ) )
			)
		);
	}

	/**
	 * The user to act as.
	 *
	 * @param string $option The setting.
	 */
	public static function render_user( $option ) {
		wp_dropdown_users(
			array(
				'id'                => $option,
				'name'              => $option,
				'selected'          => (int) get_option( $option, get_current_user_id() ),
				'capability'        => 'edit_posts',
				'show'              => 'display_name_with_login',
				'show_option_none'  => __( 'Choose a user', 'igny8-bridge' ),
				'option_none_value' => 0,
			)
		);
		echo '<p class="description">' . esc_html__( 'What IGNY8 does here is done in this user\'s name, with its rights. An editor is enough.', 'igny8-bridge' ) . '</p>';
	}

	/**
	 * A checkbox.
	 *
	 * @param string $option The setting.
	 * @param bool   $on     Whether it is on.
	 * @param string $label  The label.
	 */
	private static function render_switch( $option, $on, $label ) {
		printf(
			'<label for="%1$s"><input type="checkbox" id="%1$s" name="%1$s" value="1" %2$s> %3$s</label><br>',
			esc_attr( $option ),
			checked( $on, true, false ),
			esc_html( $label )
		);
	}

	/**
	 * The Connect button and what the last attempt found.
	 */
	private static function render_connection() {
		echo '<h2>' . esc_html__( 'Connection', 'igny8-bridge' ) . '</h2>';
		if ( Igny8_Bridge_Options::is_copy() ) {
			echo '<div class="notice notice-warning inline"><p>' . esc_html__( 'This site has another address than the one that was connected, so it tells IGNY8 nothing. If it is a copy, leave it so or give it an IGNY8 site of its own. If the site has moved, change its address in IGNY8 and connect again.', 'igny8-bridge' ) . '</p></div>';
		}
		if ( Igny8_Bridge_Onboarding::is_ready() ) {
			echo '<form method="post" action="' . esc_url( admin_url( 'admin-post.php' ) ) . '">';
			echo '<input type="hidden" name="action" value="' . esc_attr( Igny8_Bridge_Connect_Button::ACTION ) . '">';
			wp_nonce_field( Igny8_Bridge_Connect_Button::ACTION );
			echo '<p>' . esc_html__( 'IGNY8 calls this site back and checks each step. Save changed settings first.', 'igny8-bridge' ) . '</p>';
			submit_button( __( 'Connect', 'igny8-bridge' ), 'secondary', 'connect', true );
			echo '</form>';
		} else {
			echo '<p>' . esc_html__( 'Fill in and save the settings above, then connect here.', 'igny8-bridge' ) . '</p>';
		}
		Igny8_Bridge_Connection_Report::render( get_option( Igny8_Bridge_Options::REPORT, array() ) );
	}
}
