<?php
/*
 * Fills in a form as a browser does: form.php ACTION NAME=VALUE... reads a page, takes the form whose action ends so,
 * and prints what would be sent. NAME~TEXT chooses the option that shows that text, NAME@VARIABLE takes the value from
 * the environment, where no list of processes shows it. A field that the form does not have, or a form that the page
 * does not have, is an error.
 */
$page = new DOMDocument();
$page->loadHTML( stream_get_contents( STDIN ), LIBXML_NOERROR );
$find = new DOMXPath( $page );

$fail = function ( $message ) {
	fwrite( STDERR, "form: $message\n" );
	exit( 1 );
};
$form = null;
foreach ( $find->query( '//form' ) as $candidate ) {
	if ( str_ends_with( $candidate->getAttribute( 'action' ), $argv[1] ) ) {
		$form = $candidate;
	}
}
$form || $fail( "the page has no form that is sent to {$argv[1]}" );

$values = array();
foreach ( $find->query( './/input[@name]', $form ) as $input ) {
	if ( 'checkbox' !== $input->getAttribute( 'type' ) || $input->hasAttribute( 'checked' ) ) {
		$values[ $input->getAttribute( 'name' ) ] = $input->getAttribute( 'value' );
	}
}
foreach ( $find->query( './/select[@name]', $form ) as $select ) {
	$chosen = $find->query( './/option[@selected]', $select )->item( 0 ) ?? $find->query( './/option', $select )->item( 0 );

	$values[ $select->getAttribute( 'name' ) ] = $chosen->getAttribute( 'value' );
}
foreach ( array_slice( $argv, 2 ) as $entry ) {
	preg_match( '/^([^=~@]+)([=~@])(.*)$/s', $entry, $given );
	list( , $name, $sign, $value ) = $given;
	if ( '~' === $sign ) {
		foreach ( $find->query( ".//select[@name='$name']/option", $form ) as $option ) {
			if ( str_contains( $option->textContent, $value ) ) {
				$values[ $name ] = $option->getAttribute( 'value' );
				continue 2;
			}
		}
		$fail( "$name has no option '$value'" );
	}
	array_key_exists( $name, $values ) || $fail( "the form has no field $name" );
	$values[ $name ] = '@' === $sign ? getenv( $value ) : $value;
}
echo http_build_query( $values );
