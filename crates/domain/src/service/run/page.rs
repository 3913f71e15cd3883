//! Bringing in what a page shows: one unit of work for its contents, their history, the run's count and checkpoint.

use std::collections::HashSet;

use super::context::RunContext;
use super::{RunExecutor, Stop};
use crate::content::{Content, ContentFailure, NewContent, Received};
use crate::event::{Action, NewEvent};
use crate::health::OUTDATED_LISTING;
use crate::ports::platform::{ExternalItem, Lookup, UnreadableItem};
use crate::ports::storage::{StorageError, UnitOfWork};
use crate::service::item::{Known, line};
use crate::sync::{DeleteCandidate, Direction, MAX_LISTED, PendingDelete, PlanAction, PlanEntry, SyncRun};

/// Posts of one type, as they were shown.
pub(super) struct Batch {
    /// Which of the checkpoint's types.
    pub type_at: usize,
    pub items: Vec<ExternalItem>,
    pub unreadable: Vec<UnreadableItem>,
}

/// What a page adds up to, beside what is written.
#[derive(Default)]
struct Gathered {
    events: Vec<NewEvent>,
    plan: Vec<PlanEntry>,
    deletes: Vec<PendingDelete>,
    unlinked: u64,
    would_link: u64,
    /// Posts that get no content because the type has as many as it may.
    left_out: u64,
    /// How many more contents of the type may be made; none where there is no limit.
    room: Option<i64>,
}

impl RunExecutor {
    pub(super) async fn apply(
        &self,
        run: &mut SyncRun,
        context: &RunContext,
        batch: Batch,
    ) -> Result<(), Stop> {
        let Batch { type_at, mut items, mut unreadable } = batch;
        // A site that shows a post twice on one page (as pinned and as itself) has it once.
        let mut shown = HashSet::new();
        items.retain(|item| shown.insert(item.external_id.clone()));
        let mut uow = self.storage.begin().await?;
        let mut known = Known::find(uow.as_mut(), &context.integration, &items).await?;
        let is_outdated = items.iter().any(|item| known.is_newer_than(item));
        if is_outdated {
            drop(uow);
            items = self.read_again(context, items, &mut unreadable, &known).await?;
            uow = self.storage.begin().await?;
            known = Known::find(uow.as_mut(), &context.integration, &items).await?;
        }
        let mut gathered = Gathered {
            room: self.room(uow.as_mut(), run, context, batch.type_at).await?,
            ..Gathered::default()
        };
        for item in &items {
            self.apply_item(uow.as_mut(), run, context, &mut known, item, &mut gathered).await?;
        }
        self.apply_unreadable(uow.as_mut(), run, context, &unreadable, &mut gathered).await?;
        if run.options.dry_run {
            // A dry run has just done everything it would do; nothing of that is kept.
            drop(uow);
            uow = self.storage.begin().await?;
        } else {
            if is_outdated {
                let (account, site, now) = (run.account_id, run.site_id, self.clock.now());
                uow.count_webhook(account, site, OUTDATED_LISTING, None, now).await?;
            }
            gathered.events.extend(self.left_out_event(run, context, type_at, gathered.left_out));
            uow.insert_events(&gathered.events).await?;
        }
        for delete in gathered.deletes {
            run.checkpoint.note_delete(delete);
        }
        if let Some(progress) = run.checkpoint.types.get_mut(type_at) {
            progress.unlinked += gathered.unlinked;
            progress.would_link += gathered.would_link;
        }
        add_to_plan(run, gathered.plan);
        run.failures = 0;
        run.error = None;
        self.record(uow, run).await
    }

    /// How many more contents of a type may be made.
    async fn room(
        &self,
        uow: &mut dyn UnitOfWork,
        run: &SyncRun,
        context: &RunContext,
        type_at: usize,
    ) -> Result<Option<i64>, StorageError> {
        let Some(progress) = run.checkpoint.types.get(type_at) else { return Ok(None) };
        let Some(limit) = context.fetch_limit(&progress.name) else { return Ok(None) };
        let links = uow.count_links(context.integration.id, &progress.name).await?;
        let planned = i64::try_from(progress.would_link).unwrap_or(i64::MAX);
        Ok(Some(limit.saturating_sub(links).saturating_sub(planned)))
    }

