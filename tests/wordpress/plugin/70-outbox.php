<?php

$outbox = new Igny8_Test_Service();
$secret = 'whsec_' . base64_encode( str_repeat( 's', 32 ) );

/** Runs one operation; exactly one delivery may come of it, and it is given. */
$one = function ( $operation ) use ( $outbox, $secret ) {
	$operation();
	$came = deliveries( $outbox->await( 1 ), $secret );
	usleep( 150000 );
	$more = deliveries( $outbox->received(), $secret );
	same( 1, count( $came ) + count( $more ), 'number of deliveries (' . json_encode( array_merge( $came, $more ) ) . ')' );
	return $came[0];
};
/** Runs one operation of which none may come. */
$none = function ( $operation ) use ( $outbox ) {
	$operation();
	usleep( 200000 );
	same( array(), $outbox->received(), 'deliveries' );
};

connect_outbox( $outbox, $secret );

check( 'each thing done in the editor arrives as one delivery', function () use ( $one ) {
	$id   = null;
	$made = $one( function () use ( &$id ) {
		$id = edit( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Tom & Jerry\'s', 'content' => 'One \ two', 'status' => 'draft' ) )['id'];
	} );
	same( array( 'status', 'draft', $id, 'post' ), array( $made['kind'], $made['post_status'], $made['post_id'], $made['post_type'] ) );
	same( array( 42, hash( 'sha256', 'One \ two' ), 'Tom & Jerry\'s' ), array( $made['integration_id'], $made['content_hash'], $made['post_title'] ) );
	same( Igny8_Test::$site['url'], $made['site_url'], 'site_url' );
	holds( ! isset( $made['content_id'] ), 'an unmarked post has no content_id' );

	$path      = "/wp-json/wp/v2/posts/$id";
	$published = $one( fn() => edit( 'POST', $path, array( 'status' => 'publish' ) ) );
	same( array( 'status', 'publish' ), array( $published['kind'], $published['post_status'] ) );
	holds( str_ends_with( $published['post_url'], '/tom-jerrys/' ), 'post_url is the public one' );
	same( evaluate( "return str_replace( ' ', 'T', get_post( $id )->post_modified_gmt ) . 'Z';" ), $published['modified_gmt'], 'modified_gmt' );
	holds( $published['sequence'] > $made['sequence'], 'the sequence rises' );

	$body = $one( fn() => edit( 'POST', $path, array( 'content' => 'New body' ) ) );
	same( array( 'metadata', hash( 'sha256', 'New body' ) ), array( $body['kind'], $body['content_hash'] ) );

	$term     = evaluate( 'return wp_insert_term( "R&D", "category" )["term_id"];' );
	$category = $one( fn() => edit( 'POST', $path, array( 'categories' => array( $term ) ) ) );
	same( array( array( 'id' => $term, 'name' => 'R&amp;D', 'slug' => 'rd', 'taxonomy' => 'category' ) ), $category['metadata']['categories'], 'categories' );

	$genre = evaluate( 'return get_term_by( "name", "Poetry", "genre" )->term_id;' );
	same( 'Poetry', $one( fn() => edit( 'POST', $path, array( 'genres' => array( $genre ) ) ) )['metadata']['taxonomies']['genre'][0]['name'], 'genre' );

	$seo = array( 'title' => '%%category%% 50\50', 'description' => '', 'focus_keyword' => '', 'canonical' => '' );
	same( $seo, $one( fn() => edit( 'POST', $path, array( 'igny8_seo' => array( 'title' => $seo['title'] ) ) ) )['metadata']['seo'], 'seo' );
	$slugged = $one( fn() => edit( 'POST', $path, array( 'slug' => 'another-slug' ) ) );
	same( 'another-slug', $slugged['metadata']['slug'], 'slug' );
	holds( str_ends_with( $slugged['post_url'], '/another-slug/' ), 'post_url follows the slug' );

	$image = evaluate( 'return wp_insert_attachment( array( "post_title" => "i", "post_mime_type" => "image/png" ), "2026/01/i.png" );' );
	holds( str_ends_with( $one( fn() => edit( 'POST', $path, array( 'featured_media' => $image ) ) )['metadata']['featured_image_url'], '/2026/01/i.png' ), 'featured_image_url is the image' );

	same( 'trash', $one( fn() => edit( 'DELETE', $path ) )['post_status'], 'post_status' );
	same( 'draft', $one( fn() => edit( 'POST', $path, array( 'status' => 'draft' ) ) )['post_status'], 'post_status' );
	same( 'future', $one( fn() => edit( 'POST', $path, array( 'status' => 'future', 'date_gmt' => '2040-01-02T03:04:05' ) ) )['post_status'], 'post_status' );
	same( '2041-01-02T03:04:05Z', $one( fn() => edit( 'POST', $path, array( 'date_gmt' => '2041-01-02T03:04:05' ) ) )['date_gmt'], 'date_gmt' );
	same( array( 'status', $id, 'deleted' ), array_values( array_intersect_key( $one( fn() => edit( 'DELETE', "$path?force=true" ) ), array_flip( array( 'kind', 'post_status', 'post_id' ) ) ) ) );
} );

