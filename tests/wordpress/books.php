<?php
/**
 * Plugin Name: Books (test)
 * Description: A custom post type and taxonomy whose REST bases differ from their names.
 */

add_action(
	'init',
	function () {
		register_post_type(
			'book',
			array(
				'label'        => 'Books',
				'public'       => true,
				'has_archive'  => true,
				'hierarchical' => false,
				'show_in_rest' => true,
				'rest_base'    => 'books',
				'supports'     => array( 'title', 'editor', 'excerpt', 'author', 'thumbnail', 'custom-fields', 'revisions' ),
			)
		);
		register_taxonomy(
			'genre',
			array( 'book', 'post' ),
			array(
				'label'        => 'Genres',
				'public'       => true,
				'hierarchical' => false,
				'show_in_rest' => true,
				'rest_base'    => 'genres',
			)
		);
	}
);