    /// A cache in front of a site may show a post as it was before what is known here: such a one is read again by
    /// itself, and what comes then is true, even where a site was set back to an older copy.
    async fn read_again(
        &self,
        context: &RunContext,
        items: Vec<ExternalItem>,
        unreadable: &mut Vec<UnreadableItem>,
        known: &Known,
    ) -> Result<Vec<ExternalItem>, Stop> {
        let mut fresh = Vec::with_capacity(items.len());
        for item in items {
            if !known.is_newer_than(&item) {
                fresh.push(item);
                continue;
            }
            match context.session.get(&item.content_type, &item.external_id).await {
                Ok(Lookup::Found(item)) => fresh.push(*item),
                Ok(Lookup::Gone) => {}
                Err(error) if error.is_of_one_item() => unreadable.push(UnreadableItem {
                    external_id: Some(item.external_id),
                    code: error.trouble().code.clone(),
                    reason: error.trouble().message.clone(),
                }),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(fresh)
    }

    /// Why posts of a page are not here.
    fn left_out_event(
        &self,
        run: &SyncRun,
        context: &RunContext,
        type_at: usize,
        left_out: u64,
    ) -> Option<NewEvent> {
        let name = &run.checkpoint.types.get(type_at)?.name;
        let limit = context.fetch_limit(name).filter(|_| left_out > 0)?;
        let mut event = super::run_event(run, Action::Skipped, true, self.clock.now());
        event.event_type = crate::event::EventType::Content;
        event.details = serde_json::json!({ "content_type": name, "fetch_limit": limit, "count": left_out });
        event.error_code = Some("fetch_limit".to_owned());
        event.error_message =
            Some(format!("{left_out} of type {name} are left out: no more than {limit} are fetched"));
        Some(event)
    }

    async fn apply_item(
        &self,
        uow: &mut dyn UnitOfWork,
        run: &mut SyncRun,
        context: &RunContext,
        known: &mut Known,
        item: &ExternalItem,
        gathered: &mut Gathered,
    ) -> Result<(), StorageError> {
        let now = self.clock.now();
        let Some(mut content) = known.take(item) else {
            return self.apply_unknown(uow, run, context, item, gathered).await;
        };
        let before = content.clone();
        if content.link.is_none() {
            let site_identity = context.integration.site_url.identity();
            content.adopt(context.integration.id, &site_identity, item);
            gathered.would_link += u64::from(run.options.dry_run);
        }
        let received = content.receive(item, context.reach(run, true), now);
        if received.delete_deferred {
            gathered.deletes.push(PendingDelete {
                candidate: DeleteCandidate {
                    content_id: content.id,
                    external_id: item.external_id.clone(),
                    title: content.fields.title.clone(),
                },
                status: item.status.clone(),
                modified_at: item.modified_at,
                version: item.version.clone(),
            });
            return Ok(());
        }
        run.progress.done += 1;
        count(run, &received);
        if let Some(event) = self.pulled_event(run, context, &content, &received) {
            gathered.events.push(event);
        }
        if let Some(entry) = plan_entry(&content, item, &received, run.direction) {
            gathered.plan.push(entry);
        }
        if content != before {
            content.updated_at = now;
            uow.update_content(&content).await?;
        }
        Ok(())
    }

    /// A post that nobody here knows becomes a content, unless it is in the trash or its body was not asked for.
    async fn apply_unknown(
        &self,
        uow: &mut dyn UnitOfWork,
        run: &mut SyncRun,
        context: &RunContext,
        item: &ExternalItem,
        gathered: &mut Gathered,
    ) -> Result<(), StorageError> {
        run.progress.done += 1;
        let is_full = gathered.room.is_some_and(|room| room <= 0);
        gathered.left_out += u64::from(is_full && !item.trashed);
        if item.trashed || is_full || run.direction == Direction::Metadata {
            run.progress.unchanged += 1;
            gathered.unlinked += 1;
            return Ok(());
        }
        let (account_id, site_id) = (run.account_id, run.site_id);
        let now = self.clock.now();
        let new = NewContent::from_external(account_id, site_id, context.integration.id, item, now);
        let content = uow.insert_content(&new).await?;
        run.progress.created += 1;
        gathered.room = gathered.room.map(|room| room - 1);
        gathered.would_link += u64::from(run.options.dry_run);
        let by = (run.actor, Some(run.id));
        let mut event = line(&context.integration, &content, Action::Pulled, true, by, now);
        event.details = serde_json::json!({ "created": true });
        gathered.events.push(event);
        gathered.plan.push(PlanEntry {
            content_id: None,
            external_id: Some(item.external_id.clone()),
            action: PlanAction::CreateLocal,
            fields: item.fields.present(),
            reason: "the site has a post that is not here yet".to_owned(),
        });
        Ok(())
    }

    /// A post that cannot be read: what is here of it stays. One that is linked is marked, and asked for by itself when
    /// the items that wait are brought together, which counts it and says why.
    async fn apply_unreadable(
        &self,
        uow: &mut dyn UnitOfWork,
        run: &mut SyncRun,
        context: &RunContext,
        unreadable: &[UnreadableItem],
        gathered: &mut Gathered,
    ) -> Result<(), StorageError> {
        let ids: Vec<String> = unreadable.iter().filter_map(|item| item.external_id.clone()).collect();
        let mut linked = if ids.is_empty() || run.options.dry_run {
            Vec::new()
        } else {
            uow.lock_linked_contents(context.integration.id, &ids).await?
        };
        for item in unreadable {
            let is_its = |content: &Content| {
                content.link.as_ref().map(|link| &link.external_id) == item.external_id.as_ref()
            };
            let Some(at) = linked.iter().position(is_its) else {
                self.note_unreadable(run, context, item, gathered);
                continue;
            };
            let mut content = linked.swap_remove(at);
            let count = content.failure.as_ref().map_or(0, |failure| failure.count);
            let (code, message) = (item.code.clone(), item.reason.clone());
            content.failure = Some(ContentFailure { code, message, count, parked: false });
            content.updated_at = self.clock.now();
            content.settle();
            uow.update_content(&content).await?;
            run.progress.total = run.progress.total.saturating_sub(1);
        }
        Ok(())
    }

    fn note_unreadable(
        &self,
        run: &mut SyncRun,
        context: &RunContext,
        item: &UnreadableItem,
        gathered: &mut Gathered,
    ) {
        run.progress.done += 1;
        run.progress.failed += 1;
        gathered.unlinked += 1;
        let integration = &context.integration;
        let mut event = super::run_event(run, Action::Skipped, false, self.clock.now());
        event.event_type = crate::event::EventType::Content;
        event.integration_id = integration.id;
        event.external_id.clone_from(&item.external_id);
        event.details = serde_json::json!({});
        event.error_code = Some(item.code.clone());
        event.error_message = Some(item.reason.clone());
        gathered.events.push(event);
    }

    fn pulled_event(
        &self,
        run: &SyncRun,
        context: &RunContext,
        content: &Content,
        received: &Received,
    ) -> Option<NewEvent> {
        let action = if received.conflicts.is_empty() {
            if !received.changed_local() && received.confirmed.is_empty() {
                return None;
            }
            if received.push.is_empty() { Action::Pulled } else { Action::Merged }
        } else {
            if received.conflict_known {
                return None;
            }
            Action::Conflict
        };
        let by = (run.actor, Some(run.id));
        let mut event = line(&context.integration, content, action, true, by, self.clock.now());
        event.details = serde_json::json!({
            "pulled": received.pulled, "conflicts": received.conflicts, "restored": received.restored,
        });
        Some(event)
    }
}

fn count(run: &mut SyncRun, received: &Received) {
    let progress = &mut run.progress;
    if !received.conflicts.is_empty() {
        progress.conflicts += 1;
    } else if received.deleted {
        progress.deleted += 1;
    } else if received.changed_local() || !received.confirmed.is_empty() {
        progress.updated += 1;
    } else {
        progress.unchanged += 1;
    }
}

fn plan_entry(
    content: &Content,
    item: &ExternalItem,
    received: &Received,
    direction: Direction,
) -> Option<PlanEntry> {
    let (action, fields, reason) = if !received.conflicts.is_empty() {
        (PlanAction::Conflict, received.conflicts.clone(), "both sides changed")
    } else if received.restored {
        (PlanAction::RestoreLocal, received.pulled.clone(), "the site restored it")
    } else if received.pulled.is_empty() || (direction.pushes() && received.wants_push()) {
        // What is to be pushed as well is planned whole where it is pushed.
        return None;
    } else {
        (PlanAction::Pull, received.pulled.clone(), "the site changed")
    };
    Some(PlanEntry {
        content_id: Some(content.id),
        external_id: Some(item.external_id.clone()),
        action,
        fields,
        reason: reason.to_owned(),
    })
}

/// Adds lines to a dry run's plan, as many as are listed.
pub(super) fn add_to_plan(run: &mut SyncRun, entries: Vec<PlanEntry>) {
    if !run.options.dry_run {
        return;
    }
    run.plan_count += entries.len() as u64;
    let room = MAX_LISTED.saturating_sub(run.plan.len());
    run.plan.extend(entries.into_iter().take(room));
}
