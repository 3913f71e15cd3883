//! One round: take in what the site shows, write down what will be sent, send it, record it.

use chrono::TimeDelta;

use super::{ItemError, ItemOutcome, ItemSync, Story};
use crate::content::{Content, Field, FieldPatch, PushIntent, Received};
use crate::event::Action;
use crate::id::ContentId;
use crate::ports::platform::{ExternalItem, Note, PlatformError, Trouble, Written};
use crate::ports::storage::{StorageError, UnitOfWork};
use crate::sync::{Progress, SyncRun};
use crate::time::Timestamp;

/// What a round came to.
pub(super) enum Settled {
    /// It is done and recorded.
    Done(ItemOutcome),
    /// Something is still to be sent, to the post as it is now.
    Again(Box<ExternalItem>),
    /// The post changed meanwhile: read it again.
    Reread,
}

/// Whether the site's answer says that nothing was written. A connection that could not be made is no such answer: its
/// request may have been sent on a connection that was already there.
pub(super) fn had_no_effect(error: &PlatformError) -> bool {
    match error {
        PlatformError::Unauthorized(_)
        | PlatformError::Forbidden(_)
        | PlatformError::NotFound(_)
        | PlatformError::RateLimited { .. }
        | PlatformError::Conflict(_)
        | PlatformError::Locked(_)
        | PlatformError::Rejected(_) => true,
        PlatformError::Unavailable { .. } | PlatformError::Uncertain(_) | PlatformError::Protocol(_) => false,
    }
}

/// By what a post was last known: a delivery moves it.
type Stamp = Option<(Option<Timestamp>, Option<i64>)>;

fn stamp(content: &Content) -> Stamp {
    content.link.as_ref().map(|link| (link.external_modified_at, link.external_sequence))
}

/// What is sent in one write.
enum Send {
    Fields(Box<FieldPatch>),
    Trash,
}

