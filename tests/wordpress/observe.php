<?php
/**
 * Plugin Name: Observe (test)
 * Description: Notes each request of a client, and answers as slowly as the file "delay" says (microseconds).
 */

if ( isset( $_SERVER['REQUEST_METHOD'], $_SERVER['REQUEST_URI'] ) ) {
	$igny8_test_delay = WP_CONTENT_DIR . '/delay';
	if ( file_exists( $igny8_test_delay ) ) {
		usleep( (int) file_get_contents( $igny8_test_delay ) );
	}
	file_put_contents( WP_CONTENT_DIR . '/requests.log', $_SERVER['REQUEST_METHOD'] . ' ' . $_SERVER['REQUEST_URI'] . "\n", FILE_APPEND | LOCK_EX );
}
