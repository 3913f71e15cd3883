<?php
/**
 * Sending what waits.
 *
 * @package Igny8_Bridge
 */

defined( 'ABSPATH' ) || exit;

/**
 * Empties the outbox once the visitor has the page: at the end of the request that made a delivery, and when one is
 * due at the end of any later one or by WP-Cron. One process at a time, each post's deliveries in order.
 *
 * Trouble of one delivery (a 500) keeps back that post alone; trouble with the service (not reached, 401, 408, 429,
 * 503, or it takes this site for a copy) keeps back everything.
 *
 * A request that has changed several sites of a network sends for each of them.
 */
final class Igny8_Bridge_Sender {

	const STATE = 'igny8_bridge_sender';
	const HOOK  = 'igny8_bridge_send';

	/**
	 * Longest time that one request goes on sending, in seconds.
	 */
	const PATIENCE = 20;

	/**
	 * The sites for which this request has made something to be told.
	 *
	 * @var array<int,true>
	 */
	private static $fresh = array();

	/**
	 * Hooks in.
	 */
	public static function boot() {
		add_action( 'shutdown', array( __CLASS__, 'send_after_answer' ), PHP_INT_MAX );
		add_action( self::HOOK, array( __CLASS__, 'flush' ) );
		foreach ( array( Igny8_Bridge_Options::API_KEY, Igny8_Bridge_Options::SERVICE_URL, Igny8_Bridge_Options::WEBHOOK_SECRET ) as $option ) {
			// What was refused for a wrong key or secret is tried again with the right one.
			add_action( "update_option_$option", array( __CLASS__, 'resume' ), 10, 0 );
			add_action( "add_option_$option", array( __CLASS__, 'resume' ), 10, 0 );
		}
	}

	/**
	 * What the sender remembers from one request to the next.
	 *
	 * @return array{due:int,failures:int,last_try:int,not_before:int,answer:int,code:string,reason:string}
	 */
	public static function state() {
		$state = get_option( self::STATE, array() );
		return ( is_array( $state ) ? $state : array() ) + array(
			'due'        => 0,
			'failures'   => 0,
			'last_try'   => 0,
			'not_before' => 0,
			'answer'     => 0,
			'code'       => '',
			'reason'     => '',
		);
	}

	/**
	 * Notes that a delivery is due then.
	 *
	 * @param int $time When.
	 */
	public static function expect( $time ) {
		self::$fresh[ get_current_blog_id() ] = true;

		$state = self::state();
		if ( 0 === $state['due'] || ( $time < $state['due'] && 0 === $state['failures'] ) ) {
			self::remember( array( 'due' => $time ) );
		}
	}

	/**
	 * Forgets what went wrong, so that the next request tries.
	 */
	public static function resume() {
		if ( Igny8_Bridge_Outbox::counts()['waiting'] > 0 || Igny8_Bridge_Structure::is_due() || Igny8_Bridge_Onboarding::is_due() ) {
			Igny8_Bridge_Outbox::wake();
			self::remember(
				array(
					'due'        => time(),
					'failures'   => 0,
					'not_before' => 0,
				)
			);
			self::$fresh[ get_current_blog_id() ] = true;
		}
	}

	/**
	 * At the end of a request: sends what is due once the visitor has the answer.
	 */
	public static function send_after_answer() {
		$sites = array_unique( array_merge( array( Igny8_Bridge_Network::own() ), array_keys( self::$fresh ) ) );
		$sites = array_filter( $sites, array( __CLASS__, 'is_time_on' ) );
		if ( ! $sites ) {
			return;
		}
		if ( function_exists( 'fastcgi_finish_request' ) ) {
			fastcgi_finish_request();
		} elseif ( function_exists( 'litespeed_finish_request' ) ) {
			litespeed_finish_request();
		} elseif ( 'cli' !== PHP_SAPI && ! wp_doing_cron() ) {
			// Nothing here lets the visitor go first, so another request sends.
			self::on_each(
				$sites,
				static function () {
					self::schedule( time() );
					spawn_cron();
				}
			);
			return;
		}
		self::on_each( $sites, array( __CLASS__, 'flush' ) );
	}

	/**
	 * Does something on several sites.
	 *
	 * @param int[]    $sites The sites.
	 * @param callable $what  What to do on each.
	 */
	private static function on_each( $sites, $what ) {
		foreach ( $sites as $site ) {
			Igny8_Bridge_Network::on( $site, $what );
		}
	}

	/**
	 * Whether this request is one to send in for a site.
	 *
	 * @param int $site The site.
	 * @return bool
	 */
	private static function is_time_on( $site ) {
		return true === Igny8_Bridge_Network::on(
			$site,
			static function () {
				return self::is_time();
			}
		);
	}

	/**
	 * Whether it is for the site at hand: something is due, or this request made a delivery, or the service made
	 * this request and so is there again. Trouble just now is given five seconds. Where the service takes this site for a
	 * copy, a new delivery is no reason to try again: it would go on for ever where that is so.
	 *
	 * @return bool
	 */
	private static function is_time() {
		$state = self::state();
		$waits = 0 !== $state['due'];
		$fresh = isset( self::$fresh[ get_current_blog_id() ] );
		if ( ( ! $waits && ! $fresh ) || $state['not_before'] > time() || ! Igny8_Bridge_Options::is_connected() || Igny8_Bridge_Lifecycle::is_ending() ) {
			return false;
		}
		if ( $waits && $state['due'] <= time() ) {
			return true;
		}
		$eager = ( $fresh && ! self::is_taken_for_copy() ) || Igny8_Bridge_Authentication::is_keyed();
		return $eager && ( 0 === $state['failures'] || time() - $state['last_try'] >= Igny8_Bridge_Schedule::DELAYS[0] );
	}

