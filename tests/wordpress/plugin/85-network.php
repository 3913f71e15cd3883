<?php
/*
 * A network: the first site is connected like any other, the second has a service of its own to tell.
 */

$services = array( 1 => new Igny8_Test_Service(), 2 => new Igny8_Test_Service() );
$secret   = 'whsec_' . base64_encode( str_repeat( 's', 32 ) );

/** Runs PHP as a request of the first site that has switched to the second. */
$on_second = fn( $code ) => evaluate( "switch_to_blog( 2 ); try { $code } finally { restore_current_blog(); }" );
/** Connects both, the second as integration 43, with everything told so far. */
$connect = function () use ( $services, $secret, $on_second ) {
	connect_outbox( $services[1], $secret );
	$services[2]->answer( 200, array( 'outcome' => 'applied' ) );
	$on_second( "if ( ! in_array( 'igny8-bridge/igny8-bridge.php', get_option( 'active_plugins' ), true ) ) { activate_plugin( 'igny8-bridge/igny8-bridge.php' ); }
		update_option( 'igny8_bridge_api_key', " . var_export( Igny8_Test::KEY, true ) . " ); update_option( 'igny8_bridge_site_id', '8' );
		update_option( 'igny8_bridge_service_url', '{$services[2]->url}' ); update_option( 'igny8_bridge_webhook_secret', '$secret' );
		update_option( 'igny8_bridge_integration_id', 43 ); update_option( 'igny8_bridge_connected_as', Igny8_Bridge_Options::address_hash() );
		update_option( 'igny8_bridge_two_way_sync_enabled', '1' );" );
	request( 'GET', '/two/' ); // it tells its structure itself
	usleep( 200000 );
	$services[1]->received();
	$services[2]->received();
};
/** What came to each of both of one operation. */
$told = function ( $operation, $to_first, $to_second ) use ( $services, $secret ) {
	$operation();
	$came = array();
	foreach ( array( 1 => $to_first, 2 => $to_second ) as $site => $count ) {
		$came[ $site ] = deliveries( $services[ $site ]->await( $count ), $secret );
	}
	usleep( 200000 );
	foreach ( $services as $site => $service ) {
		$came[ $site ] = array_merge( $came[ $site ], deliveries( $service->received(), $secret ) );
	}
	same( array( $to_first, $to_second ), array( count( $came[1] ), count( $came[2] ) ), 'deliveries to each (' . json_encode( $came ) . ')' );
	return $came;
};
$insert = fn( $title, $type = 'post' ) => "return wp_insert_post( array( 'post_title' => '$title', 'post_content' => 'a', 'post_status' => 'publish', 'post_type' => '$type' ) );";
$kept   = fn() => $on_second( 'global $wpdb; $wpdb->suppress_errors(); return array( (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->prefix}igny8_outbox" ), (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->prefix}igny8_touched" ) );' );

check( 'a site of a network that has not connected is told of by nobody', function () use ( $told, $services, $secret, $insert, $on_second, $kept ) {
	connect_outbox( $services[1], $secret );
	$told( fn() => $on_second( $insert( 'Elsewhere' ) ), 0, 0 );
	same( array( 0, 0 ), $kept(), 'what is kept for it' );
} );

$connect();

check( 'a change of another site of the network is told once, by that site', function () use ( $told, $insert, $on_second, $kept ) {
	$id   = null;
	$made = $told( function () use ( &$id, $insert, $on_second ) {
		$id = $on_second( $insert( 'Elsewhere' ) );
	}, 0, 1 )[2][0];
	same( array( 'status', 'publish', $id, 43 ), array( $made['kind'], $made['post_status'], $made['post_id'], $made['integration_id'] ) );
	same( array( Igny8_Test::$site['url'] . '/two', $on_second( "return get_permalink( $id );" ) ), array( $made['site_url'], $made['post_url'] ), 'site_url and post_url' );
	$renamed = $told( fn() => $on_second( "wp_update_post( array( 'ID' => $id, 'post_title' => 'Renamed' ) );" ), 0, 1 )[2][0];
	same( array( 'metadata', 'Renamed' ), array( $renamed['kind'], $renamed['metadata']['title'] ) );
	holds( $renamed['sequence'] > $made['sequence'], 'the sequence rises' );
	holds( ! isset( $made['metadata']['seo'] ) && ! isset( $renamed['metadata']['seo'] ), 'fields of an SEO plugin that may be another there are not told' );
	same( 'deleted', $told( fn() => $on_second( "wp_delete_post( $id, true );" ), 0, 1 )[2][0]['post_status'] );
	same( 0, $kept()[1], 'notes left' );
} );

check( 'posts of one id on two sites are two posts', function () use ( $told, $insert, $on_second ) {
	$first = evaluate( 'remove_all_actions( "shutdown" ); ' . $insert( 'First' ) );
	$on_second( "remove_all_actions( 'shutdown' ); wp_insert_post( array( 'import_id' => $first, 'post_title' => 'Second', 'post_content' => 'a', 'post_status' => 'publish' ) );" );
	$came = $told( fn() => evaluate( "\$edit = fn( \$title ) => wp_update_post( array( 'ID' => $first, 'post_title' => \$title ) );
		\$edit( 'First edited' ); switch_to_blog( 2 ); \$edit( 'Second edited' ); restore_current_blog();" ), 1, 1 );
	same( array( $first, 'First edited' ), array( $came[1][0]['post_id'], $came[1][0]['metadata']['title'] ), 'the first' );
	same( array( $first, 'Second edited' ), array( $came[2][0]['post_id'], $came[2][0]['metadata']['title'] ), 'the second' );

	// By its key IGNY8 writes the one, and a plugin along with it the other.
	$plugin = Igny8_Test::$folder . '/wp-content/mu-plugins/along.php';
	file_put_contents( $plugin, "<?php add_action( 'rest_after_insert_post', function () { switch_to_blog( 2 ); wp_update_post( array( 'ID' => $first, 'post_title' => 'Along' ) ); restore_current_blog(); } );" );
	try {
		same( 'Along', $told( fn() => ok( 'POST', "/wp-json/wp/v2/posts/$first", array( 'title' => 'Pushed' ) ), 0, 1 )[2][0]['metadata']['title'] );
	} finally {
		unlink( $plugin );
	}
} );

check( 'a page has the address that its own site gives it', function () use ( $told, $insert, $on_second ) {
	foreach ( array( '', '/%postname%' ) as $structure ) {
		$on_second( "update_option( 'permalink_structure', '$structure' );" );
		$id   = null;
		$made = $told( function () use ( &$id, $insert, $on_second ) {
			$id = $on_second( $insert( 'Page', 'page' ) );
		}, 0, 1 )[2][0];
		$own = json_decode( request( 'GET', "/two/?rest_route=/wp/v2/pages/$id" )['body'], true )['link'];
		same( $own, $made['post_url'], "post_url under '$structure'" );
	}
} );

check( 'what waits on the other site is sent by its own next request, which alone tells what it is made of', function () use ( $told, $insert, $on_second, $services ) {
	$services[2]->answer( 503, array() );
	$told( fn() => $on_second( $insert( 'Waits' ) ), 0, 1 );
	$services[2]->answer( 200, array( 'outcome' => 'applied' ) );
	same( array( 'waiting' => 1, 'dead' => 0 ), $on_second( 'return Igny8_Bridge_Outbox::counts();' ) );
	$on_second( 'Igny8_Bridge_Outbox::wake(); update_option( "igny8_bridge_sender", array_merge( Igny8_Bridge_Sender::state(), array( "due" => 1 ) ) );' );
	$told( fn() => request( 'GET', '/two/' ), 0, 1 );

	$on_second( 'register_post_type( "elsewhere", array( "public" => true, "show_in_rest" => true ) ); Igny8_Bridge_Structure::be_due();' );
	usleep( 200000 );
	same( array( array(), array() ), array( $services[1]->received(), $services[2]->received() ), 'requests' );
	request( 'GET', '/two/' );
	$pushed = $services[2]->await( 1 )[0];
	same( '/api/v1/integration/integrations/43/update_site_structure/', $pushed['path'] );
	same( Igny8_Test::$site['url'] . '/two', json_decode( $pushed['body'], true )['site_url'], 'site_url' );
} );

check( 'a site where the plugin is not active any more is told of by nobody, unless it is active on all', function () use ( $told, $insert, $on_second, $kept, $services ) {
	$on_second( 'update_option( "active_plugins", array() );' );
	$before = $kept();
	$told( fn() => $on_second( $insert( 'Unseen' ) ), 0, 0 );
	same( $before, $kept(), 'what is kept for it' );
	evaluate( 'update_site_option( "active_sitewide_plugins", array( "igny8-bridge/igny8-bridge.php" => time() ) );' );
	$told( fn() => $on_second( $insert( 'Seen' ) ), 0, 1 );

	evaluate( 'deactivate_plugins( "igny8-bridge/igny8-bridge.php", false, true );' );
	foreach ( array( 1 => 42, 2 => 43 ) as $site => $integration ) {
		$ended = $services[ $site ]->await( 1 )[0];
		same( array( "/api/v1/integration/integrations/$integration/update_site_structure/", false ), array( $ended['path'], json_decode( $ended['body'], true )['plugin']['connection_enabled'] ), "what site $site tells at the end" );
	}
} );
