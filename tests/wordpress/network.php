<?php
/*
 * Makes a test site the first of a network: run once it makes the network and says so in wp-config.php, run again it
 * makes the second site, at /two/.
 */
require __DIR__ . '/load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

$domain = $_SERVER['HTTP_HOST'];
if ( ! is_multisite() ) {
	global $wpdb;
	foreach ( $wpdb->tables( 'ms_global' ) as $table => $name ) {
		$wpdb->$table = $name;
	}
	install_network();
	$made = populate_network( 1, $domain, 'admin@example.test', 'Test network' );
	if ( is_wp_error( $made ) && 'no_wildcard_dns' !== $made->get_error_code() ) {
		throw new RuntimeException( $made->get_error_message() );
	}
	$constants = array(
		'MULTISITE'            => true,
		'SUBDOMAIN_INSTALL'    => false,
		'DOMAIN_CURRENT_SITE'  => $domain,
		'PATH_CURRENT_SITE'    => '/',
		'SITE_ID_CURRENT_SITE' => 1,
		'BLOG_ID_CURRENT_SITE' => 1,
	);
	foreach ( $constants as $name => $value ) {
		$line = "define( '$name', " . var_export( $value, true ) . " );\n";
		file_put_contents( getenv( 'IGNY8_TEST_SITE' ) . '/wp-config.php', $line, FILE_APPEND );
	}
	return;
}

add_filter( 'pre_wp_mail', '__return_true' );
$made = wp_insert_site(
	array(
		'domain'     => $domain,
		'path'       => '/two/',
		'network_id' => 1,
		'title'      => 'Two',
		'user_id'    => get_user_by( 'login', 'admin' )->ID,
	)
);
if ( is_wp_error( $made ) ) {
	throw new RuntimeException( $made->get_error_message() );
}
// WordPress 6.1 takes the colon from an address with a port.
global $wpdb;
$wpdb->update( $wpdb->blogs, array( 'domain' => $domain ), array( 'blog_id' => $made ) );
clean_blog_cache( $made );
switch_to_blog( $made );
update_option( 'home', "http://$domain/two" );
update_option( 'siteurl', "http://$domain/two" );
foreach ( get_posts( array( 'post_type' => 'any', 'post_status' => 'any', 'numberposts' => -1 ) ) as $post ) {
	wp_delete_post( $post->ID, true );
}
add_user_to_blog( $made, get_user_by( 'login', 'igny8_editor' )->ID, 'editor' );
restore_current_blog();
