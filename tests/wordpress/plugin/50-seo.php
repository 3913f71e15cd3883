<?php

/** Each must come back as it was sent, and be stored so. */
function seo_texts() {
	return array(
		array( 'title' => '%%category%% deals', 'description' => '100%de rebaja en Caf%C3%A9', 'focus_keyword' => '50%ac off', 'canonical' => 'https://a.example/?q=%C3%A9&x=1' ),
		array( 'title' => '%date% news', 'description' => '50\50 C:\temp\new \\\\', 'focus_keyword' => '<3 coffee', 'canonical' => '' ),
		array( 'title' => 'It\'s "quoted" &amp; R&D', 'description' => 'two  spaces', 'focus_keyword' => '<b>bold</b>', 'canonical' => '' ),
		array( 'title' => '%%title%% %%page%% %%sep%% %%sitename%%', 'description' => 'Café 🚀 𠮷野家', 'focus_keyword' => '', 'canonical' => '' ),
	);
}

check( 'SEO fields come back to the byte on posts, pages and books', function () {
	foreach ( array( 'posts', 'pages', 'books' ) as $base ) {
		$id = ok( 'POST', "/wp-json/wp/v2/$base", array( 'title' => 'Seo', 'status' => 'draft', 'igny8_seo' => seo_texts()[0] ) )['id'];
		foreach ( seo_texts() as $texts ) {
			same( $texts, ok( 'POST', "/wp-json/wp/v2/$base/$id", array( 'igny8_seo' => $texts ) )['igny8_seo'], 'answer' );
			same( $texts, ok( 'GET', "/wp-json/wp/v2/$base/$id?context=edit" )['igny8_seo'], 'read back' );
			same( $texts['title'], evaluate( "return get_post_meta( $id, '_igny8_seo_title', true );" ), 'stored title' );
		}
	}
} );

check( 'fields that are not sent stay, and an empty one is removed', function () {
	$id = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Seo', 'igny8_seo' => array( 'title' => 'T', 'description' => 'D' ) ) )['id'];
	ok( 'POST', "/wp-json/wp/v2/posts/$id", array( 'igny8_seo' => array( 'description' => '' ) ) );
	same( array( 'title' => 'T', 'description' => '', 'focus_keyword' => '', 'canonical' => '' ), ok( 'GET', "/wp-json/wp/v2/posts/$id?context=edit" )['igny8_seo'] );
	same( false, evaluate( "return metadata_exists( 'post', $id, '_igny8_seo_description' );" ), 'meta row left' );
} );

check( 'only control characters and space around go', function () {
	$id = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Seo', 'igny8_seo' => array( 'title' => "  a\x00b\x1bc d " ) ) )['id'];
	same( 'abc d', ok( 'GET', "/wp-json/wp/v2/posts/$id?context=edit" )['igny8_seo']['title'] );
} );

check( 'what is no text, or no field, is a 400', function () {
	foreach ( array( 'text', array( 'title' => array() ), array( 'nofield' => 'x' ) ) as $wrong ) {
		refused( 400, 'rest_invalid_param', keyed( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Seo', 'igny8_seo' => $wrong ) ) );
	}
} );

check( 'the fields live where the site\'s SEO plugin keeps them', function () {
	$file  = Igny8_Test::$folder . '/wp-content/mu-plugins/seo.php';
	$texts = seo_texts()[1];
	foreach ( array(
		'WPSEO_VERSION'     => array( '_yoast_wpseo_title', '_yoast_wpseo_metadesc', '_yoast_wpseo_focuskw' ),
		'RANK_MATH_VERSION' => array( 'rank_math_title', 'rank_math_description', 'rank_math_focus_keyword' ),
	) as $constant => $keys ) {
		file_put_contents( $file, "<?php define( '$constant', '28.3' );" );
		$id = ok( 'POST', '/wp-json/wp/v2/posts', array( 'title' => 'Seo', 'igny8_seo' => $texts ) )['id'];
		same( $texts, ok( 'GET', "/wp-json/wp/v2/posts/$id?context=edit" )['igny8_seo'], $constant );
		same( array_slice( array_values( $texts ), 0, 3 ), array_map( fn( $key ) => evaluate( "return get_post_meta( $id, '$key', true );" ), $keys ), "meta of $constant" );
	}
	unlink( $file );
} );
