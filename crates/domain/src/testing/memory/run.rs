//! Runs.

use std::sync::Arc;

use async_trait::async_trait;

use super::state::{State, Table, at_most, cursor_page};
use super::unit::MemoryUnit;
use crate::id::{IntegrationId, RunId};
use crate::ports::storage::{Cursor, CursorPage, Queued, RunRepository, StorageError};
use crate::sync::{Checkpoint, Lease, NewRun, Progress, RunStatus, SyncRun};
use crate::time::Timestamp;

fn is_active(run: &SyncRun) -> bool {
    !run.status.is_final() && !run.options.dry_run
}

fn is_claimable(run: &SyncRun, now: Timestamp) -> bool {
    !run.status.is_final()
        && run.lease.as_ref().is_none_or(|lease| lease.until <= now)
        && run.next_attempt_at.is_none_or(|at| at <= now)
}

fn active_run(state: &State, integration: IntegrationId) -> Option<&Arc<SyncRun>> {
    state.runs.values().find(|run| run.integration_id == integration && is_active(run))
}

fn stored(id: RunId, new: &NewRun) -> SyncRun {
    SyncRun {
        id,
        account_id: new.account_id,
        site_id: new.site_id,
        integration_id: new.integration_id,
        direction: new.direction,
        trigger: new.trigger,
        actor: new.actor,
        options: new.options.clone(),
        status: RunStatus::Queued,
        progress: Progress::default(),
        attempt: 0,
        failures: 0,
        next_attempt_at: None,
        error: None,
        checkpoint: Checkpoint::default(),
        plan: Vec::new(),
        plan_count: 0,
        cancel_requested: false,
        lease: None,
        fence: 0,
        queued_at: new.queued_at,
        started_at: None,
        finished_at: None,
    }
}

/// What `record_run` writes: the rest of the stored run stays as it is.
fn recorded(stored: &SyncRun, run: &SyncRun) -> SyncRun {
    SyncRun {
        status: run.status,
        progress: run.progress,
        failures: run.failures,
        next_attempt_at: run.next_attempt_at,
        error: run.error.clone(),
        checkpoint: run.checkpoint.clone(),
        plan: run.plan.clone(),
        plan_count: run.plan_count,
        lease: run.lease.clone(),
        started_at: run.started_at,
        finished_at: run.finished_at,
        ..stored.clone()
    }
}

#[async_trait]
impl RunRepository for MemoryUnit {
    async fn insert_run(&mut self, run: &NewRun) -> Result<Queued, StorageError> {
        self.write(|state| {
            state.require_site(run.account_id, run.site_id)?;
            state.require_integration(run.integration_id)?;
            if let Some(active) = active_run(state, run.integration_id).filter(|_| !run.options.dry_run) {
                return Ok(Queued::Active(active.id));
            }
            let run = stored(state.next_id(Table::Runs)?, run);
            state.runs.insert(run.id, Arc::new(run.clone()));
            Ok(Queued::New(Box::new(run)))
        })
    }

    async fn find_run(&mut self, id: RunId) -> Result<Option<SyncRun>, StorageError> {
        Ok(self.state()?.runs.get(&id).map(|row| SyncRun::clone(row)))
    }

    async fn lock_run(&mut self, id: RunId) -> Result<Option<SyncRun>, StorageError> {
        Ok(self.locked()?.runs.get(&id).map(|row| SyncRun::clone(row)))
    }

    async fn find_active_run(&mut self, integration: IntegrationId) -> Result<Option<SyncRun>, StorageError> {
        Ok(active_run(self.state()?, integration).map(|row| SyncRun::clone(row)))
    }

    async fn find_last_run(&mut self, integration: IntegrationId) -> Result<Option<SyncRun>, StorageError> {
        let is_it = |row: &&Arc<SyncRun>| {
            row.integration_id == integration && row.status.is_final() && !row.options.dry_run
        };
        Ok(self.state()?.runs.values().rev().find(is_it).map(|row| SyncRun::clone(row)))
    }

    async fn list_runs(
        &mut self,
        integration: IntegrationId,
        cursor: Cursor,
        limit: u32,
    ) -> Result<CursorPage<SyncRun>, StorageError> {
        let all = self.state()?.runs.values();
        let rows: Vec<_> = all.filter(|row| row.integration_id == integration).collect();
        let page = cursor_page(&rows, |row| row.id.get(), cursor, limit);
        let items = page.items.into_iter().map(|row| SyncRun::clone(row)).collect();
        Ok(CursorPage { items, has_newer: page.has_newer, has_older: page.has_older })
    }

    async fn claim_run(
        &mut self,
        only: Option<RunId>,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<SyncRun>, StorageError> {
        self.write(|state| {
            let claimable = state
                .runs
                .values_mut()
                .filter(|run| only.is_none_or(|id| run.id == id) && is_claimable(run, now));
            let Some(row) = claimable.min_by_key(|run| (run.queued_at, run.id)) else { return Ok(None) };
            let run = Arc::make_mut(row);
            run.status = RunStatus::Running;
            run.started_at = run.started_at.or(Some(now));
            run.lease = Some(Lease { owner: owner.to_owned(), until: lease_until });
            run.fence += 1;
            run.next_attempt_at = None;
            run.attempt += 1;
            Ok(Some(run.clone()))
        })
    }

    async fn record_run(&mut self, run: &SyncRun) -> Result<bool, StorageError> {
        self.write(|state| {
            let row = state.runs.get_mut(&run.id).ok_or(StorageError::Conflict)?;
            if row.fence != run.fence || row.status.is_final() {
                return Err(StorageError::Conflict);
            }
            *row = Arc::new(recorded(row, run));
            Ok(row.cancel_requested)
        })
    }

    async fn renew_lease(
        &mut self,
        id: RunId,
        fence: i64,
        until: Timestamp,
    ) -> Result<Option<bool>, StorageError> {
        self.write(|state| {
            let is_held =
                |row: &&mut Arc<SyncRun>| row.fence == fence && row.lease.is_some() && !row.status.is_final();
            let Some(row) = state.runs.get_mut(&id).filter(is_held) else { return Ok(None) };
            let run = Arc::make_mut(row);
            if let Some(lease) = &mut run.lease {
                lease.until = until;
            }
            Ok(Some(run.cancel_requested))
        })
    }

    async fn release_runs(&mut self, owner: &str) -> Result<u64, StorageError> {
        self.write(|state| {
            let mut released = 0;
            for row in state.runs.values_mut() {
                if row.lease.as_ref().is_some_and(|lease| lease.owner == owner) && !row.status.is_final() {
                    Arc::make_mut(row).lease = None;
                    released += 1;
                }
            }
            Ok(released)
        })
    }

    async fn purge_runs(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.write(|state| {
            let mut old: Vec<_> = state
                .runs
                .values()
                .filter_map(|run| Some((run.finished_at.filter(|at| *at < before)?, run.id)))
                .collect();
            old.sort_unstable();
            let ids = at_most(old.into_iter().map(|(_, id)| id), limit);
            state.runs.retain(|id, _| !ids.contains(id));
            Ok(ids.len() as u64)
        })
    }

    async fn request_cancel(&mut self, id: RunId) -> Result<(), StorageError> {
        self.write(|state| {
            if let Some(row) = state.runs.get_mut(&id) {
                Arc::make_mut(row).cancel_requested = true;
            }
            Ok(())
        })
    }
}
