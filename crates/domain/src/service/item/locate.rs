//! Finding a content's post, or making it.

use super::settle::save;
use super::{ItemError, ItemOutcome, ItemSync, Story};
use crate::content::{Content, Removed};
use crate::event::Action;
use crate::id::ContentId;
use crate::ports::platform::{ExternalItem, Lookup, PlatformError};
use crate::ports::storage::UnitOfWork;

/// What looking for the post came to.
pub(super) enum Located {
    /// Here it is, fresh.
    Found(Box<ExternalItem>),
    /// Nothing more to do.
    Done(ItemOutcome),
    /// The content changed meanwhile: look again.
    Again,
}

impl ItemSync<'_> {
    pub(super) async fn locate(&mut self, id: ContentId, story: &mut Story) -> Result<Located, ItemError> {
        let Some(content) = self.peek(id).await? else {
            return self.nothing_to_do(id).await.map(Located::Done);
        };
        if let Some(link) = &content.link {
            return match self.session.get(&content.content_type, &link.external_id).await? {
                Lookup::Found(item) => Ok(Located::Found(item)),
                Lookup::Gone => self.receive_gone(id).await,
            };
        }
        if !self.push || self.reach.metadata_only || !content.wants_a_post() {
            return self.nothing_to_do(id).await.map(Located::Done);
        }
        if let Some(item) = self.find_former(&content).await? {
            return Ok(Located::Found(Box::new(item)));
        }
        if let Some(item) = self.session.find_by_marker(&content.content_type, id).await? {
            story.created |= content.intent.is_some();
            return Ok(Located::Found(Box::new(item)));
        }
        self.create(id, story).await
    }

    /// The content as it is now, where it is this integration's.
    async fn peek(&self, id: ContentId) -> Result<Option<Content>, ItemError> {
        let mut uow = self.storage.read().await?;
        let content = uow.find_content(id).await?;
        Ok(content.filter(|content| self.is_ours(content)))
    }

    pub(super) fn is_ours(&self, content: &Content) -> bool {
        content.site_id == self.integration.site_id
            && content.link.as_ref().is_none_or(|link| link.integration_id == self.integration.id)
    }

    /// The post that the content was before its integration was deleted or moved, where it still is there.
    pub(super) async fn find_former(&self, content: &Content) -> Result<Option<ExternalItem>, ItemError> {
        let Some(former) = &content.former_link else { return Ok(None) };
        let identity = self.integration.site_url.identity();
        match self.session.get(&content.content_type, &former.link.external_id).await {
            Ok(Lookup::Found(item)) => Ok(former.is_proven_by(&identity, &item).then_some(*item)),
            Ok(Lookup::Gone) => Ok(None),
            // What another site keeps from us is not ours.
            Err(PlatformError::Forbidden(_)) if former.site_identity != identity => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn nothing_to_do(&mut self, id: ContentId) -> Result<ItemOutcome, ItemError> {
        let mut uow = self.storage.begin().await?;
        self.tally(uow.as_mut(), id, ItemOutcome::Unchanged).await?;
        uow.commit().await?;
        Ok(ItemOutcome::Unchanged)
    }

    /// The site has no such post. That alone proves no deletion; but what waits here must not be sent, and is not lost.
    async fn receive_gone(&mut self, id: ContentId) -> Result<Located, ItemError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        let Some(mut content) = uow.lock_content(id).await?.filter(|content| self.is_ours(content)) else {
            return Ok(Located::Again);
        };
        self.confirm(uow.as_mut()).await?;
        let Some(link) = &content.link else { return Ok(Located::Again) };
        let proven = link.is_gone();
        let removed = Removed::gone(link);
        let reach = crate::content::Reach { defer_deletes: true, ..self.reach };
        let before = content.clone();
        let received = content.receive_removed(&removed, reach, now);
        // One answer proves nothing: a cache or a language plugin says the same. Only a complete listing does.
        let would_act = received.wants_push() || !received.conflicts.is_empty();
        let may_push = self.push || !received.wants_push();
        if received.delete_deferred || (would_act && !proven) || !may_push {
            return self.missing(uow, before).await.map(Located::Done);
        }
        let again = received.wants_push();
        if again {
            // Policy says that igny8's side wins: a new post takes the place of the one that is gone.
            content.link = None;
            content.deleted_at = None;
            content.settle();
        }
        content.updated_at = now;
        save(uow.as_mut(), &content).await?;
        if again {
            uow.commit().await?;
            return Ok(Located::Again);
        }
        let outcome =
            if received.conflicts.is_empty() { ItemOutcome::Deleted } else { ItemOutcome::Conflict };
        self.tell(uow.as_mut(), &content, &received, &Story::default()).await?;
        self.tally(uow.as_mut(), id, outcome).await?;
        uow.commit().await?;
        Ok(Located::Done(outcome))
    }

    async fn missing(
        &mut self,
        mut uow: Box<dyn UnitOfWork>,
        content: Content,
    ) -> Result<ItemOutcome, ItemError> {
        let mut event = self.line(&content, Action::Skipped, false);
        event.error_code = Some("post_not_found".to_owned());
        event.error_message = Some(
            "the site says that there is no such post; it is marked deleted once a complete listing proves it".to_owned(),
        );
        uow.insert_events(&[event]).await?;
        self.tally(uow.as_mut(), content.id, ItemOutcome::Missing).await?;
        uow.commit().await?;
        Ok(ItemOutcome::Missing)
    }
}
