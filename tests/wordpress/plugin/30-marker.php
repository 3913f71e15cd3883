<?php

check( 'posts, pages and books carry the mark and are found by it', function () {
	foreach ( array( 'posts' => '501', 'pages' => '502', 'books' => '503' ) as $base => $mark ) {
		$made = ok( 'POST', "/wp-json/wp/v2/$base", array( 'title' => "Marked $mark", 'status' => 'draft', 'meta' => array( 'igny8_content_id' => $mark ) ) );
		same( $mark, $made['meta']['igny8_content_id'], "mark on $base" );
		$found = ok( 'GET', "/wp-json/wp/v2/$base?context=edit&status=any&igny8_content_id=$mark&_fields=id,meta" );
		same( array( array( $made['id'], $mark ) ), array_map( fn( $row ) => array( $row['id'], $row['meta']['igny8_content_id'] ), $found ), "found $base" );
		same( array(), ok( 'GET', "/wp-json/wp/v2/$base?context=edit&status=publish&igny8_content_id=$mark" ), 'the status asked for' );
	}
} );

check( 'of duplicates all are found, the oldest first', function () {
	$ids = array();
	foreach ( array( '2020-01-02T00:00:00', '2020-01-01T00:00:00' ) as $date ) {
		$ids[] = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Twice', 'status' => 'publish', 'date' => $date, 'meta' => array( 'igny8_content_id' => '504' ) ) )['id'];
	}
	same( $ids, array_column( ok( 'GET', '/wp-json/wp/v2/posts?context=edit&status=any&igny8_content_id=504&_fields=id' ), 'id' ) );
	same( 3, count( ok( 'GET', '/wp-json/wp/v2/posts?context=edit&status=any&igny8_content_id=504,501,9&_fields=id' ) ), 'posts of several marks' );
} );

check( 'a trashed post is found in the trash', function () {
	$made = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Gone', 'status' => 'publish', 'meta' => array( 'igny8_content_id' => '505' ) ) );
	ok( 'DELETE', '/wp-json/wp/v2/posts/' . $made['id'] );
	same( array( $made['id'] ), array_column( ok( 'GET', '/wp-json/wp/v2/posts?context=edit&status=trash&igny8_content_id=505&_fields=id' ), 'id' ) );
} );

check( 'nonsense as mark is a 400, never every post', function () {
	foreach ( array( '', '1;2', str_repeat( 'x', 65 ), '1,' ) as $mark ) {
		refused( 400, 'rest_invalid_param', keyed( 'GET', '/wp-json/wp/v2/posts?context=edit&igny8_content_id=' . urlencode( $mark ) ) );
	}
} );

check( 'the public does not see the mark', function () {
	$body = request( 'GET', '/wp-json/wp/v2/posts?igny8_content_id=504' );
	same( 200, $body['status'], 'status' );
	holds( ! str_contains( $body['body'], '"igny8_content_id"' ), 'no public answer names the mark' );
	foreach ( $body['json'] as $post ) {
		holds( ! isset( $post['igny8_seo'] ) && ! isset( $post['igny8_version'] ), 'no public answer has our fields' );
	}
} );

check( 'a type without custom fields, registered late, carries the mark too', function () {
	$file = Igny8_Test::$folder . '/wp-content/mu-plugins/late.php';
	file_put_contents( $file, '<?php add_action( "wp_loaded", function () {
		register_post_type( "recipe", array( "public" => true, "show_in_rest" => true, "rest_base" => "recipes", "supports" => array( "title" ) ) ); } );' );
	$made = ok( 'POST', '/wp-json/wp/v2/recipes', array( 'title' => 'Soup', 'status' => 'publish', 'meta' => array( 'igny8_content_id' => '506' ) ) );
	same( '506', $made['meta']['igny8_content_id'], 'mark' );
	same( array( $made['id'] ), array_column( ok( 'GET', '/wp-json/wp/v2/recipes?context=edit&igny8_content_id=506&_fields=id' ), 'id' ) );
	unlink( $file );
} );

check( 'who may not edit a post may not mark it', function () {
	evaluate( 'update_option( "igny8_bridge_user", get_user_by( "login", "igny8_contributor" )->ID );' );
	$id = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Mine', 'meta' => array( 'igny8_content_id' => '507' ) ) )['id'];
	holds( $id > 0, 'a contributor marks a draft of its own' );
	$other = evaluate( 'return get_posts( array( "post_status" => "publish" ) )[0]->ID;' );
	same( 403, keyed( 'POST', "/wp-json/wp/v2/posts/$other", array( 'meta' => array( 'igny8_content_id' => '1' ) ) )['status'], 'status' );
	Igny8_Test::start();
} );
