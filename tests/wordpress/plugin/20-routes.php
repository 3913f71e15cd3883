<?php

check( 'anybody learns that the plugin is here, and nothing else', function () {
	$answer = request( 'GET', '/wp-json/igny8/v1/status' );
	same( array( 'plugin' => 'igny8-bridge', 'version' => '0.1.0', 'protocol' => 1 ), $answer['json'] );
	same( 'no-store, private', $answer['headers']['cache-control'] ?? null, 'Cache-Control' );
} );

check( 'the key shows what a sync needs', function () {
	$answer = keyed( 'GET', '/wp-json/igny8/v1/status' );
	$status = $answer['json'];
	same( 'no-store, private', $answer['headers']['cache-control'] ?? null, 'Cache-Control' );
	same( Igny8_Test::$site['url'], $status['site_url'], 'site_url' );
	same( Igny8_Test::$site['url'], $status['home_url'], 'home_url' );
	same( Igny8_Test::$site['wordpress_version'], $status['wordpress_version'], 'wordpress_version' );
	holds( abs( time() - $status['server_time'] ) <= 2, 'server_time is now' );
	same( array( false, true, true, false ), array( $status['multisite'], $status['connection_enabled'], $status['two_way_sync_enabled'], $status['signs_webhooks'] ) );
	same( array( 'marker', 'compare_and_set', 'seo', 'changes' ), $status['features'], 'features' );
	same( array( 'igny8_editor', array( 'editor' ) ), array( $status['user']['login'], $status['user']['roles'] ) );
	same(
		array( 'edit_posts', 'publish_posts', 'edit_others_posts', 'edit_published_posts', 'edit_pages', 'publish_pages', 'edit_others_pages', 'upload_files', 'manage_categories', 'unfiltered_html' ),
		array_keys( array_filter( $status['user']['capabilities'] ) ),
		'capabilities of an editor'
	);
} );

check( 'what an author may not do is shown as false', function () {
	evaluate( 'update_option( "igny8_bridge_user", get_user_by( "login", "igny8_author" )->ID );' );
	$may = ok( 'GET', '/wp-json/igny8/v1/status' )['user']['capabilities'];
	same( array( true, false, false, true ), array( $may['publish_posts'], $may['manage_categories'], $may['unfiltered_html'], $may['upload_files'] ) );
	Igny8_Test::start();
} );

check( 'the status says whether the Authorization header arrived', function () {
	same( false, ok( 'GET', '/wp-json/igny8/v1/status' )['authorization_header'] );
	same( true, ok( 'GET', '/wp-json/igny8/v1/status', null, array( 'Authorization: Bearer ' . Igny8_Test::KEY ) )['authorization_header'] );
} );

check( 'a wrong bearer token on the status is a 401', function () {
	refused( 401, 'igny8_invalid_api_key', request( 'GET', '/wp-json/igny8/v1/status', array( 'Authorization: Bearer wrong-but-long' ) ) );
} );

check( 'answers to the key are not for caches', function () {
	same( 'no-store, private', keyed( 'GET', '/wp-json/wp/v2/posts' )['headers']['cache-control'] ?? null, 'Cache-Control' );
	same( 'no-store, private', request( 'GET', '/wp-json/wp/v2/posts', array( 'X-IGNY8-API-KEY: wrong-but-long' ) )['headers']['cache-control'] ?? null, 'Cache-Control of a refusal' );
	same( null, request( 'GET', '/wp-json/wp/v2/posts' )['headers']['cache-control'] ?? null, 'Cache-Control for anybody else' );
} );

function prove( $fields ) {
	return request( 'POST', '/wp-json/igny8/v1/prove', array(), $fields + array( 'nonce' => 'nonce-0123456789_ABC', 'site_id' => 7, 'site_url' => Igny8_Test::$site['url'] ) );
}

check( 'the proof is an HMAC over nonce, site id and address, keyed by the site key', function () {
	$url    = Igny8_Test::$site['url'];
	$answer = prove( array() );
	same( array( 'proof' => hash_hmac( 'sha256', "igny8-onboarding-v1\nnonce-0123456789_ABC\n7\n$url", Igny8_Test::KEY ) ), $answer['json'] );
	same( 'no-store, private', $answer['headers']['cache-control'] ?? null, 'Cache-Control' );
} );

check( 'the proof covers the address as the service wrote it', function () {
	$url = str_replace( 'http://', 'HTTP://', Igny8_Test::$site['url'] ) . '/';
	same( array( 'proof' => hash_hmac( 'sha256', "igny8-onboarding-v1\nnonce-0123456789_ABC\n7\n$url", Igny8_Test::KEY ) ), prove( array( 'site_url' => $url, 'site_id' => '7' ) )['json'] );
} );

check( 'nothing is proved for another site or address', function () {
	refused( 403, 'igny8_other_site', prove( array( 'site_id' => 8 ) ) );
	foreach ( array( 'http://127.0.0.1:1', 'http://other.example', 'ftp://127.0.0.1', 'nonsense', Igny8_Test::$site['url'] . '/blog', Igny8_Test::$site['url'] . '?x=1' ) as $url ) {
		$answer = prove( array( 'site_url' => $url ) );
		refused( 409, 'igny8_other_address', $answer );
		same( Igny8_Test::$site['url'], $answer['json']['data']['site_url'], 'data.site_url' );
	}
} );

check( 'a proof needs sound parameters', function () {
	foreach ( array( array( 'nonce' => 'short' ), array( 'nonce' => str_repeat( 'a', 129 ) ), array( 'nonce' => "line\nfeed-0123456789" ), array( 'site_id' => 'x' ), array( 'site_id' => 0 ), array( 'site_url' => '' ), array( 'nonce' => array() ) ) as $wrong ) {
		refused( 400, 'rest_invalid_param', prove( $wrong ) );
	}
} );

check( 'a site without a key proves nothing', function () {
	evaluate( 'update_option( "igny8_bridge_api_key", "" ); delete_option( "igny8_bridge_previous_key" );' );
	refused( 403, 'igny8_not_configured', prove( array() ) );
	Igny8_Test::start();
} );
