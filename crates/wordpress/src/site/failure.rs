//! A bad answer of a site's API, or none.

use std::time::Duration;

use igny8_integration_domain::ports::platform::{PlatformError, Trouble};

use crate::answer::{WpError, shorten};

/// What the caller can do about it; see [`PlatformError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    Unauthorized,
    Forbidden,
    NotFound,
    RateLimited,
    Conflict,
    Locked,
    Rejected,
    Unavailable,
    Uncertain,
    Protocol,
}

#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: FailureKind,
    /// A stable word.
    pub code: &'static str,
    /// What happened, in our words.
    pub what: String,
    /// What the site said, fit to be shown; may be empty.
    pub said: String,
    pub status: Option<u16>,
    /// The error in WordPress's own words.
    pub wp: Option<Box<WpError>>,
    pub retry_after: Option<Duration>,
    /// Asking for less at once may help.
    pub too_heavy: bool,
}

impl Failure {
    pub fn new(kind: FailureKind, code: &'static str, what: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            what: what.into(),
            said: String::new(),
            status: None,
            wp: None,
            retry_after: None,
            too_heavy: false,
        }
    }

    /// Whether WordPress named this very error.
    pub fn is_wp(&self, code: &str) -> bool {
        self.wp.as_ref().is_some_and(|error| error.code == code)
    }

    /// One line for people: our words, then the site's.
    pub fn message(&self) -> String {
        if self.said.is_empty() {
            shorten(&self.what)
        } else {
            shorten(&format!("{}: {}", self.what, self.said))
        }
    }
}

impl From<Failure> for PlatformError {
    fn from(failure: Failure) -> Self {
        let trouble = Trouble { code: failure.code.to_owned(), message: failure.message() };
        match failure.kind {
            FailureKind::Unauthorized => Self::Unauthorized(trouble),
            FailureKind::Forbidden => Self::Forbidden(trouble),
            FailureKind::NotFound => Self::NotFound(trouble),
            FailureKind::RateLimited => Self::RateLimited { trouble, retry_after: failure.retry_after },
            FailureKind::Conflict => Self::Conflict(trouble),
            FailureKind::Locked => Self::Locked(trouble),
            FailureKind::Rejected => Self::Rejected(trouble),
            FailureKind::Unavailable => Self::Unavailable { trouble, retry_after: failure.retry_after },
            FailureKind::Uncertain => Self::Uncertain(trouble),
            FailureKind::Protocol => Self::Protocol(trouble),
        }
    }
}
