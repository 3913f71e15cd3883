<?php

function changes( $after, $types = 'post,page,book', $more = array() ) {
	return keyed( 'GET', '/wp-json/igny8/v1/changes?' . http_build_query( array( 'types' => $types, 'after' => $after ) + $more ) );
}

function changed( $after ) {
	return array_column( changes( $after )['json']['posts'], null, 'id' );
}

check( 'what changed is told in one answer, each post as lists show it', function () {
	$told = changed( '2000-01-01T00:00:00Z' );
	foreach ( array( 'post' => 'posts', 'page' => 'pages', 'book' => 'books' ) as $type => $base ) {
		$listed = ok( 'GET', "/wp-json/wp/v2/$base?context=edit&status[]=any&status[]=trash&per_page=100&_fields=id,igny8_version" );
		holds( count( $listed ) >= 3, "there are some of type $type" );
		foreach ( $listed as $post ) {
			same( array( 'id' => $post['id'], 'type' => $type, 'version' => $post['igny8_version'] ), $told[ $post['id'] ] ?? null );
			unset( $told[ $post['id'] ] );
		}
	}
	same( array(), $told, 'nothing else is told' );
	same( true, changes( '2000-01-01T00:00:00Z' )['json']['complete'] );
} );

check( 'a list that the database did not give is not complete', function () {
	$plugin = Igny8_Test::$folder . '/wp-content/mu-plugins/slow.php';
	file_put_contents( $plugin, "<?php add_filter( 'query', fn( \$query ) => 0 === strpos( \$query, 'SELECT ID, post_type FROM' ) ? '' : \$query );" );
	try {
		same( array( 'complete' => false, 'posts' => array() ), changes( '2000-01-01T00:00:00Z' )['json'] );
	} finally {
		unlink( $plugin );
	}
} );

check( 'what changed before is left out; what the site\'s own clock alone shows is told', function () {
	same( array(), changed( gmdate( 'Y-m-d\TH:i:s\Z', time() + 60 ) ) );
	$id    = evaluate( 'return get_posts( array( "numberposts" => 1 ) )[0]->ID;' );
	$since = gmdate( 'Y-m-d\TH:i:s\Z', time() - 60 );
	holds( ! isset( changed( $since )[ $id ] ), 'an old post is not told' );
	evaluate( 'global $wpdb; $wpdb->update( $wpdb->posts, array( "post_modified" => current_time( "mysql" ) ), array( "ID" => ' . $id . ' ) ); clean_post_cache( ' . $id . ' );' );
	holds( isset( changed( $since )[ $id ] ), 'it is told once its local time moved' );
} );

check( 'a draft and a post in the trash are told, an auto-draft and a revision are not', function () {
	$since = gmdate( 'Y-m-d\TH:i:s\Z', time() - 60 );
	$ids   = evaluate( '
		$draft = wp_insert_post( array( "post_title" => "A", "post_status" => "draft" ) );
		wp_update_post( array( "ID" => $draft, "post_content" => "B" ) );
		$trash = wp_insert_post( array( "post_title" => "C", "post_status" => "publish" ) );
		wp_trash_post( $trash );
		return array( $draft, $trash, wp_insert_post( array( "post_title" => "D", "post_status" => "auto-draft" ) ), current( wp_get_post_revisions( $draft ) )->ID );' );
	$told  = changed( $since );
	same( array( true, true, false, false ), array_map( function ( $id ) use ( $told ) { return isset( $told[ $id ] ); }, $ids ) );
	evaluate( 'foreach ( array( ' . implode( ',', array_slice( $ids, 0, 3 ) ) . ' ) as $id ) { wp_delete_post( $id, true ); }' );
} );

check( 'an answer that would not be whole says so', function () {
	$none = array( 'complete' => false, 'posts' => array() );
	same( $none, changes( '2000-01-01T00:00:00Z', 'post,secret' )['json'], 'an unknown type' );
	same( $none, changes( '2000-01-01T00:00:00Z', ',' )['json'], 'no type' );
	evaluate( 'update_option( "igny8_bridge_user", get_user_by( "login", "igny8_author" )->ID );' );
	same( $none, changes( '2000-01-01T00:00:00Z' )['json'], 'a type that the user may not edit' );
	same( true, changes( '2000-01-01T00:00:00Z', 'post' )['json']['complete'], 'a type that it may' );
	Igny8_Test::start();
} );

check( 'only the key learns what changed, and only while the connection is on', function () {
	refused( 401, 'rest_forbidden', request( 'GET', '/wp-json/igny8/v1/changes?types=post&after=2000-01-01T00:00:00Z' ) );
	evaluate( 'update_option( "igny8_bridge_connection_enabled", "0" );' );
	refused( 403, 'rest_forbidden', changes( '2000-01-01T00:00:00Z' ) );
	Igny8_Test::start( 'update_option( "igny8_bridge_connection_enabled", "1" );' );
	foreach ( array( 'yesterday', '', "2000-01-01T00:00:00Z' OR 1" ) as $wrong ) {
		refused( 400, 'rest_invalid_param', changes( $wrong ) );
	}
	same( array(), changes( '2000-01-01T00:00:00Z', "post') OR 1=1 -- " )['json']['posts'] );
} );
