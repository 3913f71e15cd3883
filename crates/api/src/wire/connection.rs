//! What a connection test found.

use igny8_integration_domain::ports::platform::Check;
use serde::Serialize;

#[derive(Debug, Serialize)]
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
