//! Runs.

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use igny8_integration_domain::ports::storage::StorageError;
use igny8_integration_domain::sync::{
    Checkpoint, Direction, Lease, NewRun, PlanEntry, Progress, RunStatus, SyncRun, Trigger,
};

use super::{actor, number, present, stored_count, word};
use crate::schema::runs;
use crate::types::{At, JsonText};

#[derive(Queryable, Selectable)]
#[diesel(table_name = runs)]
pub struct RunRow {
    id: i64,
    account_id: i64,
    site_id: i64,
    integration_id: i64,
    direction: String,
    triggered_by: String,
    actor_kind: String,
    actor_id: Option<i64>,
    options: JsonText,
    status: String,
    attempt: i64,
    failures: i64,
    next_attempt_at: Option<At>,
    cancel_requested: bool,
    lease_owner: Option<String>,
    lease_until: Option<At>,
    fence: i64,
    queued_at: At,
    started_at: Option<At>,
    finished_at: Option<At>,
    progress: JsonText,
    error: Option<JsonText>,
    plan_count: i64,
    checkpoint: JsonText,
    plan: JsonText,
}

impl TryFrom<RunRow> for SyncRun {
    type Error = StorageError;

    fn try_from(row: RunRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: number(row.id, "runs.id")?,
            account_id: number(row.account_id, "runs.account_id")?,
            site_id: number(row.site_id, "runs.site_id")?,
            integration_id: number(row.integration_id, "runs.integration_id")?,
            direction: word(&row.direction, Direction::from_word, "runs.direction")?,
            trigger: word(&row.triggered_by, Trigger::from_word, "runs.triggered_by")?,
            actor: actor(&row.actor_kind, row.actor_id, "runs.actor_kind")?,
            options: row.options.read("runs.options")?,
            status: word(&row.status, RunStatus::from_word, "runs.status")?,
            progress: row.progress.read("runs.progress")?,
            attempt: number(row.attempt, "runs.attempt")?,
            failures: number(row.failures, "runs.failures")?,
            next_attempt_at: row.next_attempt_at.map(|at| at.0),
            error: JsonText::read_maybe(row.error.as_ref(), "runs.error")?,
            checkpoint: row.checkpoint.read("runs.checkpoint")?,
            plan: row.plan.read("runs.plan")?,
            plan_count: number(row.plan_count, "runs.plan_count")?,
            cancel_requested: row.cancel_requested,
            lease: lease(row.lease_owner, row.lease_until)?,
            fence: row.fence,
            queued_at: row.queued_at.0,
            started_at: row.started_at.map(|at| at.0),
            finished_at: row.finished_at.map(|at| at.0),
        })
    }
}

fn lease(owner: Option<String>, until: Option<At>) -> Result<Option<Lease>, StorageError> {
    let Some(owner) = owner else { return Ok(None) };
    Ok(Some(Lease { owner, until: present(until, "runs.lease_until")?.0 }))
}

#[derive(Insertable)]
#[diesel(table_name = runs, treat_none_as_default_value = false)]
pub struct NewRunRow {
    account_id: i64,
    site_id: i64,
    integration_id: i64,
    direction: &'static str,
    triggered_by: &'static str,
    actor_kind: &'static str,
    actor_id: Option<i64>,
    options: JsonText,
    dry_run: bool,
    status: &'static str,
    active: bool,
    attempt: i64,
    failures: i64,
    cancel_requested: bool,
    fence: i64,
    queued_at: At,
    progress: JsonText,
    plan_count: i64,
    checkpoint: JsonText,
    plan: JsonText,
}

impl NewRunRow {
    pub fn new(run: &NewRun) -> Result<Self, StorageError> {
        Ok(Self {
            account_id: run.account_id.get(),
            site_id: run.site_id.get(),
            integration_id: run.integration_id.get(),
            direction: run.direction.as_str(),
            triggered_by: run.trigger.as_str(),
            actor_kind: run.actor.kind.as_str(),
            actor_id: run.actor.id,
            options: JsonText::of(&run.options)?,
            dry_run: run.options.dry_run,
            status: RunStatus::Queued.as_str(),
            active: true,
            attempt: 0,
            failures: 0,
            cancel_requested: false,
            fence: 0,
            queued_at: At(run.queued_at),
            progress: JsonText::of(&Progress::default())?,
            plan_count: 0,
            checkpoint: JsonText::of(&Checkpoint::default())?,
            plan: JsonText::of(&Vec::<PlanEntry>::new())?,
        })
    }
}

/// What a record writes.
#[derive(AsChangeset)]
#[diesel(table_name = runs, treat_none_as_null = true)]
pub struct RunColumns {
    status: &'static str,
    active: bool,
    failures: i64,
    next_attempt_at: Option<At>,
    lease_owner: Option<String>,
    lease_until: Option<At>,
    started_at: Option<At>,
    finished_at: Option<At>,
    progress: JsonText,
    error: Option<JsonText>,
    plan_count: i64,
    checkpoint: JsonText,
    plan: JsonText,
}

impl RunColumns {
    pub fn new(run: &SyncRun) -> Result<Self, StorageError> {
        Ok(Self {
            status: run.status.as_str(),
            active: !run.status.is_final(),
            failures: run.failures.into(),
            next_attempt_at: At::maybe(run.next_attempt_at),
            lease_owner: run.lease.as_ref().map(|lease| lease.owner.clone()),
            lease_until: run.lease.as_ref().map(|lease| At(lease.until)),
            started_at: At::maybe(run.started_at),
            finished_at: At::maybe(run.finished_at),
            progress: JsonText::of(&run.progress)?,
            error: JsonText::maybe(run.error.as_ref())?,
            plan_count: stored_count(run.plan_count),
            checkpoint: JsonText::of(&run.checkpoint)?,
            plan: JsonText::of(&run.plan)?,
        })
    }
}
