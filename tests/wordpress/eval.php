<?php
/*
 * Runs code inside a test site: eval.php USER CODE. What the code prints is printed; what it returns, as JSON.
 */
require __DIR__ . '/load.php';
require_once ABSPATH . 'wp-admin/includes/admin.php';

if ( '' !== $argv[1] ) {
	$user = get_user_by( 'login', $argv[1] );
	if ( ! $user ) {
		fwrite( STDERR, "no user {$argv[1]}\n" );
		exit( 1 );
	}
	wp_set_current_user( $user->ID );
}

try {
	$value = eval( $argv[2] );
} catch ( Throwable $error ) {
	fwrite( STDERR, get_class( $error ) . ': ' . $error->getMessage() . ' on line ' . $error->getLine() . "\n" );
	exit( 1 );
}
if ( null !== $value ) {
	echo wp_json_encode( $value, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ), "\n";
}
