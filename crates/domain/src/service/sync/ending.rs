//! How a run ends, in one place: its row, the integration's status and the line of history.

use chrono::TimeDelta;
use serde_json::json;

use crate::event::{Action, EventType, NewEvent};
use crate::integration::{Integration, StatusError, SyncStatus};
use crate::ports::storage::{StorageError, UnitOfWork};
use crate::service::integration::next_sync_at;
use crate::sync::{RunError, RunStatus, SyncRun};
use crate::time::Timestamp;

/// How a run ends.
pub(crate) struct Ending {
    /// As what.
    pub status: RunStatus,
    /// Why, where it did not do everything.
    pub error: Option<RunError>,
    /// How often the integration syncs by itself.
    pub schedule: Option<TimeDelta>,
    /// Now.
    pub now: Timestamp,
}

impl Ending {
    /// A person stopped it.
    pub fn cancelled(schedule: Option<TimeDelta>, now: Timestamp) -> Self {
        Self { status: RunStatus::Cancelled, error: None, schedule, now }
    }
}

/// Ends a run that is held in `uow`. The caller commits.
pub(crate) async fn end_run(
    uow: &mut dyn UnitOfWork,
    integration: &mut Integration,
    run: &mut SyncRun,
    ending: Ending,
) -> Result<(), StorageError> {
    run.status = ending.status;
    run.error = ending.error;
    run.finished_at = Some(ending.now);
    run.next_attempt_at = None;
    run.lease = None;
    uow.record_run(run).await?;
    if !run.options.dry_run {
        settle_integration(integration, run, ending.schedule, ending.now);
        integration.version = uow.update_integration(integration).await?;
    }
    uow.insert_events(&[finished_event(run, ending.now)]).await?;
    Ok(())
}

fn settle_integration(
    integration: &mut Integration,
    run: &SyncRun,
    schedule: Option<TimeDelta>,
    now: Timestamp,
) {
    let error = run.error.as_ref().map(|error| StatusError::new(&error.code, &error.message));
    match run.status {
        RunStatus::Succeeded => integration.run_status = SyncStatus::Success,
        RunStatus::Partial => integration.run_status = SyncStatus::Partial,
        RunStatus::Failed => integration.run_status = SyncStatus::Failed,
        RunStatus::Cancelled | RunStatus::Queued | RunStatus::Running => {}
    }
    integration.sync_status = integration.run_status;
    // What a try of it failed with is over; what the run before left behind is not.
    let was_well = matches!(integration.run_status, SyncStatus::Never | SyncStatus::Success);
    if run.status != RunStatus::Cancelled || was_well {
        integration.sync_error = error;
    }
    if matches!(run.status, RunStatus::Succeeded | RunStatus::Partial) {
        integration.last_sync_at = Some(now);
    }
    integration.next_sync_at = schedule.map(|every| next_sync_at(integration.id, every, now));
    integration.updated_at = now;
}

fn finished_event(run: &SyncRun, now: Timestamp) -> NewEvent {
    let duration = run.started_at.map(|at| (now - at).num_milliseconds());
    NewEvent {
        account_id: run.account_id,
        site_id: run.site_id,
        integration_id: run.integration_id,
        event_type: EventType::Sync,
        action: Action::RunFinished,
        success: matches!(run.status, RunStatus::Succeeded),
        content_id: None,
        external_id: None,
        run_id: Some(run.id),
        actor: run.actor,
        details: json!({
            "direction": run.direction, "status": run.status, "progress": run.progress, "dry_run": run.options.dry_run,
        }),
        error_code: run.error.as_ref().map(|error| error.code.clone()),
        error_message: run.error.as_ref().map(|error| error.message.clone()),
        duration_ms: duration,
        created_at: now,
    }
}
