<?php

function version_of( $base, $id ) {
	return ok( 'GET', "/wp-json/wp/v2/$base/$id?context=edit&_fields=igny8_version" )['igny8_version'];
}

function write_if( $version, $path, $body, $method = 'POST' ) {
	return keyed( $method, $path, $body, array( "X-IGNY8-If-Version: $version" ) );
}

check( 'a version is the time and 32 hex digits, the same in a list and alone', function () {
	foreach ( array( 'posts', 'pages', 'books' ) as $base ) {
		foreach ( ok( 'GET', "/wp-json/wp/v2/$base?context=edit&_fields=id,igny8_version" ) as $row ) {
			holds( 1 === preg_match( '/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:[0-9a-f]{32}$/', $row['igny8_version'] ), "{$row['igny8_version']} is a version" );
			same( version_of( $base, $row['id'] ), $row['igny8_version'], 'version in the list' );
		}
	}
} );

check( 'everything that syncs moves the version, also what leaves the time alone', function () {
	$id    = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Versions', 'content' => 'a', 'status' => 'draft' ) )['id'];
	$seen  = array( version_of( 'posts', $id ) );
	$after = function ( $code ) use ( $id, &$seen ) {
		evaluate( "global \$wpdb; \$id = $id; $code" );
		$now = version_of( 'posts', $id );
		holds( ! in_array( $now, $seen, true ), "the version moved by $code" );
		$seen[] = $now;
	};
	foreach ( array( 'post_title', 'post_content', 'post_excerpt', 'post_name', 'post_status' ) as $column ) {
		$after( "\$wpdb->update( \$wpdb->posts, array( '$column' => 'private' ), array( 'ID' => \$id ) );" );
	}
	$after( 'wp_set_object_terms( $id, array( "Fresh" ), "category" );' );
	$after( 'wp_set_object_terms( $id, array( "Fresh" ), "post_tag" );' );
	$after( 'update_post_meta( $id, "_thumbnail_id", 99 );' );
	$after( 'update_post_meta( $id, "_igny8_seo_title", "T" );' );
	evaluate( "update_post_meta( $id, '_some_plugins_cache', time() );" );
	same( end( $seen ), version_of( 'posts', $id ), 'version after meta that does not sync' );
} );

check( 'a write at the current version goes through and answers the next one', function () {
	foreach ( array( 'posts', 'pages', 'books' ) as $base ) {
		$id = ok( 'POST', "/wp-json/wp/v2/$base", array( 'title' => 'First', 'status' => 'publish' ) )['id'];
		foreach ( array( 'POST', 'PUT', 'PATCH' ) as $method ) {
			$answer = write_if( version_of( $base, $id ), "/wp-json/wp/v2/$base/$id?_fields=igny8_version,title", array( 'title' => "By $method" ), $method );
			same( array( 200, "By $method" ), array( $answer['status'], $answer['json']['title']['raw'] ?? null ) );
			same( version_of( $base, $id ), $answer['json']['igny8_version'], 'answered version' );
		}
	}
} );

check( 'a write at an old version is a 412 and changes nothing', function () {
	$id  = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Original', 'status' => 'publish' ) )['id'];
	$old = version_of( 'posts', $id );
	evaluate( "wp_update_post( array( 'ID' => $id, 'post_title' => 'By a person' ) );" );
	$now = version_of( 'posts', $id );
	foreach ( array( 'POST', 'PUT', 'PATCH', 'DELETE' ) as $method ) {
		$answer = write_if( $old, "/wp-json/wp/v2/posts/$id", 'DELETE' === $method ? null : array( 'title' => 'Overwritten', 'meta' => array( 'igny8_content_id' => '9' ), 'igny8_seo' => array( 'title' => 'x' ), 'tags' => array() ), $method );
		refused( 412, 'igny8_version_mismatch', $answer );
		same( $now, $answer['json']['data']['current_version'], 'data.current_version' );
	}
	same( array( 'By a person', $now ), array( evaluate( "return get_post( $id )->post_title;" ), version_of( 'posts', $id ) ) );
	refused( 412, 'igny8_version_mismatch', write_if( 'nonsense', "/wp-json/wp/v2/posts/$id", array( 'title' => 'x' ) ) );
} );

check( 'an override of the method does not get around it', function () {
	$id = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Original', 'status' => 'publish' ) )['id'];
	refused( 412, 'igny8_version_mismatch', keyed( 'POST', "/wp-json/wp/v2/posts/$id", null, array( 'X-HTTP-Method-Override: DELETE', 'X-IGNY8-If-Version: old' ) ) );
	same( 'publish', evaluate( "return get_post_status( $id );" ), 'post_status' );
} );

