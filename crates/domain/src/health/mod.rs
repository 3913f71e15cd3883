//! How well a connection is, and why: a verdict that follows from recorded facts alone.

mod facts;
mod rules;

pub use facts::{Facts, LastTest, SiteCopy, WebhookFacts};
pub use rules::{SKEW_TO_TELL, judge};

/// The counter of listings that were older than what was known: something in front of the site keeps its answers.
pub(crate) const OUTDATED_LISTING: &str = "outdated_listing";

/// How well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing is known yet.
    Unknown,
    /// All is well.
    Healthy,
    /// It works, but not all of it.
    Degraded,
    /// It does not work until somebody acts.
    Failing,
}

impl Verdict {
    /// In one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Failing => "failing",
        }
    }
}

/// One thing that is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// A stable word.
    pub code: String,
    /// What is not well.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

/// A verdict with its reasons, the gravest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// How well.
    pub verdict: Verdict,
    /// Why not better.
    pub reasons: Vec<Reason>,
}
