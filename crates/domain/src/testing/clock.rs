//! Time, randomness and wake-ups that a test decides about.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta};

use super::held;
use crate::ports::{Clock, Random, RunQueue};
use crate::time::{Timestamp, to_stored};

/// A clock that moves only when it is told to. Begins at noon of 1 January 2026.
#[derive(Debug)]
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    /// One that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(to_stored(now)))
    }

    /// Puts it to `now`, backwards too.
    pub fn set(&self, now: Timestamp) {
        *held(&self.0) = to_stored(now);
    }

    /// Moves it on, and gives the new time.
    pub fn advance(&self, by: TimeDelta) -> Timestamp {
        let mut now = held(&self.0);
        *now = to_stored(*now + by);
        *now
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self::at(DateTime::UNIX_EPOCH + TimeDelta::seconds(1_767_268_800))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *held(&self.0)
    }
}

/// Bytes that count: no two draws of eight bytes or more are alike, and each test run draws the same.
#[derive(Debug, Default)]
pub struct SequentialRandom(AtomicU64);

impl Random for SequentialRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            let digits = number.to_be_bytes();
            let skipped = digits.len() - chunk.len();
            for (byte, digit) in chunk.iter_mut().zip(digits.into_iter().skip(skipped)) {
                *byte = digit;
            }
        }
    }
}

/// A queue that counts how often it was asked to wake somebody.
#[derive(Debug, Default)]
pub struct CountingQueue(AtomicU64);

impl CountingQueue {
    /// How often so far.
    pub fn wakes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl RunQueue for CountingQueue {
    fn wake(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_only_when_it_is_told_to() {
        let clock = FixedClock::default();
        let before = clock.now();
        assert_eq!(clock.now(), before);
        assert_eq!(clock.advance(TimeDelta::seconds(90)), before + TimeDelta::seconds(90));
        clock.set(before - TimeDelta::days(1));
        assert_eq!(clock.now(), before - TimeDelta::days(1));
        assert_eq!(before.to_rfc3339(), "2026-01-01T12:00:00+00:00");
    }

    #[test]
    fn no_two_draws_are_alike_and_each_test_draws_the_same() {
        let draw = |random: &SequentialRandom| {
            let mut bytes = [0; 20];
            random.fill(&mut bytes);
            bytes
        };
        let random = SequentialRandom::default();
        let first = draw(&random);
        assert_ne!(first, draw(&random));
        assert_eq!(first, draw(&SequentialRandom::default()));
        assert_eq!(first[12..], [0, 0, 0, 2, 0, 0, 0, 3]);
    }

    #[test]
    fn the_queue_counts_wake_ups() {
        let queue = CountingQueue::default();
        queue.wake();
        queue.wake();
        assert_eq!(queue.wakes(), 2);
    }
}
