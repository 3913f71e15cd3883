//! Runs on the wire.

use igny8_integration_domain::content::Field;
use igny8_integration_domain::service::sync::StartSync;
use igny8_integration_domain::sync::{DeleteCandidate, Direction, PlanEntry, Progress, RunError, SyncRun};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use super::body;
use super::field::Refusal;
use super::time;
use crate::openapi::shape::{self, optional};

const DIRECTIONS: &str = "both, to_external, from_external, metadata";

#[derive(Debug, Serialize, ToSchema)]
pub struct RunResponse {
    id: i64,
    integration_id: i64,
    #[schema(schema_with = direction_shape)]
    direction: &'static str,
    #[schema(schema_with = trigger_shape)]
    trigger: &'static str,
    #[schema(schema_with = status_shape)]
    status: &'static str,
    progress: ProgressResponse,
    attempt: u32,
    next_attempt_at: Option<String>,
    error: Option<RunErrorResponse>,
    queued_at: String,
    started_at: Option<String>,
    finished_at: Option<String>,
    /// What a dry run would do, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Vec<PlanEntryResponse>>,
    /// How many entries the plan has, listed or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan_count: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ProgressResponse {
    total: u64,
    done: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    conflicts: u64,
    failed: u64,
    deleted: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct RunErrorResponse {
    code: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletes: Option<Vec<DeleteResponse>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct DeleteResponse {
    content_id: i64,
    external_id: String,
    title: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct PlanEntryResponse {
    content_id: Option<i64>,
    external_id: Option<String>,
    action: &'static str,
    fields: Vec<&'static str>,
    reason: String,
}

impl RunResponse {
    /// One of several: its plan is left to its own page.
    pub fn brief(run: SyncRun) -> Self {
        Self {
            id: run.id.get(),
            integration_id: run.integration_id.get(),
            direction: run.direction.as_str(),
            trigger: run.trigger.as_str(),
            status: run.status.as_str(),
            progress: run.progress.into(),
            attempt: run.attempt,
            next_attempt_at: run.next_attempt_at.map(time),
            error: run.error.map(RunErrorResponse::from),
            queued_at: time(run.queued_at),
            started_at: run.started_at.map(time),
            finished_at: run.finished_at.map(time),
            plan: None,
            plan_count: None,
        }
    }

    /// One; a dry one that has ended with its plan.
    pub fn full(mut run: SyncRun) -> Self {
        let has_plan = run.options.dry_run && run.status.is_final();
        let (entries, count) = (std::mem::take(&mut run.plan), run.plan_count);
        let plan = has_plan.then(|| entries.into_iter().map(PlanEntryResponse::from).collect());
        Self { plan, plan_count: has_plan.then_some(count), ..Self::brief(run) }
    }
}

impl From<Progress> for ProgressResponse {
    fn from(progress: Progress) -> Self {
        let Progress { total, done, created, updated, unchanged, conflicts, failed, deleted } = progress;
        Self { total, done, created, updated, unchanged, conflicts, failed, deleted }
    }
}

impl From<RunError> for RunErrorResponse {
    fn from(error: RunError) -> Self {
        let deletes = error.deletes.map(|deletes| deletes.into_iter().map(DeleteResponse::from).collect());
        Self { code: error.code, message: error.message, count: error.count, deletes }
    }
}

impl From<DeleteCandidate> for DeleteResponse {
    fn from(candidate: DeleteCandidate) -> Self {
        let DeleteCandidate { content_id, external_id, title } = candidate;
        Self { content_id: content_id.get(), external_id, title }
    }
}

impl From<PlanEntry> for PlanEntryResponse {
    fn from(entry: PlanEntry) -> Self {
        Self {
            content_id: entry.content_id.map(i64::from),
            external_id: entry.external_id,
            action: entry.action.as_str(),
            fields: entry.fields.into_iter().map(Field::as_str).collect(),
            reason: entry.reason,
        }
    }
}

/// What [`start`] reads.
pub fn start_shape() -> Object {
    shape::object([
        optional("direction", shape::words(DIRECTIONS)),
        optional("content_types", shape::list(shape::text())),
        optional("full", shape::boolean()),
        optional("dry_run", shape::boolean()),
        optional("confirm_deletes", shape::boolean()),
    ])
}

fn direction_shape() -> Object {
    shape::words(DIRECTIONS)
}

fn trigger_shape() -> Object {
    shape::words("api, webhook, schedule, cli, retry")
}

fn status_shape() -> Object {
    shape::words("queued, running, succeeded, partial, failed, cancelled")
}

/// What POST `sync/` asks for.
pub fn start(body: &body::Object<'_>) -> StartSync {
    let types = body.list("content_types", body::Entry::text).then(|types| match types.as_slice() {
        [] => Err(Refusal::invalid("must name a type, or be left out for all of them")),
        _ => Ok(types),
    });
    StartSync {
        direction: body.word("direction", Direction::from_word, DIRECTIONS).given().unwrap_or_default(),
        content_types: types.optional(),
        full: body.boolean("full").given().unwrap_or_default(),
        dry_run: body.boolean("dry_run").given().unwrap_or_default(),
        confirm_deletes: body.boolean("confirm_deletes").given().unwrap_or_default(),
        idempotency_key: None,
    }
}
