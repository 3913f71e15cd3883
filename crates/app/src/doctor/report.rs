//! What was found, for people and for scripts.

use std::fmt::Write as _;

use igny8_integration_domain::ports::platform::{ConnectionReport, Finding, Severity};
use igny8_integration_wordpress::diagnosis::CHECKS;
use serde_json::{Value as Json, json};

use crate::commands::Said;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ok,
    /// There is nothing to look at yet.
    Skipped,
    Warning,
    Error,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing about the service that was looked at.
#[derive(Debug)]
pub struct Item {
    name: &'static str,
    state: State,
    detail: String,
    fix: Option<String>,
}

impl Item {
    pub fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, state: State::Ok, detail: detail.into(), fix: None }
    }

    pub fn skipped(name: &'static str, detail: impl Into<String>) -> Self {
        Self { state: State::Skipped, ..Self::ok(name, detail) }
    }

    pub fn warning(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Warning, fix: Some(fix.into()), ..Self::ok(name, detail) }
    }

    pub fn error(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Error, fix: Some(fix.into()), ..Self::ok(name, detail) }
    }
}

/// A site that was looked at.
#[derive(Debug)]
pub struct Site {
    pub url: String,
    /// Whether credentials were at hand.
    pub signed_in: bool,
    pub report: ConnectionReport,
}

#[derive(Debug, Default)]
pub struct Report {
    pub service: Vec<Item>,
    pub site: Option<Site>,
}

impl Report {
    pub fn said(self) -> Said {
        let errors = self.errors();
        let said = Said::new(self.to_json(), self.to_words());
        match errors.as_slice() {
            [] => said,
            [one] => said.failing(format!("one thing is wrong: {one}")),
            several => said.failing(format!("{} things are wrong: {}", several.len(), several.join(", "))),
        }
    }

    fn findings(&self) -> &[Finding] {
        self.site.as_ref().map(|site| site.report.findings.as_slice()).unwrap_or_default()
    }

    fn errors(&self) -> Vec<&str> {
        let of_service = self.service.iter().filter(|item| item.state == State::Error).map(|item| item.name);
        let of_site =
            self.site.iter().filter(|site| !site.report.success).map(|site| site.report.code.as_str());
        of_service.chain(of_site).collect()
    }

    fn warnings(&self) -> usize {
        let of_site = self.findings().iter().filter(|finding| finding.severity == Severity::Warning).count();
        self.service.iter().filter(|item| item.state == State::Warning).count() + of_site
    }

    fn to_json(&self) -> Json {
        let service = self.service.iter().map(|item| {
            let Item { name, state, detail, fix } = item;
            json!({ "name": name, "state": state.as_str(), "detail": detail, "fix": fix })
        });
        json!({
            "healthy": self.errors().is_empty(),
            "errors": self.errors().len(),
            "warnings": self.warnings(),
            "service": service.collect::<Vec<_>>(),
            "site": self.site.as_ref().map(site_json),
        })
    }

    fn to_words(&self) -> String {
        let mut text = String::from("The service\n");
        for item in &self.service {
            let mark = if item.state == State::Skipped { "-" } else { item.state.as_str() };
            line(&mut text, mark, item.name, &item.detail, item.fix.as_deref());
        }
        if let Some(site) = &self.site {
            site_words(&mut text, site);
        }
        let (errors, warnings) = (self.errors().len(), self.warnings());
        let _ = match (errors, warnings) {
            (0, 0) => writeln!(text, "\nNothing is wrong."),
            _ => writeln!(text, "\n{} and {}.", counted(errors, "error"), counted(warnings, "warning")),
        };
        text
    }
}

fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("0 {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

fn line(text: &mut String, mark: &str, name: &str, detail: &str, fix: Option<&str>) {
    // Writing into a string does not fail.
    let _ = writeln!(text, "  {mark:<8} {name:<16} {detail}");
    if let Some(fix) = fix {
        let _ = writeln!(text, "  {:<8} {:<16} -> {fix}", "", "");
    }
}

fn site_words(text: &mut String, site: &Site) {
    let report = &site.report;
    let _ = writeln!(text, "\nThe site {}", site.url);
    for check in &report.checks {
        match report.findings.first().filter(|_| !check.ok) {
            Some(finding) => line(text, "error", &check.name, &finding.evidence, Some(&finding.fix)),
            None => line(text, if check.ok { "ok" } else { "error" }, &check.name, &check.detail, None),
        }
    }
    let left = CHECKS.get(report.checks.len()..).unwrap_or_default();
    if !left.is_empty() {
        let (name, why) = if report.success {
            ("not checked", " (that needs credentials: see --help)")
        } else {
            ("not reached", "")
        };
        line(text, "-", name, &format!("{}{why}", left.join(", ")), None);
    }
    let remarks = report.findings.iter().filter(|finding| finding.severity != Severity::Error);
    for finding in remarks {
        line(text, finding.severity.as_str(), &finding.code, &finding.evidence, Some(&finding.fix));
    }
    if !report.limitations.is_empty() {
        text.push_str("  What will not work:\n");
        for limitation in &report.limitations {
            let _ = writeln!(text, "  - {limitation}");
        }
    }
}

fn site_json(site: &Site) -> Json {
    let report = &site.report;
    json!({
        "url": site.url,
        "signed_in": site.signed_in,
        "success": report.success,
        "code": report.code,
        "message": report.message,
        "checks": report.checks,
        "findings": report.findings,
        "limitations": report.limitations,
        "platform_version": report.platform_version,
        "plugin_version": report.plugin_version,
        "latency_ms": report.latency_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_counted_named_and_comes_with_its_fix() {
        let report = Report {
            service: vec![
                Item::ok("configuration", "fine"),
                Item::warning("migrations", "pending: 0001", "Run migrate."),
                Item::error("database", "away", "Start it."),
            ],
            site: None,
        };
        let said = report.said();
        assert_eq!(said.failure.as_deref(), Some("one thing is wrong: database"));
        assert_eq!(
            (&said.json["healthy"], &said.json["errors"], &said.json["warnings"]),
            (&json!(false), &json!(1), &json!(1))
        );
        assert!(
            said.words.contains("-> Start it.") && said.words.ends_with("1 error and 1 warning.\n"),
            "{}",
            said.words
        );
    }

    #[test]
    fn where_nothing_is_wrong_it_says_so() {
        let said = Report { service: vec![Item::skipped("database", "not there yet")], site: None }.said();
        assert_eq!(said.failure, None);
        assert!(said.words.ends_with("Nothing is wrong.\n"), "{}", said.words);
    }
}
