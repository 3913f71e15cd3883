<?php

$trouble = new Igny8_Test_Service();
$secret  = 'whsec_' . base64_encode( str_repeat( 's', 32 ) );

$insert = fn( $title ) => evaluate( "return wp_insert_post( array( 'post_title' => '$title', 'post_content' => 'a', 'post_status' => 'publish' ) );" );
$counts = fn() => evaluate( 'return Igny8_Bridge_Outbox::counts();' );
/** Lets the time of the next attempt come. */
$due = fn() => evaluate( 'Igny8_Bridge_Outbox::wake(); $state = Igny8_Bridge_Sender::state(); update_option( "igny8_bridge_sender", array_merge( $state, array( "due" => 1, "last_try" => 0, "not_before" => 0 ) ) ); remove_all_actions( "shutdown" );' );

/** A request of a person's browser. */
$browse = fn( $method, $path, $fields = null ) => request( $method, $path, array(), $fields, array( 'form' => true, 'curl' => array( CURLOPT_COOKIEJAR => Igny8_Test::$folder . '/cookies', CURLOPT_COOKIEFILE => Igny8_Test::$folder . '/cookies' ) ) );
$log_in = function () use ( $browse ) {
	$browse( 'GET', '/wp-login.php' );
	$browse( 'POST', '/wp-login.php', array( 'log' => 'admin', 'pwd' => Igny8_Test::$site['admin']['password'], 'testcookie' => '1' ) );
};

check( 'the service is away for 50 edits: all arrive, in order for each post, once it is back', function () use ( $secret, $trouble ) {
	connect_outbox( $trouble, $secret );
	evaluate( 'update_option( "igny8_bridge_service_url", "http://127.0.0.1:1" );' );
	$ids = evaluate( '$ids = array(); for ( $i = 0; $i < 5; $i++ ) { $ids[] = wp_insert_post( array( "post_title" => "Away", "post_content" => "0", "post_status" => "publish" ) ); } return $ids;' );
	for ( $i = 1; $i < 10; $i++ ) {
		evaluate( 'foreach ( ' . var_export( $ids, true ) . " as \$id ) { wp_update_post( array( 'ID' => \$id, 'post_content' => '$i' ) ); }" );
	}
	same( array( 'waiting' => 50, 'dead' => 0 ), evaluate( 'return Igny8_Bridge_Outbox::counts();' ) );
	evaluate( "update_option( 'igny8_bridge_service_url', '{$trouble->url}' );" );
	$came = deliveries( $trouble->await( 50, 10 ), $secret );
	same( 50, count( array_unique( array_column( $came, 'id' ) ) ), 'different deliveries' );
	foreach ( $ids as $id ) {
		$of_post = array_values( array_filter( $came, fn( $delivery ) => $id === $delivery['post_id'] ) );
		same( array_map( fn( $i ) => hash( 'sha256', (string) $i ), range( 0, 9 ) ), array_column( $of_post, 'content_hash' ), 'order of the bodies' );
		holds( count( array_unique( array_column( $of_post, 'sequence' ) ) ) === 10, 'each has a sequence number of its own' );
	}
	same( array( 'waiting' => 0, 'dead' => 0 ), evaluate( 'return Igny8_Bridge_Outbox::counts();' ) );
} );

