<?php
/*
 * Fills the demo's site the way its people would have: posts, pages and books with nested categories, tags and
 * pictures, one post scheduled, one private, titles in several scripts. Returns how many there are of each type.
 */

update_option( 'blogname', 'The Orchard Almanac' );
update_option( 'blogdescription', 'Notes on fruit, weather and patience' );

$demo_posts = <<<'LIST'
post | Pruning apple trees in late winter | apples | winter, pruning
post | How to read a pear tree | pears | pruning
post | Ten cider apples worth planting | cider | varieties
post | Frost at blossom time | weather | spring, frost
post | The case for unmown paths | orchard | wildlife
post | Grafting, step by step | apples | grafting, spring
post | What wasps do for you | orchard | wildlife
post | Mulch: how much is enough? | soil | mulch
post | A cellar without a fridge | storing | autumn
post | R&D in a garden shed | orchard | tools
post | “Windfalls” & other words we argue about | orchard | words
post | Why C++ developers make good orchardists | orchard | people
post | Quince, medlar, sorb | pears | varieties, autumn
post | Planting on a slope | soil | water
post | Three ladders compared | orchard | tools
post | Birds and netting | orchard | wildlife
post | Rain, measured for thirty years | weather | water
post | The July drop | apples | summer
post | Perry for beginners | cider | varieties
post | Sharpening a billhook | orchard | tools, winter
post | Les pommiers en espalier | apples | français, pruning
post | Äpfel für kalte Höhenlagen | apples | deutsch, varieties
post | Peras de São João | pears | português, summer
post | Łąka pod jabłoniami | orchard | polski, wildlife
post | Обрезка яблони весной | apples | русский, pruning
post | Πότε μαζεύουμε τα σύκα | orchard | ελληνικά, summer
post | りんごの花が咲くころ | apples | 日本語, spring
post | 苹果树的修剪 | apples | 中文, pruning
post | 사과를 오래 보관하는 법 | storing | 한국어, autumn
post | تقليم أشجار التفاح | apples | العربية, pruning
post | גיזום עצי תפוח | apples | עברית, pruning
post | सेब की कहानी | apples | हिन्दी, words
post | วิธีปลูกแอปเปิล | apples | ไทย, spring
post | 🍎 A year in one picture a week | orchard | people
future | What to do in the first week of spring | weather | spring
private | Notes for the committee: next year's budget | orchard | people
page | About the almanac
page | Who we are
page | Visit the orchard
page | Opening hours
page | Directions
page | Membership
page | Volunteers
page | Press
page | Imprint
page | Privacy
page | Mentions légales
page | お問い合わせ
book | The Apple Grower's Year | History
book | Pears of the Low Countries | Science
book | A Short History of Cider | History
book | Soil Under Glass | Science
book | The Wasp's Side of the Story | Novel
book | Forty Frosts | Poetry
book | Hedge, Ditch and Bank | History
book | The Grafter | Novel
book | Letters from a Cold Cellar | Novel
book | Вишнёвый сад | Novel
book | 桃花源記 | Poetry
book | Le Verger | Poetry
LIST;

$demo_categories = array(
	'orchard' => array( 'The orchard', '' ),
	'apples'  => array( 'Apples', 'orchard' ),
	'cider'   => array( 'Cider & perry', 'apples' ),
	'pears'   => array( 'Pears', 'orchard' ),
	'ground'  => array( 'Ground and sky', '' ),
	'soil'    => array( 'Soil', 'ground' ),
	'weather' => array( 'Weather', 'ground' ),
	'storing' => array( 'Storing', '' ),
);
$demo_category_ids = array( '' => 0 );
foreach ( $demo_categories as $slug => list( $name, $parent ) ) {
	$made                       = wp_insert_term( $name, 'category', array( 'slug' => $slug, 'parent' => $demo_category_ids[ $parent ] ) );
	$demo_category_ids[ $slug ] = (int) $made['term_id'];
}