check( 'an address that a plugin shortens is sent in full, and one that is none is not', function () use ( $one ) {
	$plugin = Igny8_Test::$folder . '/wp-content/mu-plugins/addresses.php';
	$made   = fn( $filter ) => $one( function () use ( $filter, $plugin ) {
		file_put_contents( $plugin, "<?php add_filter( 'post_link', fn( \$url ) => $filter );" );
		evaluate( 'return wp_insert_post( array( "post_title" => "Shortened", "post_content" => "a", "post_status" => "publish" ) );' );
	} )['post_url'] ?? null;
	$site   = Igny8_Test::$site['url'];
	try {
		holds( str_starts_with( $made( 'wp_make_link_relative( $url )' ), "$site/shortened" ), 'a path' );
		same( 'http://cdn.example/x', $made( '"//cdn.example/x"' ), 'no scheme' );
		same( null, $made( '"javascript:alert(1)"' ), 'a script' );
		same( null, $made( 'false' ), 'nothing' );
	} finally {
		unlink( $plugin );
	}
} );

check( 'each thing done by PHP arrives as one delivery', function () use ( $one ) {
	$id = null;
	same( 'publish', $one( function () use ( &$id ) {
		$id = evaluate( 'return wp_insert_post( array( "post_type" => "book", "post_title" => "By PHP", "post_content" => "a", "post_status" => "publish", "meta_input" => array( "igny8_content_id" => "77" ) ) );' );
	} )['post_status'] );
	$edit = fn( $fields ) => fn() => evaluate( "wp_update_post( wp_slash( array( 'ID' => $id ) + " . var_export( $fields, true ) . ' ) );' );
	$body = $one( $edit( array( 'post_content' => 'C:\temp' ) ) );
	same( array( 77, hash( 'sha256', 'C:\temp' ), 'book' ), array( $body['content_id'], $body['content_hash'], $body['post_type'] ) );
	same( 'sl', $one( $edit( array( 'post_name' => 'sl' ) ) )['metadata']['slug'] );
	same( 'Title', $one( $edit( array( 'post_title' => 'Title' ) ) )['metadata']['title'] );
	same( 'History', $one( fn() => evaluate( "wp_set_object_terms( $id, 'History', 'genre' );" ) )['metadata']['taxonomies']['genre'][0]['name'] );
	same( 'T', $one( fn() => evaluate( "update_post_meta( $id, '_igny8_seo_title', 'T' );" ) )['metadata']['seo']['title'] );
	same( '', $one( fn() => evaluate( "delete_post_meta( $id, '_igny8_seo_title' );" ) )['metadata']['seo']['title'] );
	same( 'future', $one( $edit( array( 'post_status' => 'future', 'post_date' => '2040-01-01 00:00:00', 'post_date_gmt' => '2040-01-01 00:00:00', 'edit_date' => true ) ) )['post_status'] );
	same( 'publish', $one( fn() => evaluate( "wp_publish_post( $id );" ) )['post_status'], 'a scheduled one, published' );
	same( 'trash', $one( fn() => evaluate( "wp_trash_post( $id );" ) )['post_status'] );
	same( 'draft', $one( fn() => evaluate( "wp_untrash_post( $id );" ) )['post_status'] );
	same( array( 77, 'deleted' ), array_values( array_intersect_key( $one( fn() => evaluate( "wp_delete_post( $id, true );" ) ), array_flip( array( 'content_id', 'post_status' ) ) ) ) );
} );

