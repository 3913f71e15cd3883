//! Making a post: a hidden draft that carries the marker. What makes it public follows as an ordinary update.

use super::locate::Located;
use super::settle::{had_no_effect, record, save};
use super::{ItemError, ItemOutcome, ItemSync, Story};
use crate::content::{Base, Content, FieldPatch, Link, PushIntent};
use crate::id::ContentId;
use crate::ports::platform::Written;

impl ItemSync<'_> {
    pub(super) async fn create(&mut self, id: ContentId, story: &mut Story) -> Result<Located, ItemError> {
        let Some(content) = self.intend_to_create(id).await? else { return Ok(Located::Again) };
        let fields = FieldPatch::from(&content.fields);
        let written = match self.session.create(&content.content_type, id, &fields).await {
            Ok(written) => written,
            Err(error) => {
                if had_no_effect(&error) {
                    self.forget_intent(id).await?;
                }
                return Err(error.into());
            }
        };
        self.record_created(id, &fields, &written, story).await
    }

    /// Writes down what is about to be sent.
    async fn intend_to_create(&mut self, id: ContentId) -> Result<Option<Content>, ItemError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        self.hold(uow.as_mut()).await?;
        let found = uow.lock_content(id).await?;
        let Some(mut content) = found.filter(|content| content.link.is_none() && content.wants_a_post())
        else {
            return Ok(None);
        };
        content.intent = Some(PushIntent { fields: FieldPatch::from(&content.fields), sent_at: now });
        content.version = save(uow.as_mut(), &content).await?;
        uow.commit().await?;
        Ok(Some(content))
    }

    async fn record_created(
        &mut self,
        id: ContentId,
        sent: &FieldPatch,
        written: &Written,
        story: &mut Story,
    ) -> Result<Located, ItemError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        // The site may have told of its new post already: then the link is there, and is this one.
        let ours = |link: &Link| link.external_id == written.item.external_id;
        let found = uow.lock_content(id).await?;
        let Some(mut content) = found.filter(|content| content.link.as_ref().is_none_or(ours)) else {
            return Ok(Located::Again);
        };
        self.confirm(uow.as_mut()).await?;
        if content.link.is_none() {
            content.link = Some(Link::to(self.integration.id, &written.item, Base::default()));
        }
        content.record_written(sent, written);
        content.updated_at = now;
        save(uow.as_mut(), &content).await?;
        if let Some((run, lease)) = &mut self.run {
            run.checkpoint.counted = Some(id);
            record(uow.as_mut(), run, *lease, now).await?;
        }
        uow.commit().await?;
        story.created = true;
        story.notes.extend(written.notes.iter().cloned());
        Ok(Located::Found(Box::new(written.item.clone())))
    }

    /// What counts for the run: making a post counts as that even where its push went on after a crash.
    pub(super) fn counted_outcome(&self, id: ContentId, outcome: ItemOutcome) -> ItemOutcome {
        let was_created = self.run.as_ref().is_some_and(|(run, _)| run.checkpoint.counted == Some(id));
        match outcome {
            ItemOutcome::Unchanged | ItemOutcome::Updated if was_created => ItemOutcome::Created,
            other => other,
        }
    }
}
