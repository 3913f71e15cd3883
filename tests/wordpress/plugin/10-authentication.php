<?php

$me = '/wp-json/wp/v2/users/me?_fields=slug,roles&context=edit';

check( 'the key in its own header acts as the chosen user', fn() => same( 'igny8_editor', ok( 'GET', $me )['slug'] ) );

check( 'the key as bearer token acts as the chosen user', function () use ( $me ) {
	$answer = request( 'GET', $me, array( 'Authorization: Bearer ' . Igny8_Test::KEY ) );
	same( array( 200, 'igny8_editor' ), array( $answer['status'], $answer['json']['slug'] ?? null ) );
} );

check( 'the key in its own header counts where a reverse proxy wants a password of its own', function () use ( $me ) {
	$answer = request( 'GET', $me, array( 'X-IGNY8-API-KEY: ' . Igny8_Test::KEY, 'Authorization: Basic ' . base64_encode( 'staging:secret' ) ) );
	same( 200, $answer['status'], 'status' );
} );

check( 'a wrong key is a 401 on every route', function () {
	foreach ( array( '/wp/v2/posts', '/wp/v2/users/me', '/igny8/v1/status', '/', '/nowhere' ) as $route ) {
		refused( 401, 'igny8_invalid_api_key', request( 'GET', '/?rest_route=' . $route, array( 'X-IGNY8-API-KEY: wrong-but-long-enough' ) ) );
	}
} );

check( 'a wrong key stays wrong beside a right bearer token', function () {
	$headers = array( 'X-IGNY8-API-KEY: wrong-but-long-enough', 'Authorization: Bearer ' . Igny8_Test::KEY );
	refused( 401, 'igny8_invalid_api_key', request( 'GET', '/wp-json/wp/v2/posts', $headers ) );
} );

check( 'part of the key, or another letter case, is not the key', function () {
	foreach ( array( substr( Igny8_Test::KEY, 0, -1 ), strtoupper( Igny8_Test::KEY ), sanitize( Igny8_Test::KEY ) ) as $key ) {
		refused( 401, 'igny8_invalid_api_key', request( 'GET', '/wp-json/wp/v2/posts', array( "X-IGNY8-API-KEY: $key" ) ) );
	}
} );

/** What WordPress's text sanitizer leaves of a key with percent signs. */
function sanitize( $key ) {
	return preg_replace( '/%[a-f0-9]{2}/i', '', $key );
}

check( 'a bearer token that is not ours is left to others on core routes', function () {
	same( 200, request( 'GET', '/wp-json/wp/v2/posts', array( 'Authorization: Bearer some.other.token' ) )['status'], 'status' );
} );

check( 'other plugins do not see our bearer token', function () {
	file_put_contents( Igny8_Test::$folder . '/wp-content/mu-plugins/jwt.php', '<?php
		add_filter( "rest_pre_dispatch", function ( $result ) {
			return isset( $_SERVER["HTTP_AUTHORIZATION"] ) ? new WP_Error( "jwt_auth_bad_token", "no", array( "status" => 403 ) ) : $result;
		} );' );
	same( 200, request( 'GET', '/wp-json/wp/v2/posts', array( 'Authorization: Bearer ' . Igny8_Test::KEY ) )['status'], 'status' );
	unlink( Igny8_Test::$folder . '/wp-content/mu-plugins/jwt.php' );
} );

check( 'plugins that close the REST API let the key in and nobody else', function () use ( $me ) {
	$file = Igny8_Test::$folder . '/wp-content/mu-plugins/closed.php';
	file_put_contents( $file, '<?php
		add_action( "rest_api_init", function () { if ( ! is_user_logged_in() ) { wp_die( "no", 403 ); } } );' );
	same( array( 200, 403 ), array( keyed( 'GET', $me )['status'], request( 'GET', '/wp-json/wp/v2/posts' )['status'] ), 'with and without the key' );
	file_put_contents( $file, '<?php
		add_filter( "rest_authentication_errors", fn() => new WP_Error( "rest_cannot_access", "no", array( "status" => 401 ) ), 99999 );' );
	same( array( 200, 401 ), array( keyed( 'GET', $me )['status'], request( 'GET', '/wp-json/wp/v2/posts' )['status'] ), 'with and without the key' );
	same( array( 200, 403 ), array( request( 'GET', '/wp-json/igny8/v1/status' )['status'], request( 'POST', '/wp-json/igny8/v1/prove', array(), array( 'nonce' => 'nonce-0123456789', 'site_id' => 8, 'site_url' => 'x' ) )['status'] ), 'what a stranger is answered by our own routes' );
	unlink( $file );
} );

check( 'the key opens no page but the REST API', function () {
	same( 302, keyed( 'GET', '/wp-admin/' )['status'], 'status of wp-admin' );
} );

check( 'a wrong application password is a 401 on public routes too, and a right one works', function () {
	$basic = fn( $user, $password ) => request( 'GET', '/wp-json/wp/v2/posts', array( 'Authorization: Basic ' . base64_encode( "$user:$password" ) ) );
	refused( 401, 'incorrect_password', $basic( 'igny8_editor', 'wrong' ) );
	same( 200, $basic( 'igny8_editor', Igny8_Test::$site['editor']['application_password'] )['status'], 'status' );
	same( 200, $basic( 'staging', 'secret' )['status'], 'status with the password in front of a staging site' );
} );

check( 'a replaced key still works for a day', function () use ( $me ) {
	evaluate( 'update_option( "igny8_bridge_api_key", "another-key-altogether" );' );
	same( 200, keyed( 'GET', $me )['status'], 'status with the old key' );
	same( 200, request( 'GET', $me, array( 'X-IGNY8-API-KEY: another-key-altogether' ) )['status'], 'status with the new key' );
	evaluate( '$held = get_option( "igny8_bridge_previous_key" ); $held["until"] = time() - 1; update_option( "igny8_bridge_previous_key", $held );' );
	refused( 401, 'igny8_invalid_api_key', keyed( 'GET', $me ) );
	Igny8_Test::start();
	evaluate( 'delete_option( "igny8_bridge_previous_key" );' );
} );

check( 'a key whose user is gone says so', function () use ( $me ) {
	evaluate( 'update_option( "igny8_bridge_user", 4711 );' );
	refused( 403, 'igny8_no_user', keyed( 'GET', $me ) );
	Igny8_Test::start();
} );

check( 'a site without a key accepts none', function () use ( $me ) {
	evaluate( 'update_option( "igny8_bridge_api_key", "" ); delete_option( "igny8_bridge_previous_key" );' );
	refused( 401, 'igny8_invalid_api_key', keyed( 'GET', $me ) );
	same( 401, request( 'GET', $me, array( 'Authorization: Bearer ' ) )['status'], 'status of an empty bearer token' );
	Igny8_Test::start();
} );

check( 'the switch shuts the key out of everything but the plugin\'s own routes', function () use ( $me ) {
	evaluate( 'update_option( "igny8_bridge_connection_enabled", "0" );' );
	refused( 403, 'igny8_connection_disabled', keyed( 'GET', $me ) );
	same( false, ok( 'GET', '/wp-json/igny8/v1/status' )['connection_enabled'], 'connection_enabled' );
	evaluate( 'update_option( "igny8_bridge_connection_enabled", "1" );' );
	same( 200, keyed( 'GET', $me )['status'], 'status once it is on again' );
} );
