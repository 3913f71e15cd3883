//! Reaching a site, and what a look at the way to it finds.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{IntegrationId, SiteId};
use crate::integration::{Credentials, SiteUrl};

/// Where and how to reach a site.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The integration, where it exists already.
    pub integration_id: Option<IntegrationId>,
    /// The site.
    pub site_id: SiteId,
    /// Its address.
    pub site_url: SiteUrl,
    /// What opens it.
    pub credentials: Credentials,
    /// What the adapter remembered last time (see [`PlatformSession::state`](super::PlatformSession::state)); null where nothing is.
    pub state: Value,
}

/// One check of a connection test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name, one of a fixed list.
    pub name: String,
    /// Whether it passed.
    pub ok: bool,
    /// What was seen, with the fix where it failed; redacted.
    pub detail: String,
    /// How long it took.
    pub duration_ms: u64,
}

/// How much a finding matters, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The connection does not work.
    Error,
    /// It works, but something does not, or soon will not.
    Warning,
    /// Good to know; nothing has to be done.
    Notice,
}

impl Severity {
    /// As written in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// Something about a site that stands in the way or may, with what shows it and what helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// A stable word.
    pub code: String,
    /// What was seen: one line, redacted.
    pub evidence: String,
    /// What a person can do about it, in one sentence.
    pub fix: String,
}

/// What a connection test found. Checks run in order and stop at the first that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionReport {
    /// Whether the site can be reached and written to.
    pub success: bool,
    /// `ok`, or a stable word for what is wrong.
    pub code: String,
    /// For a person, with the fix.
    pub message: String,
    /// Each check that ran.
    pub checks: Vec<Check>,
    /// What will not work although the connection does.
    pub limitations: Vec<String>,
    /// What was noticed: the error that ended the test first, then what is worth a look.
    pub findings: Vec<Finding>,
    /// The platform's version, where it told.
    pub platform_version: Option<String>,
    /// The plugin's version, where it told.
    pub plugin_version: Option<String>,
    /// How long the site took to answer its API.
    pub latency_ms: Option<u64>,
    /// What the adapter wants to remember.
    pub state: Value,
}

/// What a site that wants to connect itself must prove.
#[derive(Clone, Debug)]
pub struct OnboardingChallenge {
    /// Which site it says it is.
    pub site_id: SiteId,
    /// Where it says it answers.
    pub site_url: SiteUrl,
    /// The key it must hold. It is not sent before the proof held.
    pub api_key: SecretString,
    /// Fresh and unpredictable: 16 to 128 of `[A-Za-z0-9_-]`.
    pub nonce: String,
}
