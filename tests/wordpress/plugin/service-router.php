<?php
/*
 * The listener's side: every request is recorded in a file of its own, in order, and gets the answer that is set.
 */
$folder  = getenv( 'IGNY8_TEST_SERVICE' );
$headers = array();
foreach ( getallheaders() as $name => $value ) {
	$headers[ strtolower( $name ) ] = $value;
}
$record = json_encode(
	array(
		'method'  => $_SERVER['REQUEST_METHOD'],
		'path'    => $_SERVER['REQUEST_URI'],
		'headers' => $headers,
		'body'    => file_get_contents( 'php://input' ),
		'time'    => microtime( true ),
	)
);
$name   = sprintf( '%s/%020d', $folder, hrtime( true ) );
file_put_contents( $name, $record );
rename( $name, preg_replace( '#/(\d+)$#', '/request-$1', $name ) );

$answer = array( 'status' => 404, 'body' => array(), 'headers' => array(), 'delay' => 0 );
foreach ( json_decode( (string) @file_get_contents( $folder . '/answer' ), true ) ?? array() as $path => $set ) {
	if ( '' === $path || str_ends_with( $_SERVER['REQUEST_URI'], $path ) ) {
		$answer = $set;
	}
}
usleep( (int) ( 1000000 * $answer['delay'] ) );
http_response_code( $answer['status'] );
header( 'Content-Type: application/json' );
foreach ( $answer['headers'] as $name => $value ) {
	header( "$name: $value" );
}
echo is_string( $answer['body'] ) ? $answer['body'] : json_encode( $answer['body'] );
