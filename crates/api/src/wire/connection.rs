//! What a connection test found, and a site that connects itself.

use igny8_integration_domain::integration::{SiteUrl, judge_key};
use igny8_integration_domain::ports::platform::{Check, ConnectionReport, Finding};
use igny8_integration_domain::service::onboarding::{OnboardSite, Onboarded};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use super::body;
use crate::openapi::shape::{self, required};

#[derive(Debug, Serialize, ToSchema)]
pub struct CheckResponse {
    name: String,
    ok: bool,
    detail: String,
    duration_ms: u64,
}

impl From<Check> for CheckResponse {
    fn from(check: Check) -> Self {
        Self { name: check.name, ok: check.ok, detail: check.detail, duration_ms: check.duration_ms }
    }
}

/// What stands in the way or may, with what shows it and what helps.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingResponse {
    /// `error`, `warning` or `notice`.
    severity: &'static str,
    code: String,
    evidence: String,
    fix: String,
}

impl From<Finding> for FindingResponse {
    fn from(finding: Finding) -> Self {
        let Finding { severity, code, evidence, fix } = finding;
        Self { severity: severity.as_str(), code, evidence, fix }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectionResponse {
    success: bool,
    code: String,
    message: String,
    checks: Vec<CheckResponse>,
    limitations: Vec<String>,
    /// The error that ended the test first, then what is worth a look.
    findings: Vec<FindingResponse>,
    platform_version: Option<String>,
    plugin_version: Option<String>,
    latency_ms: Option<u64>,
}

impl From<ConnectionReport> for ConnectionResponse {
    fn from(report: ConnectionReport) -> Self {
        Self {
            success: report.success,
            code: report.code,
            message: report.message,
            checks: report.checks.into_iter().map(CheckResponse::from).collect(),
            limitations: report.limitations,
            findings: report.findings.into_iter().map(FindingResponse::from).collect(),
            platform_version: report.platform_version,
            plugin_version: report.plugin_version,
            latency_ms: report.latency_ms,
        }
    }
}

/// A site that is connected now.
#[derive(Debug, Serialize, ToSchema)]
pub struct OnboardedResponse {
    success: bool,
    integration_id: i64,
    created: bool,
    message: String,
    checks: Vec<CheckResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_secret: Option<String>,
}

impl From<Onboarded> for OnboardedResponse {
    fn from(onboarded: Onboarded) -> Self {
        Self {
            success: true,
            integration_id: onboarded.integration_id.get(),
            created: onboarded.created,
            message: onboarded.message,
            checks: onboarded.checks.into_iter().map(CheckResponse::from).collect(),
            webhook_secret: onboarded.webhook_secret.map(|secret| secret.expose_secret().to_owned()),
        }
    }
}

/// What [`onboard`] reads.
pub fn onboard_shape() -> Object {
    shape::object([
        required("site_id", shape::id()),
        required("api_key", shape::text()),
        required("site_url", shape::text()),
    ])
}

/// What a site says of itself.
pub fn onboard(body: &body::Object<'_>) -> Option<OnboardSite> {
    let site_id = body.id("site_id").required();
    let key = |text: String| {
        let key = SecretString::from(text);
        judge_key("api_key", &key)?;
        Ok(key)
    };
    let api_key = body.text("api_key").then(key).required();
    let site_url = body.text("site_url").then(|text| Ok(SiteUrl::parse("site_url", &text)?)).required();
    Some(OnboardSite { site_id: site_id?, api_key: api_key?, site_url: site_url? })
}
