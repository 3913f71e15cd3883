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

/** The hash of the address that the site would have there. */
$known_as = function ( $address, $before = '' ) use ( $be_at, $be_back ) {
	$be_at( $address );
	try {
		return evaluate( $before . 'return Igny8_Bridge_Options::address_hash();' );
	} finally {
		$be_back();
	}
};

check( 'neither another scheme nor www. nor a default port make it a copy', function () use ( $known_as ) {
	$known = $known_as( 'https://shop.example/blog' );
	foreach ( array( 'http://shop.example/blog', 'https://www.shop.example/blog/', 'HTTPS://WWW.Shop.example/blog', 'https://shop.example.:443/blog', 'http://shop.example:80/blog' ) as $same ) {
		same( $known, $known_as( $same ), $same );
		same( $known, $known_as( $same, '$_SERVER["HTTPS"] = "on"; ' ), "$same by https" );
	}
	foreach ( array( 'https://shop.example', 'https://staging.shop.example/blog', 'https://shop.example:8443/blog', 'https://shop.example/Blog' ) as $other ) {
		holds( $known !== $known_as( $other ), "$other is another address" );
	}
} );

check( 'a site that connected by an earlier version of the plugin is none', function () use ( $be_at, $be_back ) {
	$is_copy = fn( $known_as ) => evaluate( "update_option( 'igny8_bridge_connected_as', hash( 'sha256', '$known_as' ) ); return array( Igny8_Bridge_Options::is_copy(), Igny8_Bridge_Options::address_hash() === get_option( 'igny8_bridge_connected_as' ) );" );
	foreach ( array( 'https://www.shop.example/Blog', 'http://shop.example/Blog/' ) as $address ) {
		$be_at( $address );
		try {
			foreach ( array( 'www.shop.example/blog', 'shop.example/blog' ) as $known_as ) {
				same( array( false, true ), $is_copy( $known_as ), "$known_as at $address: whether it is a copy, and whether that is kept anew" );
			}
			same( array( true, false ), $is_copy( 'live.example/blog' ), "another site at $address" );
		} finally {
			$be_back();
		}
	}
	evaluate( 'delete_option( "igny8_bridge_connected_as" );' );
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

$counts = fn() => evaluate( 'return Igny8_Bridge_Outbox::counts();' );
$paths  = fn( $requests ) => array_map( fn( $request ) => basename( $request['path'] ), $requests );
/** The service has another address for this site. */
$taken_for_copy = fn() => $service->script( array(
	''                              => array( 200, array( 'outcome' => 'ignored', 'reason' => 'site_copy' ) ),
	'update_site_structure/'        => array( 200, array( 'stored' => false, 'reason' => 'from a copy of the site at another address: nothing was changed' ) ),
	'integrations/test-connection/' => array( 409, array( 'code' => 'site_moved' ) ),
) );
/** It has this one. */
$known_again = fn() => $service->script( array(
	''                              => array( 200, array( 'outcome' => 'applied' ) ),
	'integrations/test-connection/' => array( 200, array( 'success' => true, 'integration_id' => 42, 'webhook_secret' => $secret ) ),
) );
$page = fn() => evaluate( 'foreach ( array( ABSPATH . "wp-admin/includes/template.php", WP_PLUGIN_DIR . "/igny8-bridge/includes/class-igny8-bridge-outbox-page.php" ) as $file ) { require_once $file; } ob_start(); Igny8_Bridge_Outbox_Page::render(); return ob_get_clean();' );

check( 'a site that the service takes for a copy keeps what it tells until it connects', function () use ( $service, $secret, $insert, $counts, $paths, $taken_for_copy, $known_again, $page ) {
	connect_outbox( $service, $secret );
	$taken_for_copy();
	$insert( 'Kept' );
	$first = deliveries( $service->await( 1 ), $secret );
	same( array( 'waiting' => 1, 'dead' => 0 ), $counts() );
	$html = $page();
	holds( str_contains( $html, 'site_copy' ) && str_contains( $html, 'another address for this site' ) && str_contains( $html, Igny8_Test::$site['url'] ), "the page says what the service said and what to do ($html)" );
	holds( str_contains( $html, 'igny8_bridge_send_again' ), 'there is a button' );

	// Not over and over: nothing that is done here makes it another site.
	evaluate( 'update_option( "igny8_bridge_sender", array_merge( Igny8_Bridge_Sender::state(), array( "due" => time() + 300, "last_try" => time() - 60 ) ) );' );
	$insert( 'Kept too' );
	evaluate( 'Igny8_Bridge_Structure::be_due();' );
	usleep( 200000 );
	same( array(), $service->received(), 'further attempts' );
	same( 'site_moved', evaluate( 'return Igny8_Bridge_Onboarding::connect();' )['outcome'], 'outcome' );
	$service->received();

	$known_again();
	same( 'connected', evaluate( 'return Igny8_Bridge_Onboarding::connect();' )['outcome'], 'outcome' );
	$came = $service->await( 4 );
	same( array( 'test-connection', 'update_site_structure', 'status', 'status' ), $paths( $came ), 'requests' );
	$again = deliveries( array_slice( $came, 2 ), $secret );
	same( array( 'Kept', 'Kept too' ), array_column( $again, 'post_title' ), 'what arrives' );
	holds( $first[0]['id'] !== $again[0]['id'], 'it has another webhook-id' );
	same( array( 'waiting' => 0, 'dead' => 0 ), $counts() );
	holds( ! str_contains( $page(), 'another address' ), 'the page is content' );
} );

check( 'what was kept is sent again when a person says so', function () use ( $service, $secret, $insert, $counts, $taken_for_copy, $known_again ) {
	connect_outbox( $service, $secret );
	$taken_for_copy();
	$insert( 'Kept' );
	$service->await( 1 );
	$known_again();
	evaluate( 'Igny8_Bridge_Outbox::revive(); Igny8_Bridge_Sender::resume();' );
	same( 'Kept', deliveries( $service->await( 1 ), $secret )[0]['post_title'] );
	same( array( 'waiting' => 0, 'dead' => 0 ), $counts() );
} );

check( 'a structure that the service takes for a copy\'s is told again', function () use ( $service, $secret, $paths, $taken_for_copy, $known_again, $page ) {
	connect_outbox( $service, $secret );
	$taken_for_copy();
	evaluate( 'Igny8_Bridge_Structure::be_due();' );
	same( array( 'update_site_structure' ), $paths( $service->await( 1 ) ), 'requests' );
	same( array( true, true ), evaluate( 'return array( Igny8_Bridge_Structure::is_due(), Igny8_Bridge_Sender::state()["due"] > time() );' ), 'whether it is due, and later' );
	$html = $page();
	holds( str_contains( $html, 'from a copy of the site at another address' ) && str_contains( $html, 'igny8_bridge_send_again' ), "the page says what the service said ($html)" );
	$known_again();
	evaluate( 'Igny8_Bridge_Sender::resume();' );
	same( array( 'update_site_structure' ), $paths( $service->await( 1 ) ), 'requests' );
	same( false, evaluate( 'return Igny8_Bridge_Structure::is_due();' ), 'whether it is due' );
} );
