//! What goes wrong between here and a site.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What is wrong between here and the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// A stable word.
    pub code: String,
    /// For a person, ending with what the site said: one line, at most 300 characters, redacted.
    pub message: String,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// The word for a site that says itself that it is closed for a while, and so will be back.
pub const MAINTENANCE: &str = "maintenance";

/// Why a call to a site did not work, by what the caller can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// The credentials are refused: nothing will work until a person acts. Ends the run.
    #[error("{0}")]
    Unauthorized(Trouble),
    /// This user may not do this one thing. The item is parked; the rest goes on.
    #[error("{0}")]
    Forbidden(Trouble),
    /// There is no such post, proven by the API's own word.
    #[error("{0}")]
    NotFound(Trouble),
    /// The site asks for patience. Pauses the run.
    #[error("{trouble}")]
    RateLimited {
        /// What it said.
        trouble: Trouble,
        /// For how long, at most an hour.
        retry_after: Option<Duration>,
    },
    /// The post changed since it was read (compare-and-set). Read again and reconcile.
    #[error("{0}")]
    Conflict(Trouble),
    /// Somebody is editing the post. Try the item again later.
    #[error("{0}")]
    Locked(Trouble),
    /// The site refuses this item as it is (400, 413, a database that can't store it). The item is parked.
    #[error("{0}")]
    Rejected(Trouble),
    /// The host can't be reached or is in maintenance: no item would fare better. Pauses the run.
    #[error("{trouble}")]
    Unavailable {
        /// What was seen.
        trouble: Trouble,
        /// What the site asked for, at most an hour.
        retry_after: Option<Duration>,
    },
    /// This one request failed (a time-out or 5xx after it was sent): it may or may not have had its effect. Safe to
    /// repeat only after looking for the marker or reading the post.
    #[error("{0}")]
    Uncertain(Trouble),
    /// The answer makes no sense for this API: a person must look.
    #[error("{0}")]
    Protocol(Trouble),
}

impl PlatformError {
    /// Whether it may concern the one post that the call was about, and no other.
    pub fn is_of_one_item(&self) -> bool {
        match self {
            Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::Conflict(_)
            | Self::Locked(_)
            | Self::Rejected(_)
            | Self::Uncertain(_)
            | Self::Protocol(_) => true,
            Self::Unauthorized(_) | Self::RateLimited { .. } | Self::Unavailable { .. } => false,
        }
    }

    /// How long the site asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What is wrong.
    pub fn trouble(&self) -> &Trouble {
        match self {
            Self::RateLimited { trouble, .. }
            | Self::Unavailable { trouble, .. }
            | Self::Unauthorized(trouble)
            | Self::Forbidden(trouble)
            | Self::NotFound(trouble)
            | Self::Conflict(trouble)
            | Self::Locked(trouble)
            | Self::Rejected(trouble)
            | Self::Uncertain(trouble)
            | Self::Protocol(trouble) => trouble,
        }
    }
}