// A field under a sky, in another light each time; returns the attachment's id.
$demo_picture = function ( $name, $sky, $ground ) {
	$image = imagecreatetruecolor( 960, 540 );
	imagefilledrectangle( $image, 0, 0, 959, 539, $sky );
	imagefilledellipse( $image, 700, 150, 130, 130, 0xFFF2C4 );
	imagefilledellipse( $image, 250, 620, 1300, 560, $ground );
	imagefilledellipse( $image, 900, 640, 900, 460, $ground + 0x0A0A0A );
	foreach ( array( 180, 400, 620, 810 ) as $at => $x ) {
		imagefilledrectangle( $image, $x - 7, 290, $x + 7, 410, 0x5B4636 );
		imagefilledellipse( $image, $x, 270 - 8 * ( $at % 2 ), 150, 130, 0x3F7D4E );
	}
	$file = wp_upload_dir()['path'] . "/$name.png";
	imagepng( $image, $file );
	$id = wp_insert_attachment( array( 'post_title' => $name, 'post_mime_type' => 'image/png', 'post_status' => 'inherit' ), $file );
	wp_update_attachment_metadata( $id, wp_generate_attachment_metadata( $id, $file ) );
	return $id;
};
require_once ABSPATH . 'wp-admin/includes/image.php';
add_filter( 'intermediate_image_sizes_advanced', fn( $sizes ) => array_intersect_key( $sizes, array( 'medium' => 1 ) ) );
$demo_pictures = array(
	$demo_picture( 'orchard-morning', 0xBBD9E8, 0x9CBF6B ),
	$demo_picture( 'orchard-noon', 0x8FC4EA, 0xA9C858 ),
	$demo_picture( 'orchard-evening', 0xF0B48A, 0x8A9A5B ),
	$demo_picture( 'orchard-winter', 0xDCE6EC, 0xE4E6E0 ),
);

$demo_sentences = array(
	'The tree decides slowly, so whoever cuts it should too.',
	'We wrote down what we did and looked again in May.',
	'Nothing here needs a machine that you cannot carry.',
	'Clay holds water the way a shelf holds books: well, until it is full.',
	'Our neighbours do it the other way round, and their fruit is no worse.',
	'Cold air runs downhill like water and waits at the hedge.',
	'A sharp blade is a kindness to the tree and to the wrist.',
	'What falls in July was never going to be ripe in October.',
);

$demo_counts = array();
foreach ( explode( "\n", $demo_posts ) as $number => $line ) {
	list( $kind, $title, $group, $tags ) = array_map( 'trim', explode( '|', "$line|||" ) );

	$type   = in_array( $kind, array( 'page', 'book' ), true ) ? $kind : 'post';
	$hours  = 'future' === $kind ? 24 * 90 : $number - 120;
	$author = get_user_by( 'login', 0 === $number % 3 ? 'igny8_author' : 'igny8_editor' )->ID;
	$body   = "<!-- wp:heading -->\n<h2 class=\"wp-block-heading\">" . esc_html( $title ) . "</h2>\n<!-- /wp:heading -->";
	foreach ( array( 0, 3 ) as $from ) {
		$text  = $demo_sentences[ ( $number + $from ) % 8 ] . ' ' . $demo_sentences[ ( $number + $from + 1 ) % 8 ];
		$body .= "\n\n<!-- wp:paragraph -->\n<p>$text</p>\n<!-- /wp:paragraph -->";
	}
	// Every fourth has a picture in its text, and the same one as its featured picture.
	$picture = 'page' !== $type && 0 === $number % 4 ? $demo_pictures[ $number / 4 % 4 ] : 0;
	if ( $picture ) {
		$body .= "\n\n<!-- wp:image {\"id\":$picture,\"sizeSlug\":\"full\"} -->\n<figure class=\"wp-block-image size-full\"><img src=\""
			. esc_url( wp_get_attachment_url( $picture ) ) . "\" alt=\"The orchard, that day\" class=\"wp-image-$picture\"/></figure>\n<!-- /wp:image -->";
	}
	$id = wp_insert_post(
		wp_slash(
			array(
				'post_type'     => $type,
				'post_status'   => $kind === $type ? 'publish' : $kind,
				'post_title'    => $title,
				'post_content'  => $body,
				'post_excerpt'  => $demo_sentences[ $number % 8 ],
				'post_author'   => $author,
				'post_date_gmt' => gmdate( 'Y-m-d H:i:s', time() + $hours * HOUR_IN_SECONDS ),
				'post_date'     => get_date_from_gmt( gmdate( 'Y-m-d H:i:s', time() + $hours * HOUR_IN_SECONDS ) ),
				'post_category' => 'post' === $type ? array( $demo_category_ids[ $group ] ) : array(),
				'tags_input'    => '' === $tags ? array() : explode( ',', $tags ),
			)
		),
		true
	);
	if ( is_wp_error( $id ) ) {
		throw new RuntimeException( $title . ': ' . $id->get_error_message() );
	}
	if ( 'book' === $type ) {
		wp_set_object_terms( $id, $group, 'genre' );
	}
	if ( $picture ) {
		set_post_thumbnail( $id, $picture );
	}
	$demo_counts[ $type ] = ( $demo_counts[ $type ] ?? 0 ) + 1;
}
return $demo_counts;
