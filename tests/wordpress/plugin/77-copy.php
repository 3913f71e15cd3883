<?php

$service = new Igny8_Test_Service();
$secret  = 'whsec_' . base64_encode( str_repeat( 's', 32 ) );
$insert  = fn( $title ) => evaluate( "return wp_insert_post( array( 'post_title' => '$title', 'post_content' => 'a', 'post_status' => 'publish' ) );" );
/** From now on the site has this address, as one that was copied there. */
$be_at = function ( $address ) {
	file_put_contents( Igny8_Test::$folder . '/wp-content/mu-plugins/address.php', "<?php add_filter( 'option_home', function () { return '$address'; }, PHP_INT_MAX );" );
};
$be_back = function () {
	unlink( Igny8_Test::$folder . '/wp-content/mu-plugins/address.php' );
};

connect_outbox( $service, $secret );

check( 'a copy of the site keeps quiet and says so', function () use ( $service, $secret, $insert ) {
	connect_outbox( $service, $secret );
	evaluate( 'update_option( "igny8_bridge_connected_as", hash( "sha256", "live.example" ) );' );
	$insert( 'On the copy' );
	usleep( 200000 );
	same( array(), $service->received(), 'deliveries' );
	$page = evaluate( 'define( "WP_ADMIN", true ); return Igny8_Bridge_Options::is_copy();' );
	same( true, $page, 'is_copy' );
	evaluate( 'delete_option( "igny8_bridge_connected_as" );' );
} );

check( 'neither another scheme nor www. make it a copy', function () use ( $be_at, $be_back ) {
	$known_as = function ( $address ) use ( $be_at, $be_back ) {
		$be_at( $address );
		try {
			return evaluate( 'return Igny8_Bridge_Options::address_hash();' );
		} finally {
			$be_back();
		}
	};
	$known = $known_as( 'https://shop.example/blog' );
	foreach ( array( 'http://shop.example/blog', 'https://www.shop.example/blog/', 'HTTPS://WWW.Shop.example/blog' ) as $same ) {
		same( $known, $known_as( $same ), $same );
	}
	foreach ( array( 'https://shop.example', 'https://staging.shop.example/blog', 'https://shop.example:8443/blog' ) as $other ) {
		holds( $known !== $known_as( $other ), "$other is another address" );
	}
} );

check( 'what waited when the site was copied is sent by the copy as its own', function () use ( $service, $secret, $insert, $be_at, $be_back ) {
	connect_outbox( $service, $secret );
	$service->answer( 503, array() );
	$insert( 'Waiting' );
	same( Igny8_Test::$site['url'], deliveries( $service->await( 1 ), $secret )[0]['site_url'], 'site_url before' );
	$service->answer( 200, array( 'outcome' => 'applied' ) );
	$be_at( 'https://staging.example/"quoted"' );
	try {
		evaluate( 'Igny8_Bridge_Sender::resume();' );
		same( 'https://staging.example/"quoted"', deliveries( $service->await( 1 ), $secret )[0]['site_url'], 'site_url on the copy' );
		evaluate( 'Igny8_Bridge_Structure::be_due();' );
		same( 'https://staging.example/"quoted"', json_decode( $service->await( 1 )[0]['body'], true )['site_url'], 'site_url of the structure' );
	} finally {
		$be_back();
	}
} );

check( 'a plugin that gives a language a domain of its own does not move the site', function () use ( $service, $secret, $insert ) {
	connect_outbox( $service, $secret );
	$plugin = Igny8_Test::$folder . '/wp-content/mu-plugins/languages.php';
	file_put_contents( $plugin, "<?php function igny8_test_german( \$url ) { return str_replace( 'http://127.0.0.1', 'http://de.example', \$url ); }
		add_filter( 'home_url', 'igny8_test_german' ); add_filter( 'post_link', 'igny8_test_german' );" );
	try {
		$insert( 'Hallo' );
		$told = deliveries( $service->await( 1 ), $secret )[0];
		same( array( Igny8_Test::$site['url'], 0 ), array( $told['site_url'], strpos( $told['post_url'], 'http://de.example' ) ), 'site_url, and where the host of post_url begins' );
		evaluate( 'Igny8_Bridge_Onboarding::connect();' );
		same( Igny8_Test::$site['url'], json_decode( $service->await( 1 )[0]['body'], true )['site_url'], 'site_url of connecting' );
	} finally {
		unlink( $plugin );
	}
} );
