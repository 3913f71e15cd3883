//! The report of a connection test: checks in order, ending with the first that fails.

use std::time::{Duration, Instant};

use igny8_integration_domain::ports::platform::{Check, ConnectionReport};
use serde_json::Value;

use super::advice::fix_for;
use crate::site::Failure;

/// Why a check failed: a stable word, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub code: String,
    pub seen: String,
}

impl Finding {
    pub fn new(code: &str, seen: impl Into<String>) -> Self {
        Self { code: code.to_owned(), seen: seen.into() }
    }

    fn with_fix(&self) -> String {
        let seen = self.seen.trim_end_matches('.');
        let mut letters = seen.chars();
        let capital: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        format!("{capital}{}. {}", letters.as_str(), fix_for(&self.code))
    }
}

impl From<Failure> for Finding {
    fn from(failure: Failure) -> Self {
        Self::new(failure.code, failure.message())
    }
}

/// What is known of the site so far.
#[derive(Default)]
pub(super) struct Journal {
    checks: Vec<Check>,
    pub limitations: Vec<String>,
    pub platform_version: Option<String>,
    pub plugin_version: Option<String>,
    pub latency: Option<Duration>,
    pub state: Value,
}

impl Journal {
    /// Records a check that began at `started`; a failed one ends the test.
    pub fn record<T>(
        &mut self,
        name: &str,
        started: Instant,
        outcome: Result<(T, String), Finding>,
    ) -> Result<T, Finding> {
        let (ok, detail, result) = match outcome {
            Ok((value, detail)) => (true, detail, Ok(value)),
            Err(finding) => (false, finding.with_fix(), Err(finding)),
        };
        self.checks.push(Check { name: name.to_owned(), ok, detail, duration_ms: millis(started.elapsed()) });
        result
    }

    pub fn limit(&mut self, limitation: &str) {
        self.limitations.push(limitation.to_owned());
    }

    pub fn into_report(self, outcome: Result<(), Finding>) -> ConnectionReport {
        let (success, code, message) = match outcome {
            Ok(()) => (true, "ok".to_owned(), "The connection works.".to_owned()),
            Err(finding) => (false, finding.code.clone(), finding.with_fix()),
        };
        ConnectionReport {
            success,
            code,
            message,
            checks: self.checks,
            limitations: self.limitations,
            platform_version: self.platform_version,
            plugin_version: self.plugin_version,
            latency_ms: self.latency.map(millis),
            state: self.state,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_what_was_seen_and_what_to_do() {
        let finding = Finding::new("dns_failed", "the name does not resolve");
        assert_eq!(
            finding.with_fix(),
            "The name does not resolve. Check the spelling of the address, and that the domain's DNS records exist."
        );
    }

    #[test]
    fn every_code_of_a_failure_has_a_fix() {
        for code in
            ["tls_expired", "plugin_missing", "invalid_api_key", "rest_disabled", "missing_capability"]
        {
            assert_ne!(fix_for(code), fix_for("something_else"), "{code}");
        }
    }
}
