//! Marking deleted what is proven deleted, unless it is so much that a person must agree first.

use super::context::RunContext;
use super::page::add_to_plan;
use super::{RunExecutor, Stop};
use crate::content::{Received, Removed};
use crate::event::{Action, NewEvent};
use crate::id::ContentId;
use crate::integration::TypeMemory;
use crate::ports::storage::{StorageError, UnitOfWork};
use crate::service::item::line;
use crate::sync::{Direction, MAX_LISTED, PendingDelete, Phase, PlanAction, PlanEntry, RunError, SyncRun};

/// Up to so many deletions never need a person.
const FEW: usize = 10;

/// A run may mark at most one content in so many deleted.
const ONE_IN: i64 = 10;

/// Deletions in one unit of work.
const AT_ONCE: usize = 100;

impl RunExecutor {
    pub(super) async fn delete(&self, run: &mut SyncRun, context: &mut RunContext) -> Result<(), Stop> {
        if run.options.dry_run {
            plan_deletes(run);
        } else if run.checkpoint.deletes.is_empty() {
            return self.remember(run, context).await;
        } else if self.brakes(run).await? {
            return Err(Stop::Brake(Box::new(braked(run))));
        } else {
            return self.apply_deletes(run, context).await;
        }
        run.checkpoint.phase = Phase::Push;
        self.checkpoint(run).await
    }

    /// Whether a person must agree first. Once agreed, or once begun, it goes through.
    async fn brakes(&self, run: &SyncRun) -> Result<bool, Stop> {
        let count = run.checkpoint.deletes.len();
        if run.options.confirm_deletes || run.checkpoint.deleting || count <= FEW {
            return Ok(false);
        }
        let mut uow = self.storage.read().await?;
        let contents = uow.content_totals(run.site_id).await?.contents;
        Ok(i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(ONE_IN) > contents)
    }

    async fn apply_deletes(&self, run: &mut SyncRun, context: &RunContext) -> Result<(), Stop> {
        let now_count = run.checkpoint.deletes.len().min(AT_ONCE);
        let batch: Vec<PendingDelete> = run.checkpoint.deletes.drain(..now_count).collect();
        run.checkpoint.deleting = true;
        let ids: Vec<ContentId> = batch.iter().map(|delete| delete.candidate.content_id).collect();
        let mut uow = self.storage.begin().await?;
        let contents = uow.lock_contents(run.site_id, &ids).await?;
        let mut events = Vec::new();
        for mut content in contents {
            let found = batch.iter().find(|delete| delete.candidate.content_id == content.id);
            let Some(delete) = found else { continue };
            // What came in of the post behind this run's back is newer than what the run saw of it.
            let is_same = content.link.as_ref().is_some_and(|link| {
                link.external_id == delete.candidate.external_id
                    && link.external_modified_at <= delete.modified_at
            });
            run.progress.done += 1;
            if !is_same {
                run.progress.unchanged += 1;
                continue;
            }
            let now = self.clock.now();
            let removed = Removed {
                status: delete.status.clone(),
                modified_at: delete.modified_at,
                version: delete.version.clone(),
            };
            let received = content.receive_removed(&removed, context.reach(run, false), now);
            content.updated_at = now;
            uow.update_content(&content).await?;
            count(run, &received);
            if let Some(action) = action_of(&received) {
                let by = (run.actor, Some(run.id));
                let mut event: NewEvent = line(&context.integration, &content, action, true, by, now);
                event.details =
                    serde_json::json!({ "found": delete.status, "conflicts": received.conflicts });
                events.push(event);
            }
        }
        uow.insert_events(&events).await?;
        run.failures = 0;
        self.record(uow, run).await
    }

    /// The pass is complete: the next one begins where this one did.
    async fn remember(&self, run: &mut SyncRun, context: &RunContext) -> Result<(), Stop> {
        run.checkpoint.phase = Phase::Push;
        let mut uow = self.storage.begin().await?;
        if run.direction != Direction::Metadata {
            self.remember_in(uow.as_mut(), run, context).await?;
        }
        self.record(uow, run).await
    }

    async fn remember_in(
        &self,
        uow: &mut dyn UnitOfWork,
        run: &SyncRun,
        context: &RunContext,
    ) -> Result<(), StorageError> {
        let now = self.clock.now();
        let Some(mut integration) = uow.lock_integration(run.integration_id).await? else { return Ok(()) };
        if integration.site_url != context.integration.site_url {
            return Ok(());
        }
        for progress in &run.checkpoint.types {
            let Some(watermark) = progress.started else { continue };
            let memory = TypeMemory { watermark, unseen: progress.unseen, fetched_at: now };
            integration.memory.types.insert(progress.name.clone(), memory);
        }
        let all_types = run.options.content_types.is_none();
        if integration.memory.audited_at.is_none() || (run.checkpoint.audited && all_types) {
            integration.memory.audited_at = Some(now);
        }
        uow.update_integration(&integration).await?;
        Ok(())
    }
}

fn count(run: &mut SyncRun, received: &Received) {
    if !received.conflicts.is_empty() {
        run.progress.conflicts += 1;
    } else if received.deleted {
        run.progress.deleted += 1;
    } else {
        run.progress.unchanged += 1;
    }
}

fn action_of(received: &Received) -> Option<Action> {
    if !received.conflicts.is_empty() {
        return (!received.conflict_known).then_some(Action::Conflict);
    }
    received.deleted.then_some(Action::Trashed)
}

fn plan_deletes(run: &mut SyncRun) {
    let deletes = std::mem::take(&mut run.checkpoint.deletes);
    let entries = deletes.into_iter().map(|delete| PlanEntry {
        content_id: Some(delete.candidate.content_id),
        external_id: Some(delete.candidate.external_id),
        action: PlanAction::DeleteLocal,
        fields: Vec::new(),
        reason: format!("the site says: {}", delete.status),
    });
    let entries: Vec<PlanEntry> = entries.collect();
    run.progress.done += entries.len() as u64;
    run.progress.deleted += entries.len() as u64;
    add_to_plan(run, entries);
}

fn braked(run: &SyncRun) -> RunError {
    let count = run.checkpoint.deletes.len();
    let listed = run.checkpoint.deletes.iter().take(MAX_LISTED);
    RunError {
        code: "deletes_need_confirmation".to_owned(),
        message: format!(
            "{count} contents were deleted on the site, more than a tenth; start a sync with confirm_deletes to go on"
        ),
        count: Some(count as u64),
        deletes: Some(listed.map(|delete| delete.candidate.clone()).collect()),
    }
}