check( 'a process that is killed right after the outbox was written loses nothing', function () use ( $trouble, $secret ) {
	connect_outbox( $trouble, $secret );
	// The next statement never comes.
	Igny8_Test::crash( '$written = false;
		add_filter( "query", function ( $query ) use ( &$written ) {
			if ( $written ) { posix_kill( getmypid(), SIGKILL ); }
			$written = 0 === strpos( $query, "INSERT INTO `" . Igny8_Bridge_Outbox::table() . "`" );
			return $query;
		} );
		wp_insert_post( array( "post_title" => "Killed", "post_content" => "a", "post_status" => "publish" ) );' );
	request( 'GET', '/' );
	$came = deliveries( $trouble->await( 1 ), $secret );
	same( array( 'Killed', true ), array( $came[0]['post_title'], $came[0]['sequence'] > 0 ) );
} );

check( 'a change whose process was killed before it could be noted down is told later', function () use ( $trouble, $secret, $insert ) {
	$kept = $insert( 'Kept' );
	$gone = $insert( 'Gone' );
	connect_outbox( $trouble, $secret );
	$kill = 'posix_kill( getmypid(), SIGKILL );';
	Igny8_Test::crash( "wp_update_post( array( 'ID' => $kept, 'post_title' => 'Changed' ) ); $kill" );
	Igny8_Test::crash( "wp_delete_post( $gone, true ); $kill" );
	Igny8_Test::crash( "wp_insert_post( array( 'post_title' => 'Made', 'post_content' => 'a', 'post_status' => 'publish' ) ); $kill" );
	$flush = 'do_action( "igny8_bridge_send" );';
	evaluate( $flush );
	same( array(), $trouble->received(), 'deliveries while the requests could still be alive' );
	evaluate( 'global $wpdb; $wpdb->query( "UPDATE {$wpdb->prefix}igny8_touched SET since = since - 901" );' . $flush );
	$came = deliveries( $trouble->await( 3 ), $secret );
	same( array( 'publish', 'deleted', 'publish' ), array_column( $came, 'post_status' ), 'statuses' );
	same( array( $kept, $gone ), array( $came[0]['post_id'], $came[1]['post_id'] ), 'posts' );
	same( array( 'Changed', 'Made' ), array( $came[0]['metadata']['title'], $came[2]['metadata']['title'] ), 'titles' );
	evaluate( $flush );
	same( array(), $trouble->received(), 'deliveries after that' );
} );

check( 'a post that the database could not be asked for is told later, and not as deleted', function () use ( $trouble, $secret, $insert ) {
	$id = $insert( 'Unread' );
	connect_outbox( $trouble, $secret );
	// Each of the three queries: a statement that took too long, or a connection that was lost, which leaves no error.
	$failing = fn( $mark, $how ) => '$wpdb = $GLOBALS["wpdb"]; $wpdb->suppress_errors(); add_filter( "query", fn( $query ) => false === strpos( $query, ' . var_export( $mark, true ) . " ) ? \$query : '$how' );";
	$queries = array( 'post_name, post_author FROM', 'ORDER BY meta_key, meta_id DESC', 'USING (term_taxonomy_id)' );
	$left    = 'global $wpdb; return (int) $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->prefix}igny8_touched" );';
	foreach ( $queries as $i => $mark ) {
		foreach ( array( 'SELECT nothing FROM nowhere', '' ) as $how ) {
			evaluate( "add_action( 'shutdown', function () { " . $failing( $mark, $how ) . " }, PHP_INT_MAX - 2 ); wp_update_post( array( 'ID' => $id, 'post_content' => '$i$how' ) );" );
			usleep( 150000 );
			same( array(), $trouble->received(), "deliveries after '$how' for $mark" );
		}
	}
	same( 6, evaluate( $left ), 'notes left' );
	$flush = 'do_action( "igny8_bridge_send" );';
	evaluate( 'global $wpdb; $wpdb->query( "UPDATE {$wpdb->prefix}igny8_touched SET since = since - 901" );' );
	foreach ( $queries as $mark ) {
		evaluate( $failing( $mark, '' ) . $flush );
	}
	same( array( array(), 6 ), array( $trouble->received(), evaluate( $left ) ), 'deliveries and notes left after that' );
	evaluate( $flush );
	same( array( 'publish' ), array_unique( array_column( deliveries( $trouble->await( 6 ), $secret ), 'post_status' ) ), 'statuses' );
	same( 0, evaluate( $left ), 'notes left' );

	evaluate( "get_post( $id ); " . $failing( $queries[0], '' ) . " add_action( 'deleted_post', fn() => remove_all_filters( 'query' ) ); wp_delete_post( $id, true );" );
	same( array( $id, 'deleted' ), array_values( array_intersect_key( deliveries( $trouble->await( 1 ), $secret )[0], array_flip( array( 'post_id', 'post_status' ) ) ) ), 'a deletion of what could not be read before' );
} );

check( 'a site that lost the table makes it anew', function () use ( $trouble, $secret, $insert ) {
	connect_outbox( $trouble, $secret );
	evaluate( 'global $wpdb; $wpdb->query( "DROP TABLE {$wpdb->prefix}igny8_outbox, {$wpdb->prefix}igny8_touched" );
		$wpdb->suppress_errors(); wp_insert_post( array( "post_title" => "Anew", "post_content" => "a", "post_status" => "publish" ) );' );
	same( 'Anew', deliveries( $trouble->await( 1 ), $secret )[0]['post_title'] );
} );

check( 'a request of the service shows that it is back', function () use ( $trouble, $secret, $insert ) {
	connect_outbox( $trouble, $secret );
	$trouble->answer( 502, array() );
	$insert( 'Back' );
	$first = deliveries( $trouble->await( 1 ), $secret );
	$trouble->answer( 200, array() );
	evaluate( 'update_option( "igny8_bridge_sender", array_merge( Igny8_Bridge_Sender::state(), array( "due" => time() + 300, "last_try" => time() - 6 ) ) );' );
	request( 'GET', '/' );
	usleep( 200000 );
	same( array(), $trouble->received(), 'deliveries at the end of a visitor\'s request' );
	evaluate( 'global $wpdb; $wpdb->query( "UPDATE {$wpdb->prefix}igny8_outbox SET next_attempt = 0" );' );
	ok( 'GET', '/wp-json/igny8/v1/status' );
	$again = deliveries( $trouble->await( 1 ), $secret );
	same( $first[0]['id'], $again[0]['id'], 'webhook-id of the second attempt' );
} );

check( 'an attempt is stamped and signed anew', function () use ( $trouble, $secret, $insert, $due ) {
	connect_outbox( $trouble, $secret );
	$trouble->answer( 500, array() );
	$insert( 'Twice' );
	$first = $trouble->await( 1 )[0]['headers'];
	sleep( 1 );
	$due();
	request( 'GET', '/' );
	$second = $trouble->await( 1 )[0]['headers'];
	same( $first['webhook-id'], $second['webhook-id'], 'webhook-id' );
	holds( $second['webhook-timestamp'] > $first['webhook-timestamp'], 'the time is that of the attempt' );
	holds( $second['webhook-signature'] !== $first['webhook-signature'], 'the signature is that of the attempt' );
	$next = evaluate( 'global $wpdb; return $wpdb->get_row( "SELECT attempts, next_attempt - UNIX_TIMESTAMP() AS rest FROM {$wpdb->prefix}igny8_outbox" );' );
	same( '2', $next['attempts'], 'attempts' );
	holds( $next['rest'] > 290 && $next['rest'] <= 331, 'the third attempt is five minutes later' );
} );

check( 'a delivery in trouble keeps back its post and no other', function () use ( $trouble, $secret, $insert, $counts ) {
	connect_outbox( $trouble, $secret );
	$trouble->answer( 500, array() );
	$id = $insert( 'Poison' );
	$trouble->await( 1 );
	$trouble->answer( 200, array() );
	evaluate( "wp_update_post( array( 'ID' => $id, 'post_content' => 'later' ) );" );
	$insert( 'Fine' );
	usleep( 300000 );
	same( array( 'Fine' ), array_column( deliveries( $trouble->received(), $secret ), 'post_title' ), 'what came' );
	same( 2, $counts()['waiting'], 'waiting' );
} );

check( 'Retry-After is honoured by everything', function () use ( $trouble, $secret, $insert ) {
	connect_outbox( $trouble, $secret );
	$trouble->answer( 429, array( 'code' => 'throttled' ), array( 'Retry-After' => '120' ) );
	$insert( 'Wait' );
	$trouble->await( 1 );
	$trouble->answer( 200, array() );
	evaluate( 'update_option( "igny8_bridge_sender", array_merge( Igny8_Bridge_Sender::state(), array( "last_try" => time() - 60 ) ) );' );
	$insert( 'Wait too' );
	ok( 'GET', '/wp-json/igny8/v1/status' );
	request( 'GET', '/wp-cron.php' );
	usleep( 300000 );
	same( array(), $trouble->received(), 'deliveries' );
	$rest = evaluate( 'return Igny8_Bridge_Sender::state()["not_before"] - time();' );
	holds( $rest > 110 && $rest <= 120, 'two minutes are waited' );
	same( 60, evaluate( 'return Igny8_Bridge_Schedule::retry_after( gmdate( "D, d M Y H:i:s", time() + 60 ) . " GMT" );' ), 'the form with a date' );
} );

check( 'what is refused for good is kept, shown, and sent again on demand', function () use ( $trouble, $secret, $insert, $counts, $browse, $log_in ) {
	connect_outbox( $trouble, $secret );
	$trouble->answer( 400, array( 'code' => 'validation_error', 'detail' => 'post_id: not a number' ) );
	$insert( 'Refused <b>post</b>' );
	$first = deliveries( $trouble->await( 1 ), $secret );
	same( array( 'waiting' => 0, 'dead' => 1 ), $counts() );
	$trouble->answer( 200, array() );
	$insert( 'Another' );
	same( 1, count( $trouble->await( 1 ) ), 'deliveries besides' );
	$log_in();
	$html = $browse( 'GET', '/wp-admin/options-general.php?page=igny8-bridge' )['body'];
	holds( str_contains( $html, '400 post_id: not a number' ) && str_contains( $html, 'Refused post' ), 'the page shows what was refused and why' );
	holds( 1 === preg_match( '#value="igny8_bridge_send_again".*?name="_wpnonce" value="([0-9a-f]+)"#s', $html, $nonce ), 'there is a button' );
	same( 403, $browse( 'POST', '/wp-admin/admin-post.php', array( 'action' => 'igny8_bridge_send_again' ) )['status'], 'status without a nonce' );
	same( array(), $trouble->received(), 'deliveries without a nonce' );
	$browse( 'POST', '/wp-admin/admin-post.php', array( 'action' => 'igny8_bridge_send_again', '_wpnonce' => $nonce[1] ) );
	same( $first[0]['id'], deliveries( $trouble->await( 1 ), $secret )[0]['id'], 'webhook-id' );
} );

check( 'tables of an old site, which cannot hold an emoji, lose no delivery', function () use ( $trouble, $secret, $insert, $counts ) {
	connect_outbox( $trouble, $secret );
	evaluate( 'global $wpdb; $wpdb->query( "ALTER TABLE {$wpdb->prefix}igny8_outbox CONVERT TO CHARACTER SET utf8mb3" );' );
	$trouble->answer( 400, array( 'detail' => 'not that 🚀' ) );
	$insert( 'Launch 🚀' );
	same( 'Launch 🚀', deliveries( $trouble->await( 1 ), $secret )[0]['post_title'], 'post_title' );
	same( array( 'waiting' => 0, 'dead' => 1 ), $counts() );
	usleep( 200000 );
	same( array(), $trouble->received(), 'further attempts' );
	evaluate( 'global $wpdb; $wpdb->query( "ALTER TABLE {$wpdb->prefix}igny8_outbox CONVERT TO CHARACTER SET utf8mb4" );' );
} );

check( 'a clock that is off is measured and allowed for', function () use ( $trouble, $secret, $insert ) {
	connect_outbox( $trouble, $secret );
	$trouble->answer( 401, array( 'code' => 'invalid_signature', 'detail' => 'timestamp' ), array( 'Date' => gmdate( 'D, d M Y H:i:s', time() + 420 ) . ' GMT' ) );
	$insert( 'Clock' );
	$tries = array_map( fn( $request ) => (int) $request['headers']['webhook-timestamp'] - time(), $trouble->await( 2 ) );
	holds( abs( $tries[0] ) <= 2 && abs( $tries[1] - 420 ) <= 2, 'the second attempt goes by the clock of the service' );
	same( 2, count( $tries ), 'attempts' );
} );

check( 'a refused key is kept, shown, and sent again once the key is right; the site connects with it by itself', function () use ( $trouble, $secret, $insert, $counts, $browse, $log_in ) {
	connect_outbox( $trouble, $secret );
	$notice = fn() => str_contains( $browse( 'GET', '/wp-admin/index.php' )['body'], 'does not accept this site&#039;s API key any more' );
	$log_in();
	same( false, $notice(), 'a notice' );
	$trouble->answer( 401, array( 'code' => 'not_authenticated', 'detail' => 'no such key' ) );
	$insert( 'Key' );
	same( 1, count( $trouble->await( 1 ) ), 'attempts' );
	same( array( 'waiting' => 1, 'dead' => 0 ), $counts() );
	same( true, $notice(), 'a notice on the dashboard' );
	$trouble->script( array(
		''                              => array( 200, array() ),
		'integrations/test-connection/' => array( 200, array( 'success' => true, 'integration_id' => 42, 'webhook_secret' => $secret ) ),
	) );
	evaluate( 'update_option( "igny8_bridge_api_key", "the-new-key-of-the-site" );' );
	$came = $trouble->await( 2 );
	same( array( 'test-connection', 'status' ), array_map( fn( $request ) => basename( $request['path'] ), $came ), 'requests' );
	same( 'the-new-key-of-the-site', json_decode( $came[0]['body'], true )['api_key'], 'api_key' );
	same( 'Bearer the-new-key-of-the-site', $came[1]['headers']['authorization'], 'Authorization' );
	same( false, $notice(), 'a notice after that' );
	evaluate( 'do_action( "igny8_bridge_send" );' );
	same( array(), $trouble->received(), 'further attempts to connect' );
	evaluate( 'delete_option( "igny8_bridge_previous_key" );' );
} );

check( 'the new key of a site is told once the service is there to hear it', function () use ( $trouble, $secret ) {
	connect_outbox( $trouble, $secret );
	$trouble->answer( 503, array() );
	evaluate( 'update_option( "igny8_bridge_api_key", "another-key-of-the-site" );' );
	$trouble->await( 1 );
	$trouble->answer( 200, array( 'success' => true, 'integration_id' => 42, 'webhook_secret' => $secret ) );
	evaluate( 'do_action( "igny8_bridge_send" );' );
	same( array(), $trouble->received(), 'attempts within the hour' );
	evaluate( 'update_option( "igny8_bridge_secret_renewed", time() - 3601 ); do_action( "igny8_bridge_send" );' );
	same( array( 'test-connection' ), array_map( fn( $request ) => basename( $request['path'] ), $trouble->await( 1 ) ), 'requests' );
	evaluate( 'delete_option( "igny8_bridge_previous_key" );' );
} );

check( 'a rotated secret is fetched by connecting anew, and not over and over', function () use ( $trouble, $secret, $insert ) {
	connect_outbox( $trouble, $secret );
	evaluate( 'delete_option( "igny8_bridge_secret_renewed" );' );
	$new = 'whsec_' . base64_encode( str_repeat( 'n', 32 ) );
	$trouble->script( array(
		'webhooks/wordpress/status/'    => array( 401, array( 'code' => 'invalid_signature', 'detail' => 'no signature holds' ) ),
		'integrations/test-connection/' => array( 200, array( 'success' => true, 'integration_id' => 42, 'webhook_secret' => $new ) ),
	) );
	$insert( 'Rotated' );
	$paths = array_map( fn( $request ) => basename( $request['path'] ), $trouble->await( 3 ) );
	same( array( 'status', 'test-connection', 'status' ), $paths, 'requests' );
	same( $new, evaluate( 'return get_option( "igny8_bridge_webhook_secret" );' ) );
	same( false, evaluate( 'return Igny8_Bridge_Onboarding::renew_secret();' ), 'connected anew within the hour' );
} );

check( 'switched off, nothing is sent, and what waits goes out later', function () use ( $trouble, $secret, $insert ) {
	connect_outbox( $trouble, $secret );
	$trouble->answer( 500, array() );
	$insert( 'Waits' );
	$trouble->await( 1 );
	$trouble->answer( 200, array() );
	evaluate( 'update_option( "igny8_bridge_two_way_sync_enabled", "0" );' );
	same( array( 'update_site_structure' ), array_map( fn( $request ) => basename( $request['path'] ), $trouble->await( 1 ) ), 'what is told' );
	$insert( 'Silent' );
	usleep( 200000 );
	same( array(), $trouble->received(), 'deliveries' );
	evaluate( 'update_option( "igny8_bridge_two_way_sync_enabled", "1" ); Igny8_Bridge_Sender::resume();' );
	same( array( 'update_site_structure', 'status' ), array_map( fn( $request ) => basename( $request['path'] ), $trouble->await( 2 ) ), 'what is told' );
} );

check( 'what was told to an integration that is no more is told to the one that connecting brings', function () use ( $trouble, $secret, $insert, $counts, $due ) {
	connect_outbox( $trouble, $secret );
	evaluate( 'delete_option( "igny8_bridge_secret_renewed" );' );
	$trouble->answer( 200, array( 'outcome' => 'ignored', 'reason' => 'other_integration' ) );
	$insert( 'Again' );
	$first = deliveries( $trouble->await( 1 ), $secret );
	same( array( 'waiting' => 1, 'dead' => 0 ), $counts() );
	$trouble->script( array(
		''                              => array( 200, array() ),
		'integrations/test-connection/' => array( 200, array( 'success' => true, 'integration_id' => 43, 'webhook_secret' => $secret ) ),
	) );
	$due();
	evaluate( 'do_action( "igny8_bridge_send" );' );
	$came = $trouble->await( 3 );
	same( array( 'test-connection', 'update_site_structure', 'status' ), array_map( fn( $request ) => basename( $request['path'] ), $came ), 'requests' );
	$again = deliveries( array( $came[2] ), $secret );
	same( array( 42, 43 ), array( $first[0]['integration_id'], $again[0]['integration_id'] ), 'integration_id' );
	holds( $first[0]['id'] !== $again[0]['id'], 'it has another webhook-id' );
	same( array( 'waiting' => 0, 'dead' => 0 ), $counts() );
} );

check( 'sequence numbers never go down, also when everything was delivered', function () use ( $trouble, $secret, $insert ) {
	connect_outbox( $trouble, $secret );
	$insert( 'First' );
	$insert( 'Second' );
	$max = evaluate( 'global $wpdb; return (int) $wpdb->get_var( "SELECT MAX(id) FROM {$wpdb->prefix}igny8_outbox" );' );
	evaluate( 'global $wpdb; $wpdb->query( "UPDATE {$wpdb->prefix}igny8_outbox SET state = \"sent\", created = 1" ); Igny8_Bridge_Outbox::prune();' );
	same( array( $max ), array_map( 'intval', evaluate( 'global $wpdb; return $wpdb->get_col( "SELECT id FROM {$wpdb->prefix}igny8_outbox" );' ) ), 'rows left' );
	holds( $max > 1600000000, 'they began with the time of the table\'s making' );
} );