impl ItemSync<'_> {
    pub(super) async fn settle(
        &mut self,
        id: ContentId,
        item: ExternalItem,
        story: &mut Story,
    ) -> Result<Settled, ItemError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        let Some(mut content) = uow.lock_content(id).await?.filter(|content| self.is_ours(content)) else {
            return Ok(Settled::Reread);
        };
        self.confirm(uow.as_mut()).await?;
        if content.link.is_none() {
            content.adopt(self.integration.id, &self.integration.site_url.identity(), &item);
        }
        let received = content.receive(&item, self.reach, now);
        let Some(send) = self.to_send(&content, &received) else {
            return self.finish(uow, content, &received, story, now).await;
        };
        story.absorb(&received);
        let fields = match &send {
            Send::Fields(fields) => (**fields).clone(),
            Send::Trash => FieldPatch::default(),
        };
        let seen = stamp(&content);
        content.intent = Some(PushIntent { fields: fields.clone(), sent_at: now });
        content.updated_at = now;
        save(uow.as_mut(), &content).await?;
        self.hold(uow.as_mut()).await?;
        uow.commit().await?;

        match self.send(&content.content_type, &item, send).await {
            Ok(written) => self.record_sent(id, &fields, written, seen, story).await,
            Err(PlatformError::Conflict(_)) => {
                self.forget_intent(id).await?;
                Ok(Settled::Reread)
            }
            Err(error) => {
                if had_no_effect(&error) {
                    self.forget_intent(id).await?;
                }
                Err(error.into())
            }
        }
    }

    /// The site refused the write, so what it has now is not ours: an intent that stayed would take it for that.
    pub(super) async fn forget_intent(&self, id: ContentId) -> Result<(), ItemError> {
        let mut uow = self.storage.begin().await?;
        if let Some(mut content) = uow.lock_content(id).await? {
            self.confirm(uow.as_mut()).await?;
            content.intent = None;
            save(uow.as_mut(), &content).await?;
            uow.commit().await?;
        }
        Ok(())
    }

    /// What is to be sent now, where anything may be.
    fn to_send(&self, content: &Content, received: &Received) -> Option<Send> {
        if !self.push {
            return None;
        }
        if received.trash {
            return Some(Send::Trash);
        }
        let fields: Vec<Field> = received
            .push
            .iter()
            .copied()
            .filter(|field| !self.reach.metadata_only || field.is_metadata())
            .collect();
        if fields.is_empty() {
            return None;
        }
        let mut patch = FieldPatch::from(&content.fields).only(&fields);
        if patch.status.is_some() {
            // A status and its date are one decision.
            patch.publish_at = Some(content.fields.publish_at);
        }
        Some(Send::Fields(Box::new(patch)))
    }

    async fn send(
        &self,
        content_type: &str,
        item: &ExternalItem,
        send: Send,
    ) -> Result<Written, PlatformError> {
        match send {
            Send::Fields(fields) => {
                self.session.update(content_type, &item.external_id, &fields, &item.version).await
            }
            Send::Trash => self.session.trash(content_type, &item.external_id, &item.version).await,
        }
    }

    async fn record_sent(
        &mut self,
        id: ContentId,
        sent: &FieldPatch,
        written: Written,
        seen: Stamp,
        story: &mut Story,
    ) -> Result<Settled, ItemError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        let Some(mut content) = uow.lock_content(id).await?.filter(|content| content.link.is_some()) else {
            return Ok(Settled::Reread);
        };
        self.confirm(uow.as_mut()).await?;
        let is_told_of = stamp(&content) != seen;
        let slug = content.fields.slug.clone();
        content.record_written(sent, &written);
        story.pushed.extend(sent.present());
        story.trashed |= sent.is_empty();
        story.notes.extend(written.notes.iter().cloned());
        story.note_slug(&slug, &content.fields.slug);
        if !written.pending.is_empty() {
            keep(uow, content, now).await?;
            return Err(ItemError::Platform(PlatformError::Rejected(not_as_meant(&written))));
        }
        if is_told_of {
            // The site told of somebody's change meanwhile, so the answer may be older than what is known.
            keep(uow, content, now).await?;
            return Ok(Settled::Reread);
        }
        let received = content.receive(&written.item, self.reach, now);
        if self.to_send(&content, &received).is_some() {
            story.absorb(&received);
            keep(uow, content, now).await?;
            return Ok(Settled::Again(Box::new(written.item)));
        }
        self.finish(uow, content, &received, story, now).await
    }

    /// Records what it came to: the content, its line of history and the run's count, all in one.
    async fn finish(
        &mut self,
        mut uow: Box<dyn UnitOfWork>,
        mut content: Content,
        received: &Received,
        story: &mut Story,
        now: Timestamp,
    ) -> Result<Settled, ItemError> {
        if received.delete_deferred {
            let outcome = ItemOutcome::Unchanged;
            self.tally(uow.as_mut(), content.id, outcome).await?;
            uow.commit().await?;
            return Ok(Settled::Done(outcome));
        }
        story.absorb(received);
        let outcome = if received.conflicts.is_empty() { story.outcome() } else { ItemOutcome::Conflict };
        content.updated_at = now;
        save(uow.as_mut(), &content).await?;
        self.tell(uow.as_mut(), &content, received, story).await?;
        self.tally(uow.as_mut(), content.id, outcome).await?;
        uow.commit().await?;
        Ok(Settled::Done(outcome))
    }

    /// The line of history, where there is something to tell.
    pub(super) async fn tell(
        &self,
        uow: &mut dyn UnitOfWork,
        content: &Content,
        received: &Received,
        story: &Story,
    ) -> Result<(), StorageError> {
        let Some(action) = story.action(received) else { return Ok(()) };
        let mut event = self.line(content, action, true);
        event.details = story.details(received);
        uow.insert_events(&[event]).await?;
        Ok(())
    }

    /// Counts an item of a run and moves its checkpoint past it.
    pub(super) async fn tally(
        &mut self,
        uow: &mut dyn UnitOfWork,
        id: ContentId,
        outcome: ItemOutcome,
    ) -> Result<(), ItemError> {
        let now = self.clock.now();
        let outcome = self.counted_outcome(id, outcome);
        let Some((run, lease)) = &mut self.run else { return Ok(()) };
        run.progress.add(outcome);
        run.checkpoint.pass(id);
        run.failures = 0;
        run.error = None;
        record(uow, run, *lease, now).await
    }
}