check( 'a scheduled post that WP-Cron publishes is told', function () use ( $one ) {
	$id = null;
	$one( function () use ( &$id ) {
		$id = evaluate( 'return wp_insert_post( array( "post_title" => "Soon", "post_content" => "a", "post_status" => "future", "post_date" => "2040-01-01 00:00:00" ) );' );
	} );
	// Its time comes: past hooks, as time passes.
	evaluate( "global \$wpdb; \$wpdb->update( \$wpdb->posts, array( 'post_date' => '2020-01-01 00:00:00', 'post_date_gmt' => '2020-01-01 00:00:00' ), array( 'ID' => $id ) );
		wp_clear_scheduled_hook( 'publish_future_post', array( $id ) ); wp_schedule_single_event( time() - 1, 'publish_future_post', array( $id ) );" );
	same( 'publish', $one( fn() => request( 'GET', '/wp-cron.php' ) )['post_status'] );
} );

check( 'a new status and new details together are one delivery that carries both', function () use ( $one ) {
	$id = null;
	$one( function () use ( &$id ) {
		$id = evaluate( 'return wp_insert_post( array( "post_title" => "Both", "post_content" => "a", "post_status" => "draft" ) );' );
	} );
	$term = evaluate( 'return wp_insert_term( "Gardening", "category" )["term_id"];' );
	$came = $one( fn() => edit( 'POST', "/wp-json/wp/v2/posts/$id", array( 'status' => 'publish', 'excerpt' => 'New excerpt', 'categories' => array( $term ), 'igny8_seo' => array( 'title' => 'S' ) ) ) );
	same( array( 'status', 'publish', 'New excerpt', 'both', 'S' ), array( $came['kind'], $came['post_status'], $came['metadata']['excerpt'], $came['metadata']['slug'], $came['metadata']['seo']['title'] ) );
	same( array( 'Gardening' ), array_column( $came['metadata']['categories'], 'name' ), 'categories' );
	holds( ! isset( $one( fn() => edit( 'DELETE', "/wp-json/wp/v2/posts/$id" ) )['metadata'] ), 'what a trashed post is called there is not told' );
	same( 'both', $one( fn() => evaluate( "wp_untrash_post( $id );" ) )['metadata']['slug'], 'slug of a restored post' );
} );

check( 'a post whose image was deleted is told', function () use ( $one ) {
	$image = evaluate( 'return wp_insert_attachment( array( "post_title" => "i", "post_mime_type" => "image/png" ), "2026/01/j.png" );' );
	$one( fn() => evaluate( "set_post_thumbnail( wp_insert_post( array( 'post_title' => 'Pictured', 'post_content' => 'a', 'post_status' => 'publish' ) ), $image );" ) );
	$came = $one( fn() => evaluate( "wp_delete_attachment( $image, true );" ) );
	same( array( 'metadata', null ), array( $came['kind'], $came['metadata']['featured_image_url'] ) );
} );

check( 'an address that cannot be told is left out: null would say that there is none', function () use ( $one ) {
	$id = evaluate( 'remove_all_actions( "shutdown" ); $id = wp_insert_post( array( "post_title" => "Addressed", "post_content" => "a", "post_status" => "publish" ) );
		set_post_thumbnail( $id, wp_insert_attachment( array( "post_title" => "i", "post_mime_type" => "image/png" ), "2026/01/k.png" ) ); return $id;' );
	$told = function ( $address ) use ( $one, $id ) {
		return $one( fn() => evaluate( 'foreach ( array( "post_link", "wp_get_attachment_url" ) as $hook ) { add_filter( $hook, fn() => ' . var_export( $address, true ) . " ); }
			\$post = get_post( $id ); wp_update_post( array( 'ID' => $id, 'post_status' => 'publish' === \$post->post_status ? 'draft' : 'publish', 'post_name' => 'addressed' ) );" ) );
	};
	$addresses = fn( $told ) => array_intersect_key( $told['metadata'], array( 'featured_image_url' => 0 ) ) + array_intersect_key( $told, array( 'post_url' => 0 ) );
	$start     = 'https://a.example/';
	foreach ( array( 'javascript:alert(1)', 'data:image/png;base64,AAAA', 'https://user:secret@a.example/i', 'ftp://a.example/i', 'https://a b.example/i', 'https://%7b.example/i', $start . str_repeat( 'a', 2001 - strlen( $start ) ), false ) as $untold ) {
		same( array(), $addresses( $told( $untold ) ), 'addresses for ' . substr( (string) $untold, 0, 40 ) );
	}
	foreach ( array( $start . str_repeat( 'a', 2000 - strlen( $start ) ), $start . 'ü' ) as $told_address ) {
		same( array( 'featured_image_url' => $told_address, 'post_url' => $told_address ), $addresses( $told( $told_address ) ) );
	}
	evaluate( "remove_all_actions( 'shutdown' ); delete_post_thumbnail( $id );" );
	same( array( 'featured_image_url' => null ), $addresses( $told( 'data:,' ) ), 'addresses without an image' );
} );

check( 'what changes nothing, or nobody asked for, is not told', function () use ( $none ) {
	$id = evaluate( 'remove_all_actions( "shutdown" ); return wp_insert_post( array( "post_title" => "Still", "post_content" => "a", "post_status" => "publish" ) );' );
	$none( fn() => edit( 'POST', "/wp-json/wp/v2/posts/$id", array( 'title' => 'Still' ) ) );
	$none( fn() => edit( 'POST', "/wp-json/wp/v2/posts/$id/autosaves", array( 'title' => 'Typing', 'content' => 'more' ) ) );
	$none( fn() => evaluate( "update_post_meta( $id, '_edit_lock', time() . ':1' ); update_post_meta( $id, '_elementor_css', 'x' ); delete_post_meta( $id, '_encloseme' );" ) );
	$none( fn() => evaluate( 'wp_insert_post( array( "post_title" => "", "post_status" => "auto-draft" ) );' ) );
	$none( fn() => evaluate( 'wp_insert_post( array( "post_title" => "menu", "post_type" => "nav_menu_item", "post_status" => "publish" ) );' ) );
	$none( fn() => edit( 'POST', '/wp-json/wp/v2/categories', array( 'name' => 'Unused ' . microtime( true ) ) ) );
} );

check( 'what IGNY8 does by its key is not told back', function () use ( $none ) {
	$none( function () {
		$id = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Pushed', 'status' => 'publish', 'meta' => array( 'igny8_content_id' => '9' ) ) )['id'];
		ok( 'POST', "/wp-json/wp/v2/posts/$id", array( 'content' => 'b', 'igny8_seo' => array( 'title' => 'x' ) ) );
		ok( 'DELETE', "/wp-json/wp/v2/posts/$id" );
	} );
} );

check( 'what another plugin changes along with a write of IGNY8 is told, and so is a write that failed', function () use ( $one ) {
	$other = evaluate( 'remove_all_actions( "shutdown" ); return wp_insert_post( array( "post_title" => "Related", "post_content" => "a", "post_status" => "publish" ) );' );
	$plugin = Igny8_Test::$folder . '/wp-content/mu-plugins/related.php';
	file_put_contents( $plugin, "<?php add_action( 'save_post_page', function () { wp_update_post( array( 'ID' => $other, 'post_content' => 'b' ) ); } );
		add_action( 'rest_after_insert_book', function () { wp_die( 'broken' ); } );" );
	try {
		same( $other, $one( fn() => ok( 'POST', '/wp-json/wp/v2/pages?_fields=id', array( 'title' => 'Pushed', 'status' => 'publish' ) ) )['post_id'] );
		$failed = $one( fn() => keyed( 'POST', '/wp-json/wp/v2/books', array( 'title' => 'Half', 'status' => 'publish' ) ) );
		same( array( 'publish', 'Half' ), array( $failed['post_status'], $failed['post_title'] ) );
	} finally {
		unlink( $plugin );
	}
} );

check( 'a status that core does not know is a draft', function () use ( $one ) {
	same( 'draft', $one( fn() => evaluate( 'register_post_status( "pitch" ); wp_insert_post( array( "post_title" => "Pitch", "post_content" => "a", "post_status" => "pitch" ) );' ) )['post_status'] );
} );

check( 'the editor does not wait for a slow service', function () use ( $outbox ) {
	$outbox->answer( 200, array(), array(), 1.5 );
	$start = microtime( true );
	edit( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Quick', 'status' => 'publish' ) );
	holds( microtime( true ) - $start < 1.4, 'the answer comes at once' );
	$outbox->await( 1 );
	sleep( 1 );
	$outbox->answer( 200, array() );
} );
