<?php
/*
 * Runs check files against one site: run.php scripts/wordpress SITES.json FILE...
 * Each file calls check( 'a sentence', function () { ... } ); the first one that does not hold ends it all.
 */
require __DIR__ . '/harness.php';
require __DIR__ . '/service.php';

list( , Igny8_Test::$rig, $sites ) = $argv;
$sites             = json_decode( file_get_contents( $sites ), true );
Igny8_Test::$dir   = $sites['dir'];
Igny8_Test::$site  = $sites['sites'][0];
Igny8_Test::start();

foreach ( array_slice( $argv, 3 ) as $file ) {
	require $file;
}
Igny8_Test::finish();
