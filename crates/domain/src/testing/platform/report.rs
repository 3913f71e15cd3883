//! What a connection test of a scripted site reads like.

use serde_json::json;

use super::ScriptedSite;
use crate::ports::platform::{Check, ConnectionReport, PlatformError};

const CHECKS: [&str; 9] =
    ["url", "dns", "tcp", "tls", "http", "rest_api", "plugin", "authentication", "permissions"];

/// Of an address that no site answers under.
pub(super) fn unknown_host() -> ConnectionReport {
    failed("dns", "dns_failed", "the name does not resolve")
}

pub(super) fn of_test(site: &ScriptedSite, tested: Result<(), PlatformError>) -> ConnectionReport {
    match tested {
        Ok(()) => passed(site),
        Err(error) => {
            let trouble = error.trouble();
            let check = match (&error, trouble.code.as_str()) {
                (_, "plugin_missing") => "plugin",
                (PlatformError::Unauthorized(_), _) => "authentication",
                (PlatformError::Forbidden(_), _) => "permissions",
                (PlatformError::Unavailable { .. }, _) => "tcp",
                _ => "rest_api",
            };
            failed(check, &trouble.code, &trouble.message)
        }
    }
}

pub(super) fn of_proof(site: &ScriptedSite, proved: Result<(), PlatformError>) -> ConnectionReport {
    match proved {
        Err(PlatformError::Unauthorized(trouble)) => failed("plugin", &trouble.code, &trouble.message),
        outcome => of_test(site, outcome),
    }
}

fn check(name: &str, ok: bool, detail: &str) -> Check {
    Check { name: name.to_owned(), ok, detail: detail.to_owned(), duration_ms: 1 }
}

fn passed(site: &ScriptedSite) -> ConnectionReport {
    let plugin_version = site.has_plugin().then(|| "1.0.0".to_owned());
    let limitations = if site.has_plugin() { vec![] } else { vec!["SEO fields need the plugin".to_owned()] };
    ConnectionReport {
        success: true,
        code: "ok".to_owned(),
        message: "The connection works.".to_owned(),
        checks: CHECKS.iter().map(|name| check(name, true, "ok")).collect(),
        limitations,
        findings: Vec::new(),
        platform_version: Some("6.8.2".to_owned()),
        plugin_version,
        latency_ms: Some(1),
        state: site.platform_state(),
    }
}

/// Stops at the check that fails.
fn failed(at: &str, code: &str, message: &str) -> ConnectionReport {
    let before = CHECKS.iter().take_while(|name| **name != at);
    let mut checks: Vec<Check> = before.map(|name| check(name, true, "ok")).collect();
    checks.push(check(at, false, message));
    ConnectionReport {
        success: false,
        code: code.to_owned(),
        message: message.to_owned(),
        checks,
        limitations: Vec::new(),
        findings: Vec::new(),
        platform_version: None,
        plugin_version: None,
        latency_ms: None,
        state: json!(null),
    }
}
