<?php
/*
 * What the checks of the outbox share.
 */

/** Connects the site as it would be after onboarding, with everything told so far. */
function connect_outbox( $service, $secret ) {
	$service->answer( 200, array( 'outcome' => 'applied' ) );
	Igny8_Test::start( "foreach ( array( 'sender', 'clock_offset', 'connected_as' ) as \$name ) { delete_option( \"igny8_bridge_\$name\" ); }
		update_option( 'igny8_bridge_service_url', '{$service->url}' );
		update_option( 'igny8_bridge_webhook_secret', '$secret' );
		update_option( 'igny8_bridge_integration_id', 42 );
		Igny8_Bridge_Outbox::install(); global \$wpdb; foreach ( array( 'outbox', 'touched' ) as \$name ) { \$wpdb->query( \"DELETE FROM {\$wpdb->prefix}igny8_\$name\" ); }" );
	$service->received(); // the structure, where it had not been told yet
}

/** A REST request as the block editor makes it. */
function edit( $method, $path, $body = null ) {
	$answer = request( $method, $path, array( 'Authorization: Basic ' . base64_encode( 'admin:' . Igny8_Test::$site['admin']['application_password'] ) ), $body );
	if ( $answer['status'] >= 300 ) {
		throw new Exception( "$method $path is {$answer['status']} " . substr( $answer['body'], 0, 300 ) );
	}
	return $answer['json'];
}

/** The deliveries that came, decoded; checks that each is authorized and signed. */
function deliveries( $requests, $secret ) {
	$read = array();
	foreach ( $requests as $request ) {
		$headers = $request['headers'];
		same( 'Bearer ' . Igny8_Test::KEY, $headers['authorization'] ?? null, 'Authorization' );
		$signed = $headers['webhook-id'] . '.' . $headers['webhook-timestamp'] . '.' . $request['body'];
		same( 'v1,' . base64_encode( hash_hmac( 'sha256', $signed, base64_decode( substr( $secret, 6 ) ), true ) ), $headers['webhook-signature'], 'webhook-signature' );
		holds( 1 === preg_match( '#^/api/v1/integration/webhooks/wordpress/(status|metadata)/$#', $request['path'], $kind ), "{$request['path']} is a webhook's path" );
		$read[] = array( 'kind' => $kind[1], 'id' => $headers['webhook-id'] ) + json_decode( $request['body'], true );
	}
	return $read;
}
