//! Everything that a support person needs of one connection.

use std::collections::BTreeMap;

use igny8_integration_domain::health::{Health, LastTest, Reason, WebhookFacts};
use igny8_integration_domain::id::IntegrationId;
use igny8_integration_domain::ports::storage::WebhookCounter;
use igny8_integration_domain::service::{DebugStatus, Queue};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use super::event::EventResponse;
use super::sync_status::TotalsResponse;
use super::time;
use crate::openapi::parameter::{Kind, QueryParameter, query};
use crate::openapi::shape;

/// The parameters that the page knows.
pub const PARAMETERS: &[QueryParameter] = &[query("include_events", Kind::Boolean)];

/// Deliveries that were taken in, by what they tell.
const TYPES: [&str; 2] = ["status", "metadata"];

#[derive(Debug, Serialize, ToSchema)]
pub struct DebugStatusResponse {
    integration_id: i64,
    health: HealthResponse,
    connection: ConnectionFactsResponse,
    webhooks: WebhooksResponse,
    queue: QueueResponse,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<EventResponse>>,
    totals: BTreeMap<String, TotalsResponse>,
    /// What the last audit found; null where there was none.
    #[schema(schema_with = drift_shape)]
    drift: Value,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct HealthResponse {
    #[schema(schema_with = verdict_shape)]
    verdict: &'static str,
    reasons: Vec<ReasonResponse>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ReasonResponse {
    code: String,
    message: String,
    fix: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ConnectionFactsResponse {
    last_test: Option<LastTestResponse>,
    platform_version: Option<String>,
    plugin_version: Option<String>,
    /// How far the site's clock is ahead of this service's.
    clock_skew_seconds: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LastTestResponse {
    at: String,
    success: bool,
    code: String,
    message: String,
    checks: Value,
    limitations: Value,
    latency_ms: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct WebhooksResponse {
    /// The last that was taken in.
    last_received_at: Option<String>,
    by_type: BTreeMap<&'static str, i64>,
    rejected: i64,
    last_rejected_at: Option<String>,
    last_rejection: Option<String>,
    duplicates: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct QueueResponse {
    waiting: u64,
    running: u64,
    retries: u64,
    next_attempt_at: Option<String>,
}

impl DebugStatusResponse {
    pub fn new(id: IntegrationId, status: DebugStatus) -> Self {
        let connection = ConnectionFactsResponse {
            last_test: status.facts.last_test.map(|test| LastTestResponse::new(test, &status.test_details)),
            platform_version: status.platform_version,
            plugin_version: status.plugin_version,
            clock_skew_seconds: status.facts.webhooks.clock_skew.map(|skew| skew.num_seconds()),
        };
        let totals = status.totals.into_iter();
        Self {
            integration_id: id.get(),
            health: status.health.into(),
            connection,
            webhooks: WebhooksResponse::new(status.facts.webhooks, &status.webhooks),
            queue: status.queue.into(),
            events: status.events.map(|events| events.into_iter().map(EventResponse::from).collect()),
            totals: totals.map(|(name, totals)| (name, totals.into())).collect(),
            drift: Value::Null,
            warnings: status.warnings,
        }
    }
}

impl From<Health> for HealthResponse {
    fn from(health: Health) -> Self {
        let reason = |Reason { code, message, fix }: Reason| ReasonResponse { code, message, fix };
        Self { verdict: health.verdict.as_str(), reasons: health.reasons.into_iter().map(reason).collect() }
    }
}

impl LastTestResponse {
    fn new(test: LastTest, details: &Value) -> Self {
        Self {
            at: time(test.at),
            success: test.success,
            code: test.code,
            message: test.message,
            checks: details["checks"].clone(),
            limitations: details["limitations"].clone(),
            latency_ms: details["latency_ms"].as_u64(),
        }
    }
}

impl WebhooksResponse {
    fn new(facts: WebhookFacts, counters: &[WebhookCounter]) -> Self {
        let count = |kind: &str| {
            counters.iter().find(|counter| counter.kind == kind).map_or(0, |counter| counter.count)
        };
        Self {
            last_received_at: facts.last_accepted_at.map(time),
            by_type: TYPES.map(|kind| (kind, count(kind))).into(),
            rejected: count("rejected"),
            last_rejected_at: facts.last_rejected_at.map(time),
            last_rejection: facts.rejection,
            duplicates: count("duplicate"),
        }
    }
}

impl From<Queue> for QueueResponse {
    fn from(queue: Queue) -> Self {
        Self {
            waiting: queue.waiting,
            running: queue.running,
            retries: queue.retries,
            next_attempt_at: queue.next_attempt_at.map(time),
        }
    }
}

fn verdict_shape() -> Object {
    shape::words("healthy, degraded, failing, unknown")
}

/// `{"count", "items": [{"content_id", "external_id", "fields"}]}`
fn drift_shape() -> Object {
    let item = shape::object([
        shape::required("content_id", shape::nullable(shape::id())),
        shape::required("external_id", shape::nullable(shape::text())),
        shape::required("fields", shape::list(shape::text())),
    ]);
    shape::nullable(shape::object([
        shape::required("count", shape::integer(0, i64::MAX)),
        shape::required("items", shape::list(item)),
    ]))
}
