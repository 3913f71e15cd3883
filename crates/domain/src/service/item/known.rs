//! Which content a post belongs to.

use std::collections::HashMap;

use crate::content::{Content, FormerLink};
use crate::id::ContentId;
use crate::integration::Integration;
use crate::ports::platform::ExternalItem;
use crate::ports::storage::{StorageError, UnitOfWork};

/// Contents that posts may belong to.
pub(crate) struct Known {
    linked: HashMap<String, Content>,
    marked: HashMap<ContentId, Content>,
    /// By the post that they were, at whatever address.
    former: HashMap<String, Vec<Content>>,
    site_identity: String,
    /// Whether these posts are those of another address, which this site had before it moved here.
    has_moved: bool,
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
        self.take_former(item)
    }

    /// A site moves as a whole: where one of these posts is proven to be what it was at another address, another one
    /// of the same id and name is, too, although somebody edited it since.
    fn take_former(&mut self, item: &ExternalItem) -> Option<Content> {
        let were = self.former.get_mut(&item.external_id)?;
        let is_here = |former: &FormerLink| former.site_identity == self.site_identity;
        let was_elsewhere = |content: &Content, former: &FormerLink| {
            content.content_type == item.content_type && self.has_moved && former.is_named_like(item)
        };
        let place = were.iter().position(|content| content.former_link.as_ref().is_some_and(is_here));
        let place = place.or_else(|| {
            were.iter().position(|content| {
                content.former_link.as_ref().is_some_and(|former| was_elsewhere(content, former))
            })
        });
        let mut content = were.swap_remove(place?);
        if let Some(former) = &mut content.former_link {
            former.site_identity.clone_from(&self.site_identity);
        }
        Some(content)
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
        let marked: HashMap<ContentId, Content> =
            marked.into_iter().map(|content| (content.id, content)).collect();
        let rest: Vec<String> = unlinked.iter().map(|item| item.external_id.clone()).collect();
        let mut former: HashMap<String, Vec<Content>> = HashMap::new();
        if !rest.is_empty() {
            for content in uow.lock_formerly_linked_contents(integration.site_id, &rest).await? {
                let was = content.former_link.as_ref().map(|former| former.link.external_id.clone());
                if let Some(was) = was.filter(|_| !marked.contains_key(&content.id)) {
                    former.entry(was).or_default().push(content);
                }
            }
        }
        let site_identity = integration.site_url.identity();
        let has_moved = unlinked.iter().any(|item| {
            former.get(&item.external_id).is_some_and(|were| were.iter().any(|was| was_left(was, item)))
        });
        Ok(Self { linked, marked, former, site_identity, has_moved })
    }
}

/// Whether a post is still as it was left at another address.
fn was_left(content: &Content, item: &ExternalItem) -> bool {
    // Of no address, so that the id alone never does.
    content.content_type == item.content_type
        && content.former_link.as_ref().is_some_and(|former| former.is_proven_by("", item))
}