/// What the site said of an update that it did not take as it was meant.
fn not_as_meant(written: &Written) -> Trouble {
    let told =
        written.notes.last().map(|note| Trouble { code: note.code.clone(), message: note.message.clone() });
    told.unwrap_or_else(|| Trouble {
        code: "not_as_meant".to_owned(),
        message: "the site did not take the change as it was meant".to_owned(),
    })
}

/// Records a content whose round goes on.
async fn keep(mut uow: Box<dyn UnitOfWork>, mut content: Content, now: Timestamp) -> Result<(), ItemError> {
    content.updated_at = now;
    save(uow.as_mut(), &content).await?;
    uow.commit().await?;
    Ok(())
}

/// Writes a content. Its row is held, so the only thing in the way can be another content that has its post.
pub(super) async fn save(uow: &mut dyn UnitOfWork, content: &Content) -> Result<i64, ItemError> {
    match uow.update_content(content).await {
        Err(StorageError::Conflict) => Err(ItemError::Platform(PlatformError::Rejected(Trouble {
            code: "post_already_linked".to_owned(),
            message: "the post that carries this content's marker belongs to another content".to_owned(),
        }))),
        saved => Ok(saved?),
    }
}

/// Records a run that goes on, with a fresh lease.
pub(super) async fn record(
    uow: &mut dyn UnitOfWork,
    run: &mut SyncRun,
    lease: TimeDelta,
    now: Timestamp,
) -> Result<(), ItemError> {
    if let Some(held) = &mut run.lease {
        held.until = now + lease;
    }
    match uow.record_run(run).await {
        Ok(cancel) => {
            run.cancel_requested |= cancel;
            Ok(())
        }
        Err(StorageError::Conflict) => Err(ItemError::Lost),
        Err(error) => Err(error.into()),
    }
}

impl Progress {
    fn add(&mut self, outcome: ItemOutcome) {
        self.done += 1;
        match outcome {
            ItemOutcome::Created => self.created += 1,
            ItemOutcome::Updated => self.updated += 1,
            ItemOutcome::Unchanged => self.unchanged += 1,
            ItemOutcome::Conflict => self.conflicts += 1,
            ItemOutcome::Deleted => self.deleted += 1,
            ItemOutcome::Missing => self.failed += 1,
        }
        self.total = self.total.max(self.done);
    }
}

impl Story {
    fn absorb(&mut self, received: &Received) {
        self.pulled.extend(received.pulled.iter().copied());
        self.pushed.extend(received.confirmed.iter().copied());
        self.deleted |= received.deleted;
        self.restored |= received.restored;
    }

    /// Says that another slug is live than the writer's, where nothing has said so yet.
    fn note_slug(&mut self, before: &str, now: &str) {
        let said = self.notes.iter().any(|note| note.code == "slug_changed");
        if !before.is_empty() && before != now && !said {
            self.notes.push(Note {
                code: "slug_changed".to_owned(),
                message: format!("the site uses the slug `{now}`"),
            });
        }
    }

    fn outcome(&self) -> ItemOutcome {
        if self.trashed || self.deleted {
            ItemOutcome::Deleted
        } else if self.created {
            ItemOutcome::Created
        } else if self.restored || !self.pulled.is_empty() || !self.pushed.is_empty() {
            ItemOutcome::Updated
        } else {
            ItemOutcome::Unchanged
        }
    }

    fn action(&self, received: &Received) -> Option<Action> {
        if !received.conflicts.is_empty() {
            return (!received.conflict_known).then_some(Action::Conflict);
        }
        let pushed = self.created || !self.pushed.is_empty();
        let pulled = self.restored || !self.pulled.is_empty();
        match (self.trashed || self.deleted, pulled, pushed) {
            (true, ..) => Some(Action::Trashed),
            (false, true, true) if !self.created => Some(Action::Merged),
            (false, _, true) => Some(Action::Pushed),
            (false, true, false) => Some(Action::Pulled),
            (false, false, false) => None,
        }
    }

    fn details(&self, received: &Received) -> serde_json::Value {
        serde_json::json!({
            "created": self.created,
            "pulled": unique(&self.pulled),
            "pushed": unique(&self.pushed),
            "conflicts": received.conflicts,
            "notes": self.notes,
        })
    }
}

fn unique(fields: &[Field]) -> Vec<Field> {
    let mut fields = fields.to_vec();
    fields.sort_unstable();
    fields.dedup();
    fields
}
