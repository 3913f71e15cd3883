//! What bringing a content together would do: everything but the writing, here and there.

use super::{ItemError, ItemSync};
use crate::content::{Content, Field, FieldPatch, Removed};
use crate::id::ContentId;
use crate::ports::platform::{ExternalItem, Lookup};
use crate::sync::{PlanAction, PlanEntry};

impl ItemSync<'_> {
    /// The plan's line for a content; none where nothing would change.
    pub async fn plan(&self, id: ContentId) -> Result<Option<PlanEntry>, ItemError> {
        let mut uow = self.storage.read().await?;
        let found = uow.find_content(id).await?.filter(|content| self.is_ours(content));
        drop(uow);
        let Some(mut content) = found else { return Ok(None) };
        let item = match self.look(&mut content).await? {
            Look::Found(item) => item,
            Look::Nothing => return Ok(None),
            Look::Create => return Ok(Some(Self::plan_create(&content))),
            Look::Gone => return Ok(self.plan_gone(&mut content)),
        };
        if content.link.is_none() {
            content.adopt(self.integration.id, &self.integration.site_url.identity(), &item);
        }
        let in_trash = item.trashed;
        let received = content.receive(&item, self.reach, self.clock.now());
        let fields = |list: &[Field]| list.to_vec();
        let (action, fields, reason) = if !received.conflicts.is_empty() {
            (PlanAction::Conflict, fields(&received.conflicts), "both sides changed")
        } else if received.trash && self.push {
            (PlanAction::Trash, Vec::new(), "it was deleted here")
        } else if received.deleted {
            (PlanAction::DeleteLocal, Vec::new(), "the site has it in the trash")
        } else if received.wants_push() && self.push && in_trash {
            (PlanAction::Restore, fields(&received.push), "it was taken back here")
        } else if received.wants_push() && self.push && !received.pulled.is_empty() {
            let all = [received.pulled.clone(), received.push.clone()].concat();
            (PlanAction::Merge, all, "both sides changed, in different fields")
        } else if received.wants_push() && self.push {
            (PlanAction::Push, fields(&received.push), "it changed here")
        } else if received.changed_local() {
            (PlanAction::Pull, fields(&received.pulled), "the site changed")
        } else {
            return Ok(None);
        };
        Ok(Some(Self::entry(&content, action, fields, reason)))
    }

    async fn look(&self, content: &mut Content) -> Result<Look, ItemError> {
        let post = content.link.as_ref().map(|link| link.external_id.clone());
        if let Some(post) = post {
            return Ok(match self.session.get(&content.content_type, &post).await? {
                Lookup::Found(item) => Look::Found(item),
                Lookup::Gone => Look::Gone,
            });
        }
        if !self.push || self.reach.metadata_only || !content.wants_a_post() {
            return Ok(Look::Nothing);
        }
        if let Some(item) = self.find_former(content).await? {
            return Ok(Look::Found(Box::new(item)));
        }
        let marked = self.session.find_by_marker(&content.content_type, content.id).await?;
        Ok(marked.map_or(Look::Create, |item| Look::Found(Box::new(item))))
    }

    fn plan_create(content: &Content) -> PlanEntry {
        let fields = FieldPatch::from(&content.fields).present();
        Self::entry(content, PlanAction::CreateExternal, fields, "it has no post yet")
    }

    fn plan_gone(&self, content: &mut Content) -> Option<PlanEntry> {
        let removed = Removed::gone(content.link.as_ref()?);
        let received = content.receive_removed(&removed, self.reach, self.clock.now());
        if received.conflicts.is_empty() {
            return Some(Self::entry(content, PlanAction::Skip, Vec::new(), "the site has no such post"));
        }
        let reason = "the post is gone and it changed here";
        Some(Self::entry(content, PlanAction::Conflict, received.conflicts, reason))
    }

    fn entry(content: &Content, action: PlanAction, fields: Vec<Field>, reason: &str) -> PlanEntry {
        PlanEntry {
            content_id: Some(content.id),
            external_id: content.link.as_ref().map(|link| link.external_id.clone()),
            action,
            fields,
            reason: reason.to_owned(),
        }
    }
}

enum Look {
    Found(Box<ExternalItem>),
    Create,
    Gone,
    Nothing,
}
