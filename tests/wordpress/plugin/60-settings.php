<?php

$jar     = Igny8_Test::$folder . '/cookies';
$service = new Igny8_Test_Service();
$page    = '/wp-admin/options-general.php?page=igny8-bridge';

/** A request with the browser's cookies. */
$browse = function ( $method, $path, $fields = null ) use ( $jar ) {
	return request( $method, $path, array(), $fields, array( 'form' => true, 'curl' => array( CURLOPT_COOKIEJAR => $jar, CURLOPT_COOKIEFILE => $jar ) ) );
};
$log_in = function ( $role ) use ( $browse, $jar ) {
	@unlink( $jar );
	$user = Igny8_Test::$site[ $role ];
	$browse( 'GET', '/wp-login.php' );
	same( 302, $browse( 'POST', '/wp-login.php', array( 'log' => $user['user'], 'pwd' => $user['password'], 'testcookie' => '1' ) )['status'], 'status of the log-in' );
};
$nonce = function ( $html, $action ) {
	if ( ! preg_match( '#action="[^"]*' . $action . '".*?name="_wpnonce" value="([0-9a-f]+)"#s', $html, $found ) ) {
		throw new Exception( "there is no form for $action" );
	}
	return $found[1];
};
$fields = fn( $more = array() ) => $more + array(
	'option_page'                         => 'igny8_bridge',
	'action'                              => 'update',
	'igny8_bridge_service_url'            => $service->url . '/',
	'igny8_bridge_site_id'                => '7',
	'igny8_bridge_api_key'                => '',
	'igny8_bridge_user'                   => (string) evaluate( 'return get_user_by( "login", "igny8_editor" )->ID;' ),
	'igny8_bridge_connection_enabled'     => '1',
	'igny8_bridge_two_way_sync_enabled'   => '1',
);
$save = function ( $more = array() ) use ( $browse, $page, $nonce, $fields ) {
	$token = $nonce( $browse( 'GET', $page )['body'], 'options.php' );
	return $browse( 'POST', '/wp-admin/options.php', $fields( $more + array( '_wpnonce' => $token ) ) );
};

check( 'what another machine said is shown as one line, and its cut end as one', function () {
	$line = fn( $text, $more = '' ) => evaluate( 'return Igny8_Bridge_Text::line( ' . var_export( $text, true ) . $more . ' );' );
	same( 'a b', $line( " a\n<b>b</b> " ) );
	same( str_repeat( 'ä', 300 ), $line( str_repeat( 'ä', 300 ) ) );
	same( str_repeat( 'ä', 299 ) . '…', $line( str_repeat( 'ä', 301 ) ) );
	same( str_repeat( 'a', 600 ), $line( str_repeat( 'a', 600 ), ', 1000' ) );
} );

check( 'only an administrator sees the settings', function () use ( $log_in, $browse, $page ) {
	$log_in( 'editor' );
	same( 403, $browse( 'GET', $page )['status'], 'status for an editor' );
	$log_in( 'admin' );
	same( 200, $browse( 'GET', $page )['status'], 'status for an administrator' );
} );

check( 'what is entered is stored to the byte', function () use ( $save ) {
	evaluate( 'foreach ( array( "service_url", "site_id", "api_key", "user", "previous_key" ) as $name ) { delete_option( "igny8_bridge_$name" ); }' );
	same( 302, $save( array( 'igny8_bridge_api_key' => Igny8_Test::KEY ) )['status'], 'status' );
	same( array( Igny8_Test::KEY, '7', 'igny8_editor' ), evaluate( 'return array( get_option( "igny8_bridge_api_key" ), get_option( "igny8_bridge_site_id" ), get_userdata( get_option( "igny8_bridge_user" ) )->user_login );' ) );
	same( 200, keyed( 'GET', '/wp-json/wp/v2/users/me' )['status'], 'status with the entered key' );
} );

check( 'the stored key is never shown, and stays when left blank', function () use ( $save, $browse, $page ) {
	$html = $browse( 'GET', $page )['body'];
	holds( ! str_contains( $html, Igny8_Test::KEY ) && ! str_contains( $html, htmlspecialchars( Igny8_Test::KEY, ENT_QUOTES ) ), 'the page does not have the key' );
	$save();
	same( Igny8_Test::KEY, evaluate( 'return get_option( "igny8_bridge_api_key" );' ) );
} );

check( 'switches can be put out', function () use ( $save ) {
	$save( array( 'igny8_bridge_two_way_sync_enabled' => '' ) );
	same( array( true, false ), evaluate( 'return array( Igny8_Bridge_Options::connection_enabled(), Igny8_Bridge_Options::two_way_sync_enabled() );' ) );
	$save();
} );

check( 'what cannot be right is refused in words and not stored', function () use ( $save, $browse, $page ) {
	foreach ( array(
		'igny8_bridge_service_url' => 'ftp://example.test',
		'igny8_bridge_site_id'     => '7x',
		'igny8_bridge_api_key'     => 'has a space',
		'igny8_bridge_user'        => '4711',
	) as $option => $wrong ) {
		$before = evaluate( "return get_option( '$option' );" );
		$save( array( $option => $wrong ) );
		holds( str_contains( $browse( 'GET', "$page&settings-updated=true" )['body'], 'notice-error' ), "$option is complained about" );
		same( $before, evaluate( "return get_option( '$option' );" ), $option );
	}
} );

