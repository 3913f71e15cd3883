<?php
/*
 * Loads a test site's WordPress on the command line, as a request for its home page would.
 */
$igny8_test_url = preg_match( "/WP_HOME', '([^']+)'/", file_get_contents( getenv( 'IGNY8_TEST_SITE' ) . '/wp-config.php' ), $found ) ? parse_url( $found[1] ) : array();

$_SERVER['IGNY8_TEST_SITE'] = getenv( 'IGNY8_TEST_SITE' );
$_SERVER['HTTP_HOST']       = $igny8_test_url['host'] . ':' . $igny8_test_url['port'];
$_SERVER['SERVER_NAME']     = $igny8_test_url['host'];
$_SERVER['SERVER_PORT']     = $igny8_test_url['port'];
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REQUEST_METHOD']  = 'GET';
$_SERVER['REQUEST_URI']     = '/';
$_SERVER['REMOTE_ADDR']     = '127.0.0.1';

require getenv( 'IGNY8_TEST_CORE' ) . '/wp-load.php';
