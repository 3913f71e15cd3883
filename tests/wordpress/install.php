<?php
/*
 * Installs and seeds one test site and prints it as JSON:
 * install.php NAME PORT POSTS PAGES BOOKS pretty|plain ZONE WITH_PLUGIN
 */
define( 'WP_INSTALLING', true );
list( , $name, $port, $posts, $pages, $books, $permalinks, $zone, $with_plugin ) = $argv;
error_reporting( E_ERROR | E_PARSE ); // no tables yet: WordPress complains until they are there
require __DIR__ . '/load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
require __DIR__ . '/seed.php';

add_filter( 'pre_wp_mail', '__return_true' );

$users = array( 'admin' => array( 'user' => 'admin', 'password' => wp_generate_password( 24, false ) ) );
wp_install( "Test site $name", 'admin', 'admin@example.test', true, '', $users['admin']['password'] );
// Counts in tests are of what was asked for, so WordPress's own first post and pages go.
foreach ( array( 1, 2, 3 ) as $id ) {
	wp_delete_post( $id, true );
}

foreach ( array(
	'siteurl'                => "http://127.0.0.1:$port",
	'home'                   => "http://127.0.0.1:$port",
	'ping_sites'             => '',
	'default_ping_status'    => 'closed',
	'default_comment_status' => 'closed',
	'default_pingback_flag'  => 0,
) as $option => $value ) {
	update_option( $option, $value );
}
if ( preg_match( '/^UTC([+-][0-9.]+)$/', $zone, $offset ) ) {
	update_option( 'timezone_string', '' );
	update_option( 'gmt_offset', $offset[1] );
} else {
	update_option( 'timezone_string', $zone );
}

foreach ( array( 'editor', 'author', 'contributor' ) as $role ) {
	$users[ $role ] = array( 'user' => "igny8_$role", 'password' => wp_generate_password( 24, false ) );
	$made           = wp_insert_user(
		array(
			'user_login' => "igny8_$role",
			'user_pass'  => $users[ $role ]['password'],
			'user_email' => "$role@example.test",
			'role'       => $role,
		)
	);
	if ( is_wp_error( $made ) ) {
		throw new RuntimeException( $made->get_error_message() );
	}
}
foreach ( $users as $role => $user ) {
	list( $password ) = WP_Application_Passwords::create_new_application_password(
		get_user_by( 'login', $user['user'] )->ID,
		array( 'name' => 'igny8-test' )
	);
	$users[ $role ]['application_password'] = $password;
}

igny8_test_seed( (int) $posts, (int) $pages, (int) $books, get_user_by( 'login', 'igny8_editor' )->ID );

if ( '1' === $with_plugin ) {
	$error = activate_plugin( 'igny8-bridge/igny8-bridge.php' );
	if ( is_wp_error( $error ) ) {
		throw new RuntimeException( $error->get_error_message() );
	}
}

global $wp_rewrite;
$wp_rewrite->set_permalink_structure( 'plain' === $permalinks ? '' : '/%postname%/' );
$wp_rewrite->flush_rules( true );

echo wp_json_encode(
	array(
		'name'              => $name,
		'url'               => "http://127.0.0.1:$port",
		'port'              => (int) $port,
		'rest_url'          => get_rest_url(),
		'wordpress_version' => get_bloginfo( 'version' ),
	) + $users + array( 'api_key' => null ),
	JSON_UNESCAPED_SLASHES
);
