<?php
/*
 * What the checks are written with.
 */

final class Igny8_Test {
	const KEY = "tiger%da\\9'\"key~0123"; // what sanitizers and slashes would spoil

	public static $rig;
	public static $dir;
	public static $folder;
	public static $site;
	private static $done = 0;

	/** Configures the plugin as a site that is set up but has not connected yet, and runs further code. */
	public static function start( $more = '' ) {
		self::evaluate( 'update_option( "igny8_bridge_api_key", ' . var_export( self::KEY, true ) . ' );
			update_option( "igny8_bridge_site_id", "7" );
			update_option( "igny8_bridge_user", get_user_by( "login", "igny8_editor" )->ID );' . $more );
	}

	/** Nothing may have been complained about while all this went on. */
	public static function finish() {
		$log = preg_grep( '~/igny8-bridge/|WordPress database error~', file( self::$dir . '/run/php-errors.log' ) );
		if ( $log ) {
			self::fail( 'no PHP notice comes from the plugin', trim( reset( $log ) ) );
		}
		fwrite( STDERR, 'plugin-check: ' . self::$done . ' checks hold on WordPress ' . self::$site['wordpress_version'] . "\n" );
	}

	/** Runs PHP inside the site and gives back what it returns. */
	public static function evaluate( $code ) {
		$command = array( self::$rig, 'eval', '--dir', self::$dir, '--site', self::$site['name'], $code );
		$process = proc_open( $command, array( 1 => array( 'pipe', 'w' ) ), $pipes );
		$output  = stream_get_contents( $pipes[1] );
		if ( 0 !== proc_close( $process ) ) {
			self::fail( 'code runs inside the site', $code );
		}
		return json_decode( $output, true );
	}

	/** Runs PHP inside the site that does not come back: it has to be killed by what it does. */
	public static function crash( $code ) {
		$command = array( self::$rig, 'eval', '--dir', self::$dir, '--site', self::$site['name'], $code );
		$process = proc_open( $command, array( 1 => array( 'pipe', 'w' ), 2 => array( 'file', '/dev/null', 'w' ) ), $pipes );
		stream_get_contents( $pipes[1] );
		if ( 0 === proc_close( $process ) ) {
			throw new Exception( 'the process came to its end' );
		}
	}

	public static function run( $sentence, $body ) {
		try {
			$body();
		} catch ( Throwable $error ) {
			self::fail( $sentence, $error->getMessage() . ' (' . basename( self::line( $error ) ) . ')' );
		}
		++self::$done;
	}

	private static function line( $error ) {
		foreach ( array_merge( array( array( 'file' => $error->getFile(), 'line' => $error->getLine() ) ), $error->getTrace() ) as $frame ) {
			if ( isset( $frame['file'] ) && preg_match( '#/\d[^/]*\.php$#', $frame['file'] ) ) {
				return $frame['file'] . ':' . $frame['line'];
			}
		}
		return $error->getFile() . ':' . $error->getLine();
	}

	private static function fail( $sentence, $why ) {
		fwrite( STDERR, "plugin-check: FAILED: $sentence: $why\n" );
		exit( 1 );
	}
}

function check( $sentence, $body ) {
	Igny8_Test::run( $sentence, $body );
}

function same( $expected, $actual, $what = 'value' ) {
	if ( $expected !== $actual ) {
		$show = fn( $value ) => json_encode( $value, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE );
		throw new Exception( "$what is {$show( $actual )}, not {$show( $expected )}" );
	}
}

function holds( $true, $what ) {
	if ( true !== $true ) {
		throw new Exception( "it does not hold that $what" );
	}
}

/** One HTTP request to the site: array( status, headers by lower-case name, body, decoded body ). */
function request( $method, $path, $headers = array(), $body = null, $options = array() ) {
	$curl = curl_init( Igny8_Test::$site['url'] . $path );
	if ( is_array( $body ) && empty( $options['form'] ) ) {
		$headers[] = 'Content-Type: application/json';
		$body      = json_encode( $body );
	}
	$sent = array();
	curl_setopt_array(
		$curl,
		array(
			CURLOPT_CUSTOMREQUEST  => $method,
			CURLOPT_RETURNTRANSFER => true,
			CURLOPT_TIMEOUT        => 60,
			CURLOPT_HTTPHEADER     => $headers,
			CURLOPT_HEADERFUNCTION => function ( $curl, $line ) use ( &$sent ) {
				$parts = explode( ':', $line, 2 );
				if ( 2 === count( $parts ) ) {
					$sent[ strtolower( trim( $parts[0] ) ) ] = trim( $parts[1] );
				}
				return strlen( $line );
			},
		) + ( $options['curl'] ?? array() )
	);
	if ( null !== $body ) {
		curl_setopt( $curl, CURLOPT_POSTFIELDS, is_array( $body ) ? http_build_query( $body ) : $body );
	}
	$text = curl_exec( $curl );
	if ( false === $text ) {
		throw new Exception( curl_error( $curl ) );
	}
	return array(
		'status'  => curl_getinfo( $curl, CURLINFO_RESPONSE_CODE ),
		'headers' => $sent,
		'body'    => $text,
		'json'    => json_decode( $text, true ),
	);
}

/** A request with the site's key. */
function keyed( $method, $path, $body = null, $headers = array() ) {
	return request( $method, $path, array_merge( array( 'X-IGNY8-API-KEY: ' . Igny8_Test::KEY ), $headers ), $body );
}

/** The JSON of a keyed request that must succeed. */
function ok( $method, $path, $body = null, $headers = array() ) {
	$answer = keyed( $method, $path, $body, $headers );
	if ( $answer['status'] >= 300 ) {
		throw new Exception( "$method $path is {$answer['status']} " . substr( $answer['body'], 0, 300 ) );
	}
	return $answer['json'];
}

function refused( $status, $code, $answer ) {
	same( array( $status, $code ), array( $answer['status'], $answer['json']['code'] ?? null ), 'status and code' );
}

function evaluate( $code ) {
	return Igny8_Test::evaluate( $code );
}
