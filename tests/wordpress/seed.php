<?php
/*
 * Fills a fresh site with posts, pages and books, straight into its tables: a thousand in a fraction of a second,
 * where wp_insert_post() takes seconds.
 */

function igny8_test_seed( $posts, $pages, $books, $author ) {
	global $wpdb;
	if ( 0 === $posts + $pages + $books ) {
		return;
	}
	mt_srand( 8 ); // the same texts each time
	$terms = igny8_test_seed_terms();
	$wpdb->query( 'START TRANSACTION' );
	$total = $posts + $pages + $books;
	$made  = 0;
	foreach ( array( 'post' => $posts, 'page' => $pages, 'book' => $books ) as $type => $count ) {
		for ( $from = 1; $from <= $count; $from += 100 ) {
			$to = min( $count, $from + 99 );
			igny8_test_seed_batch( $type, $from, $to, $author, $total - $made, $terms );
			$made += $to - $from + 1;
		}
	}
	$wpdb->query( 'COMMIT' );
	foreach ( array( 'category', 'post_tag', 'genre' ) as $taxonomy ) {
		wp_update_term_count_now( array_column( array_filter( $terms, fn( $term ) => $taxonomy === $term['taxonomy'] ), 'id' ), $taxonomy );
	}
	wp_cache_flush();
}

/** Terms by a key of their own; two categories lie below others. */
function igny8_test_seed_terms() {
	$terms  = array();
	$insert = function ( $key, $name, $taxonomy, $parent = null ) use ( &$terms ) {
		$made          = wp_insert_term( $name, $taxonomy, array( 'parent' => $parent ? $terms[ $parent ]['id'] : 0 ) );
		$terms[ $key ] = array( 'id' => (int) $made['term_taxonomy_id'], 'taxonomy' => $taxonomy );
	};
	foreach ( array( 'News', 'Guides', 'Reviews', 'Recipes', 'Travel', 'Garden' ) as $i => $name ) {
		$insert( "category$i", $name, 'category' );
	}
	$insert( 'category6', 'Vegetables', 'category', 'category5' );
	$insert( 'category7', 'Root vegetables', 'category', 'category6' );
	for ( $i = 0; $i < 20; $i++ ) {
		$insert( "tag$i", 'Tag ' . ( $i + 1 ), 'post_tag' );
	}
	foreach ( array( 'Novel', 'Poetry', 'Science', 'History' ) as $i => $name ) {
		$insert( "genre$i", $name, 'genre' );
	}
	return $terms;
}

/** The k-th of a type is published $hours_ago - k hours before now. */
function igny8_test_seed_batch( $type, $from, $to, $author, $hours_ago, $terms ) {
	global $wpdb;
	$rows = array();
	for ( $i = $from; $i <= $to; $i++ ) {
		$gmt    = gmdate( 'Y-m-d H:i:s', time() - ( $hours_ago - ( $i - $from ) ) * HOUR_IN_SECONDS );
		$local  = get_date_from_gmt( $gmt );
		$body   = '';
		for ( $section = 0; $section < 3; $section++ ) {
			$body .= "<!-- wp:heading -->\n<h2 class=\"wp-block-heading\">" . igny8_test_words( 4 ) . "</h2>\n<!-- /wp:heading -->\n\n"
				. "<!-- wp:paragraph -->\n<p>" . igny8_test_words( 60 ) . ".</p>\n<!-- /wp:paragraph -->\n\n";
		}
		$rows[] = $wpdb->prepare(
			"(%d,%s,%s,%s,%s,%s,'publish','closed','closed',%s,%s,%s,%s,'','','')",
			$author,
			$local,
			$gmt,
			trim( $body ),
			igny8_test_words( 5 ) . " $i",
			igny8_test_words( 12 ) . '.',
			"$type-$i",
			$local,
			$gmt,
			$type
		);
	}
	igny8_test_query(
		"INSERT INTO $wpdb->posts (post_author,post_date,post_date_gmt,post_content,post_title,post_excerpt,post_status,
			comment_status,ping_status,post_name,post_modified,post_modified_gmt,post_type,to_ping,pinged,post_content_filtered) VALUES " . implode( ',', $rows )
	);
	$first = (int) $wpdb->insert_id; // of a multi-row insert, the first one's
	igny8_test_query( $wpdb->prepare( "UPDATE $wpdb->posts SET guid = CONCAT(%s, ID) WHERE ID >= %d", home_url( '/?p=' ), $first ) );
	$links = array();
	for ( $i = $from; $i <= $to; $i++ ) {
		foreach ( igny8_test_terms_of( $type, $i ) as $key ) {
			$links[] = '(' . ( $first + $i - $from ) . ',' . $terms[ $key ]['id'] . ')';
		}
	}
	if ( $links ) {
		igny8_test_query( "INSERT INTO $wpdb->term_relationships (object_id,term_taxonomy_id) VALUES " . implode( ',', $links ) );
	}
}

function igny8_test_terms_of( $type, $i ) {
	switch ( $type ) {
		case 'post':
			return array_unique( array( 'category' . $i % 8, 'tag' . $i % 20, 'tag' . ( $i * 7 ) % 20 ) );
		case 'book':
			return array( 'genre' . $i % 4 );
		default:
			return array();
	}
}

function igny8_test_words( $count ) {
	static $words = array( 'soil', 'water', 'light', 'season', 'seed', 'price', 'market', 'garden', 'river', 'stone', 'paper', 'copper', 'letter', 'window', 'bread', 'weather', 'engine', 'signal', 'harbour', 'lantern', 'orchard', 'meadow', 'timber', 'quarry', 'village', 'saddle', 'candle', 'anchor', 'barrel', 'basket', 'blanket', 'button' );
	$text         = array();
	for ( $i = 0; $i < $count; $i++ ) {
		$text[] = $words[ mt_rand( 0, count( $words ) - 1 ) ];
	}
	return ucfirst( implode( ' ', $text ) );
}

function igny8_test_query( $sql ) {
	global $wpdb;
	if ( false === $wpdb->query( $sql ) ) {
		throw new RuntimeException( $wpdb->last_error );
	}
}
