<?php
/*
 * A stand-in for the service: a local listener that records what it is sent and answers what it is told to.
 */

final class Igny8_Test_Service {
	private static $count = 0;
	private $process;
	private $folder;
	public $url;

	public function __construct() {
		$this->folder = Igny8_Test::$folder . '/service' . ++self::$count;
		@mkdir( $this->folder );
		do {
			$port   = random_int( 20000, 32000 );
			$socket = @stream_socket_server( "tcp://127.0.0.1:$port" );
		} while ( ! $socket );
		fclose( $socket );
		$this->url     = "http://127.0.0.1:$port";
		$log           = array( 'file', $this->folder . '/log', 'a' );
		$this->process = proc_open(
			array( PHP_BINARY, '-S', "127.0.0.1:$port", __DIR__ . '/service-router.php' ),
			array( array( 'file', '/dev/null', 'r' ), $log, $log ),
			$pipes,
			null,
			array( 'IGNY8_TEST_SERVICE' => $this->folder )
		);
		for ( $i = 0; $i < 200 && ! @stream_socket_client( "tcp://127.0.0.1:$port" ); $i++ ) {
			usleep( 10000 );
		}
	}

	public function __destruct() {
		proc_terminate( $this->process );
		proc_close( $this->process );
	}

	/** What it answers from now on. */
	public function answer( $status, $body, $headers = array(), $delay = 0 ) {
		file_put_contents( $this->folder . '/answer', json_encode( array( '' => compact( 'status', 'body', 'headers', 'delay' ) ) ) );
	}

	/** The same for several paths, each by its end. */
	public function script( $answers ) {
		$script = array();
		foreach ( $answers as $path => list( $status, $body ) ) {
			$script[ $path ] = compact( 'status', 'body' ) + array( 'headers' => array(), 'delay' => 0 );
		}
		file_put_contents( $this->folder . '/answer', json_encode( $script ) );
	}

	/** What it was sent since this was asked last, oldest first. */
	public function received() {
		$requests = array();
		foreach ( glob( $this->folder . '/request-*' ) as $file ) {
			$requests[] = json_decode( file_get_contents( $file ), true );
			unlink( $file );
		}
		return $requests;
	}

	/** Waits until at least so many requests have come, and gives them. */
	public function await( $count, $seconds = 5 ) {
		for ( $end = microtime( true ) + $seconds; count( glob( $this->folder . '/request-*' ) ) < $count; ) {
			if ( microtime( true ) > $end ) {
				throw new Exception( 'of ' . $count . ' requests to the service came ' . count( glob( $this->folder . '/request-*' ) ) );
			}
			usleep( 20000 );
		}
		return $this->received();
	}
}
