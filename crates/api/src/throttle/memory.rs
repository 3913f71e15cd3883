//! Counts in this node's memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use igny8_integration_domain::ports::storage::StorageError;
use igny8_integration_domain::ports::{Rate, Throttle, ThrottleKey, Verdict};

/// After so many requests, keys that nobody has used for long are forgotten.
const SWEEP_EVERY: u32 = 1024;

/// A sliding log for each key: the times of the requests that were let through within the window.
#[derive(Default)]
pub struct MemoryThrottle(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    logs: HashMap<ThrottleKey, Log>,
    since_sweep: u32,
}

struct Log {
    times: VecDeque<Instant>,
    window: Duration,
}

impl Log {
    /// Forgets what has left the window.
    fn trim(&mut self, now: Instant) {
        while self.times.front().is_some_and(|time| now.duration_since(*time) >= self.window) {
            self.times.pop_front();
        }
    }

    fn used(&self) -> u32 {
        u32::try_from(self.times.len()).unwrap_or(u32::MAX)
    }

    /// How long until the oldest leaves the window.
    fn reset(&self, now: Instant) -> Duration {
        self.times
            .front()
            .map_or(Duration::ZERO, |time| self.window.saturating_sub(now.duration_since(*time)))
    }
}

impl Counts {
    fn admit(&mut self, keys: &[ThrottleKey], rate: Rate, now: Instant) -> Verdict {
        self.sweep(now);
        let mut used = 0;
        for key in keys {
            let log = self
                .logs
                .entry(key.clone())
                .or_insert_with(|| Log { times: VecDeque::new(), window: rate.window });
            log.window = rate.window;
            log.trim(now);
            used = used.max(log.used());
        }
        let allowed = used < rate.requests;
        for key in keys.iter().filter(|_| allowed) {
            if let Some(log) = self.logs.get_mut(key) {
                log.times.push_back(now);
            }
        }
        self.verdict(keys, rate, now, allowed)
    }

    /// What the key that has the least left says.
    fn verdict(&self, keys: &[ThrottleKey], rate: Rate, now: Instant, allowed: bool) -> Verdict {
        let logs = keys.iter().filter_map(|key| self.logs.get(key));
        let fullest = logs.max_by_key(|log| (log.used(), log.reset(now)));
        let used = fullest.map_or(0, Log::used);
        let reset = fullest.map_or(Duration::ZERO, |log| log.reset(now));
        Verdict { allowed, remaining: rate.requests.saturating_sub(used), reset }
    }

    fn sweep(&mut self, now: Instant) {
        self.since_sweep += 1;
        if self.since_sweep >= SWEEP_EVERY {
            self.since_sweep = 0;
            self.logs
                .retain(|_, log| log.times.back().is_some_and(|time| now.duration_since(*time) < log.window));
        }
    }
}

#[async_trait]
impl Throttle for MemoryThrottle {
    async fn admit(&self, keys: &[ThrottleKey], rate: Rate) -> Result<Verdict, StorageError> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(counts.admit(keys, rate, Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { requests: 2, window: Duration::from_mins(1) };

    fn keys(subjects: &[&str]) -> Vec<ThrottleKey> {
        let key = |subject: &&str| ThrottleKey { scope: "test", subject: (*subject).to_owned() };
        subjects.iter().map(key).collect()
    }

    struct Asked {
        counts: Counts,
        begin: Instant,
    }

    impl Asked {
        fn new() -> Self {
            Self { counts: Counts::default(), begin: Instant::now() }
        }

        /// Whether it is allowed, what remains and the seconds until more does.
        fn at(&mut self, seconds: u64, subjects: &[&str]) -> (bool, u32, u64) {
            let now = self.begin + Duration::from_secs(seconds);
            let verdict = self.counts.admit(&keys(subjects), RATE, now);
            (verdict.allowed, verdict.remaining, verdict.reset.as_secs())
        }
    }

    #[test]
    fn the_window_slides_and_a_refused_request_does_not_count() {
        let mut asked = Asked::new();
        assert_eq!(asked.at(0, &["a"]), (true, 1, 60));
        assert_eq!(asked.at(40, &["a"]), (true, 0, 20));
        for second in 41..60 {
            assert_eq!(asked.at(second, &["a"]), (false, 0, 60 - second));
        }
        assert_eq!(asked.at(60, &["a"]), (true, 0, 40));
        assert_eq!(asked.at(61, &["a"]), (false, 0, 39));
    }

    #[test]
    fn nobody_uses_up_what_is_anothers() {
        let mut asked = Asked::new();
        assert!(asked.at(0, &["a"]).0 && asked.at(1, &["a"]).0);
        assert_eq!((asked.at(2, &["a"]).0, asked.at(2, &["b"]).0), (false, true));
    }

    #[test]
    fn what_one_key_refuses_counts_under_no_other() {
        let mut asked = Asked::new();
        assert!(asked.at(0, &["address", "one"]).0 && asked.at(1, &["address", "two"]).0);
        assert_eq!(asked.at(2, &["address", "three"]), (false, 0, 58));
        assert_eq!(asked.at(3, &["elsewhere", "three"]), (true, 1, 60));
    }

    #[test]
    fn keys_that_nobody_uses_are_forgotten() {
        let mut asked = Asked::new();
        for number in 0..u64::from(SWEEP_EVERY) - 1 {
            asked.at(0, &[&number.to_string()]);
        }
        asked.at(60, &["last"]);
        assert_eq!(asked.counts.logs.len(), 1);
    }
}
