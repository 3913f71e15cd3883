//! Counting requests, so that nobody takes more than a share.

use std::time::Duration;

use async_trait::async_trait;

use super::storage::StorageError;

/// At most so many requests in any stretch of time of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many, at least 1.
    pub requests: u32,
    /// In how long.
    pub window: Duration,
}

/// Whose requests are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ThrottleKey {
    /// What the limit is for: `integration`, `onboarding`.
    pub scope: &'static str,
    /// Who or what is limited: `user:7`, an address.
    pub subject: String,
}

/// Whether a request is let through, and how much is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is.
    pub allowed: bool,
    /// How many more would be, at once.
    pub remaining: u32,
    /// How long until one more than that would be.
    pub reset: Duration,
}

/// Counts requests in a sliding window.
#[async_trait]
pub trait Throttle: Send + Sync {
    /// Counts one request under every key, where each of them has room for it at `rate`; else under none. All keys are
    /// judged as one: of two requests at once that would both be the last, one is let through. The verdict is of the
    /// key that has the least left. Safe to repeat, but a repeat counts again.
    async fn admit(&self, keys: &[ThrottleKey], rate: Rate) -> Result<Verdict, StorageError>;
}
