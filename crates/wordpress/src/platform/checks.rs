//! The report of a connection test: checks in order, ending with the first that fails.

use std::time::{Duration, Instant};

use igny8_integration_domain::ports::platform::{Check, ConnectionReport, Finding, Severity};
use serde_json::Value;

use crate::diagnosis::{find, fix_for};
use crate::site::Failure;

/// Why a check failed: a stable word, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub code: String,
    pub seen: String,
}

impl Fault {
    pub fn new(code: &str, seen: impl Into<String>) -> Self {
        Self { code: code.to_owned(), seen: seen.into() }
    }

    fn with_fix(&self) -> String {
        let seen = self.seen.trim_end_matches('.');
        let mut letters = seen.chars();
        let capital: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        format!("{capital}{}. {}", letters.as_str(), fix_for(&self.code))
    }

    fn into_finding(self) -> Finding {
        let fix = fix_for(&self.code).to_owned();
        Finding { severity: Severity::Error, code: self.code, evidence: self.seen, fix }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::new(failure.code, failure.message())
    }
}

/// What is known of the site so far.
#[derive(Default)]
pub(super) struct Journal {
    checks: Vec<Check>,
    pub limitations: Vec<String>,
    remarks: Vec<Finding>,
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
        outcome: Result<(T, String), Fault>,
    ) -> Result<T, Fault> {
        let (ok, detail, result) = match outcome {
            Ok((value, detail)) => (true, detail, Ok(value)),
            Err(fault) => (false, fault.with_fix(), Err(fault)),
        };
        self.checks.push(Check { name: name.to_owned(), ok, detail, duration_ms: millis(started.elapsed()) });
        result
    }

    pub fn limit(&mut self, limitation: &str) {
        self.limitations.push(limitation.to_owned());
    }

    /// Remarks something that does not end the test, once.
    pub fn remark(&mut self, code: &str, evidence: impl Into<String>) {
        let Some((severity, row)) = find(code) else { return };
        if self.remarks.iter().all(|remark| remark.code != code) {
            let (code, fix) = (code.to_owned(), row.fix.to_owned());
            self.remarks.push(Finding { severity, code, evidence: evidence.into(), fix });
        }
    }

    pub fn into_report(self, outcome: Result<(), Fault>) -> ConnectionReport {
        let (success, code, message, error) = match outcome {
            Ok(()) => (true, "ok".to_owned(), "The connection works.".to_owned(), None),
            Err(fault) => (false, fault.code.clone(), fault.with_fix(), Some(fault.into_finding())),
        };
        let mut findings: Vec<Finding> = error.into_iter().chain(self.remarks).collect();
        findings.sort_by_key(|finding| finding.severity);
        ConnectionReport {
            success,
            code,
            message,
            checks: self.checks,
            limitations: self.limitations,
            findings,
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
    fn a_fault_says_what_was_seen_and_what_to_do() {
        let fault = Fault::new("dns_failed", "the name does not resolve");
        assert_eq!(
            fault.with_fix(),
            "The name does not resolve. Check the spelling of the address, and that the domain's DNS records exist."
        );
    }

    #[test]
    fn a_remark_is_made_once_and_only_of_what_is_in_the_table() {
        let mut journal = Journal::default();
        journal.remark("plain_permalinks", "first");
        journal.remark("php_noise", "x");
        journal.remark("plain_permalinks", "second");
        journal.remark("no_such_word", "x");
        let report = journal.into_report(Err(Fault::new("dns_failed", "x")));
        let found: Vec<_> =
            report.findings.iter().map(|it| (it.code.as_str(), it.evidence.as_str())).collect();
        assert_eq!(found, [("dns_failed", "x"), ("php_noise", "x"), ("plain_permalinks", "first")]);
    }
}
