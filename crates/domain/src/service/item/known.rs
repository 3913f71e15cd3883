//! Which content a post belongs to.

use std::collections::HashMap;

use crate::content::Content;
use crate::id::ContentId;
use crate::integration::Integration;
use crate::ports::platform::ExternalItem;
use crate::ports::storage::{StorageError, UnitOfWork};

/// Contents that posts may belong to.
pub(crate) struct Known {
    linked: HashMap<String, Content>,
    marked: HashMap<ContentId, Content>,
    former: HashMap<String, Content>,
}

impl Known {
    /// The content that a post belongs to: by its link, by its marker, or as what it was before.
    pub fn take(&mut self, item: &ExternalItem) -> Option<Content> {
        if let Some(content) = self.linked.remove(&item.external_id) {
            return Some(content);
        }
        // A marker is copied along when somebody duplicates a post: only a content without a post follows it.
        let marked = item.marker.and_then(|id| self.marked.remove(&id));
        if let Some(content) =
            marked.filter(|content| content.link.is_none() && content.content_type == item.content_type)
        {
            return Some(content);
        }
        self.former.remove(&item.external_id)
    }

    /// Whether what is known of a post is newer than what is shown of it.
    pub fn is_newer_than(&self, item: &ExternalItem) -> bool {
        let link = self.linked.get(&item.external_id).and_then(|content| content.link.as_ref());
        let known = link.and_then(|link| link.external_modified_at);
        matches!((item.modified_at, known), (Some(shown), Some(known)) if shown < known)
    }

    /// The contents that these posts may belong to, held until the unit ends.
    pub async fn find(
        uow: &mut dyn UnitOfWork,
        integration: &Integration,
        items: &[ExternalItem],
    ) -> Result<Self, StorageError> {
        let ids: Vec<String> = items.iter().map(|item| item.external_id.clone()).collect();
        let linked = uow.lock_linked_contents(integration.id, &ids).await?;
        let linked: HashMap<String, Content> = linked
            .into_iter()
            .filter_map(|content| {
                let id = content.link.as_ref()?.external_id.clone();
                Some((id, content))
            })
            .collect();
        let unlinked: Vec<&ExternalItem> =
            items.iter().filter(|item| !linked.contains_key(&item.external_id)).collect();
        let markers: Vec<ContentId> = unlinked.iter().filter_map(|item| item.marker).collect();
        let marked = if markers.is_empty() {
            Vec::new()
        } else {
            uow.lock_contents(integration.site_id, &markers).await?
        };
        let rest: Vec<String> = unlinked.iter().map(|item| item.external_id.clone()).collect();
        let former = if rest.is_empty() {
            Vec::new()
        } else {
            let identity = integration.site_url.identity();
            uow.lock_formerly_linked_contents(integration.site_id, &identity, &rest).await?
        };
        let marked: HashMap<ContentId, Content> =
            marked.into_iter().map(|content| (content.id, content)).collect();
        let former = former
            .into_iter()
            .filter(|content| !marked.contains_key(&content.id))
            .filter_map(|content| {
                let id = content.former_link.as_ref()?.link.external_id.clone();
                Some((id, content))
            })
            .collect();
        Ok(Self { linked, marked, former })
    }
}
