<?php
/*
 * Returns the settings page of a connected site in each state that it has words of its own for, without what differs
 * from one time to the next; a line that another state has too, only once. docs/pictures/of keeps it, so that a test
 * sees when the pictures show another page.
 */
// What the plugin loads for wp-admin alone.
foreach ( array( 'settings', 'settings-page', 'connect-button', 'connection-report', 'outbox-page' ) as $igny8_file ) {
	require_once WP_PLUGIN_DIR . "/igny8-bridge/includes/class-igny8-bridge-$igny8_file.php";
}
$igny8_page = function ( $state ) {
	ob_start();
	Igny8_Bridge_Settings_Page::render();
	$page = preg_replace(
		array( '/ (id|name)="_wpnonce" ([^>]*)value="[^"]*"/', '/Last tried: [^<]*/', '/ends in \S+/', '/\b\d+/', '/\s*\n\s*|(?<=>)(?=<)/' ),
		array( ' $1="_wpnonce" $2', 'Last tried: then', 'ends in them', '0', "\n" ),
		ob_get_clean()
	);
	return "== $state ==\n$page\n";
};
$igny8_pages = $igny8_page( 'connected' );

update_option( Igny8_Bridge_Options::CONNECTION, '0' );
Igny8_Bridge_Onboarding::connect();
$igny8_pages .= $igny8_page( 'failed' );
update_option( Igny8_Bridge_Options::CONNECTION, '1' );
Igny8_Bridge_Onboarding::connect();

global $wpdb;
$wpdb->query( 'START TRANSACTION' );
foreach ( array( 'waiting', 'dead' ) as $igny8_state ) {
	$wpdb->insert( Igny8_Bridge_Outbox::table(), array( 'kind' => 'status', 'post_id' => 0, 'webhook_id' => $igny8_state, 'body' => '{}', 'state' => $igny8_state, 'reason' => 'that is why', 'created' => 0 ) );
}
foreach ( array( 0, 401 ) as $igny8_answer ) {
	add_filter( 'pre_option_' . Igny8_Bridge_Sender::STATE, fn() => array( 'due' => time() + 5, 'reason' => 'that is why', 'answer' => $igny8_answer ) );
	$igny8_pages .= $igny8_page( "waiting, after the answer $igny8_answer" );
}
$wpdb->query( 'ROLLBACK' );
add_filter( 'pre_option_' . Igny8_Bridge_Options::API_KEY, '__return_empty_string' );
$igny8_pages .= $igny8_page( 'not filled in' );
return implode( "\n", array_unique( explode( "\n", $igny8_pages ) ) );