check( 'nothing is saved or connected without a nonce', function () use ( $browse, $fields, $service ) {
	same( 403, $browse( 'POST', '/wp-admin/options.php', $fields( array( 'igny8_bridge_site_id' => '99' ) ) )['status'], 'status of saving' );
	same( '7', evaluate( 'return get_option( "igny8_bridge_site_id" );' ) );
	same( 403, $browse( 'POST', '/wp-admin/admin-post.php', array( 'action' => 'igny8_bridge_connect' ) )['status'], 'status of connecting' );
	same( array(), $service->received(), 'requests to the service' );
} );

$connect = function () use ( $browse, $page, $nonce ) {
	$token = $nonce( $browse( 'GET', $page )['body'], 'admin-post.php' );
	same( 302, $browse( 'POST', '/wp-admin/admin-post.php', array( 'action' => 'igny8_bridge_connect', '_wpnonce' => $token ) )['status'], 'status of connecting' );
	return html_entity_decode( strip_tags( $browse( 'GET', $page )['body'] ), ENT_QUOTES );
};

/** What the button has sent; once connected the plugin tells the service of the site besides. */
$asked = fn() => array_values( array_filter( $service->received(), fn( $request ) => str_ends_with( $request['path'], '/test-connection/' ) ) );

check( 'Connect asks the service and shows each check', function () use ( $connect, $service, $asked ) {
	$service->answer( 200, array(
		'success'        => true,
		'integration_id' => 42,
		'created'        => true,
		'message'        => 'Connected <script>alert(1)</script>',
		'webhook_secret' => 'whsec_' . base64_encode( str_repeat( 'k', 32 ) ),
		'checks'         => array( array( 'name' => 'url', 'ok' => true, 'detail' => 'fine', 'duration_ms' => 1 ), array( 'name' => 'plugin', 'ok' => true, 'detail' => 'igny8-bridge 0.1.0', 'duration_ms' => 1234 ) ),
	) );
	$text = $connect();
	foreach ( array( 'Connected.', 'integration 42', 'igny8-bridge 0.1.0', '1,234 ms' ) as $part ) {
		holds( str_contains( $text, $part ), "the page has '$part'" );
	}
	$requests = $asked();
	same( 1, count( $requests ), 'requests' );
	same( array( 'POST', '/api/v1/integration/integrations/test-connection/', 'application/json' ), array( $requests[0]['method'], $requests[0]['path'], $requests[0]['headers']['content-type'] ) );
	same( array( 'site_id' => 7, 'api_key' => Igny8_Test::KEY, 'site_url' => Igny8_Test::$site['url'] ), json_decode( $requests[0]['body'], true ), 'body' );
	same( array( 42, 'whsec_' . base64_encode( str_repeat( 'k', 32 ) ) ), evaluate( 'return array( (int) get_option( "igny8_bridge_integration_id" ), get_option( "igny8_bridge_webhook_secret" ) );' ) );
	same( true, ok( 'GET', '/wp-json/igny8/v1/status' )['signs_webhooks'], 'signs_webhooks' );
} );

check( 'once connected with a new key the old one ends within five minutes', function () use ( $connect, $asked ) {
	evaluate( 'update_option( "igny8_bridge_previous_key", array( "key" => "the-old-key", "until" => time() + 86400 ) );' );
	$connect();
	same( 1, count( $asked() ), 'requests' );
	$rest = evaluate( 'return get_option( "igny8_bridge_previous_key" )["until"] - time();' );
	holds( $rest > 290 && $rest <= 300, 'five minutes are left' );
	evaluate( 'delete_option( "igny8_bridge_previous_key" );' );
} );

check( 'each way to fail is told in plain words and leaves the connection as it was', function () use ( $connect, $service, $asked ) {
	$cases = array(
		array( 400, array( 'code' => 'connection_failed', 'success' => false, 'detail' => 'stopped at tls', 'checks' => array( array( 'name' => 'tls', 'ok' => false, 'detail' => 'certificate has expired', 'duration_ms' => 5 ) ) ), array( 'could not connect to this site', 'certificate has expired', '✗ Failed' ) ),
		array( 400, array( 'code' => 'validation_error', 'detail' => 'site_url: invalid' ), array( 'could not use these settings', 'site_url: invalid' ) ),
		array( 403, array( 'code' => 'api_key_mismatch' ), array( 'does not belong to this site id' ) ),
		array( 403, array( 'code' => 'inactive' ), array( 'account is not active' ) ),
		array( 409, array( 'code' => 'site_moved' ), array( 'under another address' ) ),
		array( 429, array( 'code' => 'throttled' ), array( 'Wait 90 seconds' ), array( 'Retry-After' => '90' ) ),
		array( 503, array( 'code' => 'unavailable' ), array( 'problem of its own', 'status 503' ) ),
		array( 200, '<html>welcome</html>', array( 'does not belong to an IGNY8 service' ) ),
		array( 301, '', array( 'does not belong to an IGNY8 service' ), array( 'Location' => $service->url . '/elsewhere' ) ),
	);
	foreach ( $cases as $case ) {
		$service->answer( $case[0], $case[1], $case[3] ?? array() );
		$text = $connect();
		foreach ( $case[2] as $part ) {
			holds( str_contains( $text, $part ), "the page has '$part' for " . json_encode( $case[1] ) );
		}
		same( 1, count( $asked() ), 'requests' );
	}
	same( 42, evaluate( 'return (int) get_option( "igny8_bridge_integration_id" );' ), 'integration_id' );
} );

check( 'a service that cannot be reached is told so', function () use ( $connect ) {
	evaluate( 'update_option( "igny8_bridge_service_url", "http://127.0.0.1:1" );' );
	holds( str_contains( $connect(), 'cannot be reached from this site' ), 'the page says so' );
} );
