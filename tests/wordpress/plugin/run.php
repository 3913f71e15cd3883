<?php
/*
 * Runs check files against one of the sites: run.php scripts/wordpress SITES.json INDEX FILE...
 * Each file calls check( 'a sentence', function () { ... } ); the first one that does not hold ends it all.
 */
require __DIR__ . '/harness.php';
require __DIR__ . '/service.php';
require __DIR__ . '/deliveries.php';

list( , Igny8_Test::$rig, $sites, $index ) = $argv;
$sites              = json_decode( file_get_contents( $sites ), true );
Igny8_Test::$dir    = $sites['dir'];
Igny8_Test::$site   = $sites['sites'][ (int) $index ];
Igny8_Test::$folder = $sites['dir'] . '/sites/' . Igny8_Test::$site['name'];
Igny8_Test::start();

foreach ( array_slice( $argv, 4 ) as $file ) {
	require $file;
}
Igny8_Test::finish();
