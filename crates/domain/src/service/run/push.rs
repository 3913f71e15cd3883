//! Writing what waits here: item by item, each committed. One item's failure does not stop the rest.

use super::context::RunContext;
use super::{RunExecutor, Stop, page::add_to_plan};
use crate::content::SyncState;
use crate::event::Action;
use crate::id::ContentId;
use crate::ports::platform::{PlatformError, Trouble};
use crate::ports::storage::PendingQuery;
use crate::service::item::{ItemError, ItemFailure, ItemSync, is_lasting};
use crate::sync::{Phase, PlanAction, PlanEntry, RetryItem, RunScope, SyncRun, Trigger};

/// How often an item is tried in one run.
const MAX_TRIES: u32 = 4;

/// Items looked up at once.
const AT_ONCE: u32 = 50;

/// Uncertain writes in a row after which it is the host that is in trouble.
const HOST_IN_TROUBLE: u32 = 3;

impl RunExecutor {
    pub(super) async fn push(&self, run: &mut SyncRun, context: &mut RunContext) -> Result<(), Stop> {
        if !run.checkpoint.push_counted {
            let all = self.pending(run, u32::MAX).await?;
            run.progress.total += all.len() as u64;
            run.checkpoint.push_counted = true;
            self.checkpoint(run).await?;
        }
        let ids = self.pending(run, AT_ONCE).await?;
        if ids.is_empty() {
            run.checkpoint.phase = if run.checkpoint.retry.is_empty() { Phase::Finish } else { Phase::Retry };
            self.checkpoint(run).await?;
            return match run.checkpoint.phase {
                Phase::Retry => Err(Stop::Wait { trouble: retrying(run), round: 1 }),
                _ => Ok(()),
            };
        }
        for id in ids {
            if run.cancel_requested {
                return Err(Stop::Cancelled);
            }
            if run.options.dry_run {
                self.plan_item(run, context, id).await?;
            } else {
                self.sync_item(run, context, id, 1).await?;
            }
        }
        Ok(())
    }

    /// Tries again what failed for the moment, each item at most four times in one run.
    pub(super) async fn retry(&self, run: &mut SyncRun, context: &mut RunContext) -> Result<(), Stop> {
        let items = run.checkpoint.retry.clone();
        for RetryItem { content_id, tries, .. } in &items {
            if run.cancel_requested {
                return Err(Stop::Cancelled);
            }
            self.sync_item(run, context, *content_id, tries + 1).await?;
        }
        let round = run.checkpoint.retry.iter().map(|item| item.tries).max();
        match round {
            None => {
                run.checkpoint.phase = Phase::Finish;
                self.checkpoint(run).await
            }
            Some(round) => Err(Stop::Wait { trouble: retrying(run), round }),
        }
    }

    async fn pending(&self, run: &SyncRun, limit: u32) -> Result<Vec<ContentId>, Stop> {
        let by_schedule = run.trigger == Trigger::Schedule;
        let mut states = Vec::new();
        if run.options.scope == RunScope::All {
            states.extend(run.direction.pushes().then_some(SyncState::PendingPush));
            states.extend(run.direction.pulls().then_some(SyncState::PendingPull));
        }
        states.push(SyncState::Failed);
        let query = PendingQuery {
            site_id: run.site_id,
            states,
            parked: !by_schedule,
            content_types: run.options.content_types.clone(),
            after: run.checkpoint.pushed_up_to,
            limit,
        };
        let mut uow = self.storage.read().await?;
        Ok(uow.list_pending(&query).await?)
    }

    async fn sync_item(
        &self,
        run: &mut SyncRun,
        context: &mut RunContext,
        id: ContentId,
        tries: u32,
    ) -> Result<(), Stop> {
        let reach = context.reach(run, false);
        let push = run.direction.pushes();
        let actor = run.actor;
        let mut item = ItemSync {
            storage: &self.storage,
            clock: &self.clock,
            session: context.session.as_ref(),
            integration: &context.integration,
            reach,
            push,
            actor,
            run: Some((run, self.lease)),
        };
        let error = match item.sync(id).await {
            Ok(_) => {
                context.uncertain_in_a_row = 0;
                return Ok(());
            }
            Err(ItemError::Platform(error)) => error,
            Err(stop) => return Err(stop.into()),
        };
        if !error.is_of_one_item() {
            return Err(error.into());
        }
        if is_lasting(&error) || tries >= MAX_TRIES {
            let failure = ItemFailure {
                integration: &context.integration,
                id,
                trouble: error.trouble(),
                parked: true,
                action: if push { Action::Pushed } else { Action::Pulled },
                actor,
            };
            failure.record(&self.storage, self.clock.now(), Some((run, self.lease))).await?;
            return Ok(());
        }
        self.try_again_later(run, context, id, tries, &error).await
    }

    async fn try_again_later(
        &self,
        run: &mut SyncRun,
        context: &mut RunContext,
        id: ContentId,
        tries: u32,
        error: &PlatformError,
    ) -> Result<(), Stop> {
        let counted = run.checkpoint.counted;
        run.checkpoint.pass(id);
        run.checkpoint.counted = counted;
        run.checkpoint.retry.push(RetryItem { content_id: id, tries, trouble: error.trouble().clone() });
        self.checkpoint(run).await?;
        if matches!(error, PlatformError::Uncertain(_)) {
            context.uncertain_in_a_row += 1;
        }
        if context.uncertain_in_a_row >= HOST_IN_TROUBLE {
            context.uncertain_in_a_row = 0;
            return Err(Stop::Pause { trouble: error.trouble().clone(), retry_after: None });
        }
        Ok(())
    }

    /// What pushing an item would do, by doing everything but the writing.
    async fn plan_item(&self, run: &mut SyncRun, context: &RunContext, id: ContentId) -> Result<(), Stop> {
        let reach = context.reach(run, false);
        let item = ItemSync {
            storage: &self.storage,
            clock: &self.clock,
            session: context.session.as_ref(),
            integration: &context.integration,
            reach,
            push: run.direction.pushes(),
            actor: run.actor,
            run: None,
        };
        let entry = match item.plan(id).await {
            // One item's trouble is not the others'.
            Err(ItemError::Platform(error)) if error.is_of_one_item() => Some(PlanEntry {
                content_id: Some(id),
                external_id: None,
                action: PlanAction::Skip,
                fields: Vec::new(),
                reason: error.trouble().message.clone(),
            }),
            planned => planned?,
        };
        run.progress.done += 1;
        match &entry {
            None => run.progress.unchanged += 1,
            Some(entry) => count_planned(run, entry.action),
        }
        add_to_plan(run, entry.into_iter().collect());
        run.checkpoint.pass(id);
        self.checkpoint(run).await
    }
}

fn count_planned(run: &mut SyncRun, action: PlanAction) {
    let progress = &mut run.progress;
    match action {
        PlanAction::CreateExternal | PlanAction::CreateLocal => progress.created += 1,
        PlanAction::Conflict => progress.conflicts += 1,
        PlanAction::Trash | PlanAction::DeleteLocal => progress.deleted += 1,
        PlanAction::Pull
        | PlanAction::Push
        | PlanAction::Merge
        | PlanAction::RestoreLocal
        | PlanAction::Restore => progress.updated += 1,
        PlanAction::Skip => progress.unchanged += 1,
    }
}

fn retrying(run: &SyncRun) -> Trouble {
    let last = run.checkpoint.retry.last();
    last.map_or_else(
        || Trouble { code: "retrying".to_owned(), message: "items wait for another try".to_owned() },
        |item| item.trouble.clone(),
    )
}