check( 'a post that is open in the editor is a 423 with the name, whoever has it open', function () {
	$id = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Open', 'status' => 'publish' ) )['id'];
	foreach ( array( 'admin' => 'admin', 'igny8_editor' => 'igny8_editor' ) as $login => $name ) {
		evaluate( "update_post_meta( $id, '_edit_lock', time() . ':' . get_user_by( 'login', '$login' )->ID );" );
		$answer = write_if( version_of( 'posts', $id ), "/wp-json/wp/v2/posts/$id", array( 'title' => 'x' ) );
		refused( 423, 'igny8_post_locked', $answer );
		same( $name, $answer['json']['data']['user'], 'data.user' );
	}
	evaluate( "update_post_meta( $id, '_edit_lock', ( time() - 151 ) . ':1' );" );
	same( 200, write_if( version_of( 'posts', $id ), "/wp-json/wp/v2/posts/$id", array( 'title' => 'x' ) )['status'], 'status once the editor was left' );
} );

check( 'the version is told only to those who may edit the post', function () {
	$id = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Not yours', 'status' => 'publish' ) )['id'];
	evaluate( 'update_option( "igny8_bridge_user", get_user_by( "login", "igny8_author" )->ID );' );
	refused( 403, 'rest_cannot_edit', write_if( 'old', "/wp-json/wp/v2/posts/$id", array( 'title' => 'x' ) ) );
	Igny8_Test::start();
	refused( 404, 'rest_post_invalid_id', write_if( 'old', '/wp-json/wp/v2/posts/999999', array( 'title' => 'x' ) ) );
} );

check( 'of many writes at one version exactly one goes through', function () {
	$id      = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Race', 'status' => 'publish' ) )['id'];
	$version = version_of( 'posts', $id );
	$many    = curl_multi_init();
	$handles = array();
	for ( $i = 0; $i < 8; $i++ ) {
		$handles[ $i ] = curl_init( Igny8_Test::$site['url'] . "/wp-json/wp/v2/posts/$id" );
		curl_setopt_array( $handles[ $i ], array(
			CURLOPT_RETURNTRANSFER => true,
			CURLOPT_POSTFIELDS     => json_encode( array( 'title' => "Writer $i" ) ),
			CURLOPT_HTTPHEADER     => array( 'Content-Type: application/json', 'X-IGNY8-API-KEY: ' . Igny8_Test::KEY, "X-IGNY8-If-Version: $version" ),
		) );
		curl_multi_add_handle( $many, $handles[ $i ] );
	}
	do {
		curl_multi_exec( $many, $running );
		curl_multi_select( $many, 0.1 );
	} while ( $running );
	$statuses = array_map( fn( $handle ) => curl_getinfo( $handle, CURLINFO_RESPONSE_CODE ), $handles );
	same( array( 200 => 1, 412 => 7 ), array_map( 'intval', array_replace( array( 200 => 0, 412 => 0 ), array_count_values( $statuses ) ) ), 'statuses' );
	same( 'Writer ' . array_search( 200, $statuses, true ), evaluate( "return get_post( $id )->post_title;" ), 'title' );
} );

check( 'a post is held while anybody writes it, so that no guarded write comes between', function () {
	evaluate( 'update_option( "igny8_bridge_integration_id", 42 ); update_option( "igny8_bridge_service_url", "http://127.0.0.1:1" );' );
	$id   = evaluate( 'return wp_insert_post( array( "post_title" => "Slow", "post_content" => "a", "post_status" => "publish" ) );' );
	$held = fn( $when ) => evaluate( "add_action( '$when', function () use ( &\$held ) {
		global \$wpdb;
		\$held = '0' === \$wpdb->get_var( \$wpdb->prepare( 'SELECT IS_FREE_LOCK(%s)', 'igny8:' . substr( md5( DB_NAME . \$wpdb->prefix ), 0, 16 ) . ':post:$id' ) );
	} );
	wp_update_post( array( 'ID' => $id, 'post_title' => 'Saved' ) );
	return \$held;" );
	same( true, $held( 'edit_post' ), 'the post is held while it is written' );
	same( false, $held( 'wp_after_insert_post' ), 'the post is held afterwards' );
	evaluate( 'delete_option( "igny8_bridge_integration_id" ); delete_option( "igny8_bridge_service_url" );' );
} );

check( 'a write without the header is core\'s own affair', function () {
	$id = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Free', 'status' => 'publish' ) )['id'];
	evaluate( "update_post_meta( $id, '_edit_lock', time() . ':1' );" );
	same( 200, keyed( 'POST', "/wp-json/wp/v2/posts/$id", array( 'title' => 'x' ) )['status'], 'status' );
} );