	/**
	 * Sends what is due, one process at a time.
	 */
	public static function flush() {
		// While the plugin connects, the service's calls back must not fill all processes of the site by waiting for it.
		$patience = Igny8_Bridge_Onboarding::is_under_way() ? 0 : 5;
		if ( ! Igny8_Bridge_Options::is_connected() || ! Igny8_Bridge_Lock::take( 'outbox', $patience ) ) {
			return;
		}
		wp_cache_delete( 'alloptions', 'options' ); // what the one before us remembered
		if ( self::state()['not_before'] <= time() ) {
			ignore_user_abort( true );
			Igny8_Bridge_Outbox::install();
			if ( self::tell_of_the_site() && Igny8_Bridge_Options::tells_changes() ) {
				self::send_rows( time() + self::PATIENCE );
			}
			self::plan();
		}
		Igny8_Bridge_Lock::release( 'outbox' );
	}

	/**
	 * Does what goes before the deliveries. A request of another site of the network does not know this one's types and
	 * plugins, and leaves it to this one's next.
	 *
	 * @return bool False if the service can't be talked to now.
	 */
	private static function tell_of_the_site() {
		if ( Igny8_Bridge_Network::is_elsewhere() ) {
			return true;
		}
		if ( Igny8_Bridge_Options::tells_changes() ) {
			Igny8_Bridge_Touched::tell_left_behind();
		}
		Igny8_Bridge_Onboarding::connect_if_due();
		return Igny8_Bridge_Structure::send_if_due();
	}

	/**
	 * Sends delivery after delivery.
	 *
	 * @param int $end When to leave the rest to another request.
	 */
	private static function send_rows( $end ) {
		$behind = array();
		while ( time() < $end ) {
			$rows = Igny8_Bridge_Outbox::due( 20, array_keys( $behind ) );
			foreach ( $rows as $row ) {
				$outcome = isset( $behind[ $row->post_id ] ) ? 'later' : Igny8_Bridge_Delivery::attempt( $row );
				if ( 'stop' === $outcome ) {
					return;
				}
				if ( 'later' === $outcome ) {
					$behind[ $row->post_id ] = true;
				}
			}
			if ( ! $rows ) {
				return;
			}
		}
	}

	/**
	 * Notes that the service has taken something. After a failure that wakes all that waits.
	 */
	public static function note_success() {
		if ( self::state()['failures'] > 0 ) {
			Igny8_Bridge_Outbox::wake();
		}
		self::remember(
			array(
				'failures'   => 0,
				'not_before' => 0,
				'last_try'   => time(),
				'reason'     => '',
			)
		);
	}

	/**
	 * Notes trouble with the service as a whole.
	 *
	 * @param array|WP_Error $answer      What it answered.
	 * @param int            $retry_after Seconds that it asked to be left alone, or 0.
	 */
	public static function note_trouble( $answer, $retry_after ) {
		self::remember(
			array(
				'failures'   => self::state()['failures'] + 1,
				'not_before' => $retry_after > 0 ? time() + $retry_after : 0,
				'last_try'   => time(),
				'answer'     => Igny8_Bridge_Delivery::status_of( $answer ),
				'code'       => Igny8_Bridge_Delivery::code_of( $answer ),
				'reason'     => Igny8_Bridge_Delivery::reason_of( $answer ),
			)
		);
	}

	/**
	 * Whether the last thing that the service said is that this site has another address.
	 *
	 * @return bool
	 */
	public static function is_taken_for_copy() {
		$state = self::state();
		return $state['failures'] > 0 && Igny8_Bridge_Delivery::SITE_COPY === $state['code'];
	}

	/**
	 * Notes when to go on, and leaves word with WP-Cron.
	 */
	private static function plan() {
		$state = self::state();
		$due   = Igny8_Bridge_Options::tells_changes() ? Igny8_Bridge_Outbox::next_due() : 0;
		if ( Igny8_Bridge_Structure::is_due() ) {
			$due = 0 === $due ? time() : min( $due, time() );
		}
		if ( 0 !== $due && $state['failures'] > 0 ) {
			$due = max( $due, $state['not_before'], $state['last_try'] + Igny8_Bridge_Schedule::delay( $state['failures'] ) );
		}
		self::remember( array( 'due' => $due ) );
		if ( 0 !== $due ) {
			self::schedule( $due );
		}
	}

	/**
	 * Asks WP-Cron to send then.
	 *
	 * @param int $time When.
	 */
	private static function schedule( $time ) {
		$planned = wp_next_scheduled( self::HOOK );
		if ( false === $planned || $planned > $time ) {
			wp_clear_scheduled_hook( self::HOOK );
			wp_schedule_single_event( $time, self::HOOK );
		}
	}

	/**
	 * Changes what the sender remembers.
	 *
	 * @param array $changes Entries of the state.
	 */
	private static function remember( $changes ) {
		$state = self::state();
		if ( array_merge( $state, $changes ) !== $state ) {
			update_option( self::STATE, array_merge( $state, $changes ) );
		}
	}
}
