//! Contents.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use super::state::{State, Table, at_most, holds_text, page_of};
use super::unit::MemoryUnit;
use crate::content::{Content, Link, NewContent, SyncState};
use crate::id::{ContentId, IntegrationId, SiteId};
use crate::ports::storage::{
    ContentFilter, ContentRepository, ContentTotals, LinkStamp, Page, PageRequest, PendingQuery, StorageError,
};

fn passes(filter: &ContentFilter, content: &Content) -> bool {
    let external_id = content.link.as_ref().map(|link| &link.external_id);
    filter.account_id.is_none_or(|id| content.account_id == id)
        && filter.reachable_sites.as_ref().is_none_or(|sites| sites.contains(&content.site_id))
        && filter.site_id.is_none_or(|id| content.site_id == id)
        && filter.status.is_none_or(|status| content.fields.status == status)
        && filter.content_type.as_ref().is_none_or(|name| content.content_type == *name)
        && filter.sync_state.is_none_or(|state| content.sync_state == state)
        && filter.external_id.as_ref().is_none_or(|id| external_id == Some(id))
        && content.deleted_at.is_some() == filter.deleted
        && filter.search.as_ref().is_none_or(|search| {
            holds_text(&content.fields.title, search) || holds_text(&content.fields.slug, search)
        })
}

fn is_pending(query: &PendingQuery, content: &Content) -> bool {
    content.site_id == query.site_id
        && query.states.contains(&content.sync_state)
        && (query.parked || !content.failure.as_ref().is_some_and(|failure| failure.parked))
        && query.content_types.as_ref().is_none_or(|names| names.contains(&content.content_type))
        && Some(content.id) > query.after
}

/// Refuses a link to an integration that is not there, or to a post that is another content's.
fn check_link(state: &State, link: Option<&Link>, own: Option<ContentId>) -> Result<(), StorageError> {
    let Some(link) = link else { return Ok(()) };
    state.require_integration(link.integration_id)?;
    let taken = state.contents.values().any(|other| {
        Some(other.id) != own
            && other.link.as_ref().is_some_and(|theirs| {
                theirs.integration_id == link.integration_id && theirs.external_id == link.external_id
            })
    });
    if taken { Err(StorageError::Conflict) } else { Ok(()) }
}

fn stored(id: ContentId, new: &NewContent) -> Content {
    Content {
        id,
        account_id: new.account_id,
        site_id: new.site_id,
        content_type: new.content_type.clone(),
        fields: new.fields.clone(),
        deleted_at: new.deleted_at,
        link: new.link.clone(),
        former_link: None,
        intent: None,
        conflict: None,
        failure: None,
        pull_wanted: false,
        sync_state: new.sync_state(),
        version: 1,
        created_at: new.created_at,
        updated_at: new.created_at,
    }
}

/// The link, where it is one of the integration's that is not gone and the content is of that type.
fn live_link<'a>(content: &'a Content, integration: IntegrationId, content_type: &str) -> Option<&'a Link> {
    content
        .link
        .as_ref()
        .filter(|link| link.integration_id == integration && !link.is_gone())
        .filter(|_| content.content_type == content_type)
}

fn count_in(totals: &mut ContentTotals, content: &Content) {
    let settled = matches!(content.sync_state, SyncState::InSync | SyncState::Unlinked);
    if content.deleted_at.is_some() && settled {
        return;
    }
    totals.contents += 1;
    match content.sync_state {
        SyncState::InSync => totals.in_sync += 1,
        SyncState::PendingPush => totals.pending_push += 1,
        SyncState::PendingPull => totals.pending_pull += 1,
        SyncState::Conflict => totals.conflicts += 1,
        SyncState::Failed => totals.failed += 1,
        SyncState::Unlinked => {}
    }
}

impl MemoryUnit {
    fn locked_contents(&mut self, is_it: impl Fn(&Content) -> bool) -> Result<Vec<Content>, StorageError> {
        let all = self.locked()?.contents.values();
        Ok(all.filter(|row| is_it(row)).map(|row| Content::clone(row)).collect())
    }
}

#[async_trait]
impl ContentRepository for MemoryUnit {
    async fn insert_content(&mut self, content: &NewContent) -> Result<Content, StorageError> {
        self.write(|state| {
            state.require_site(content.account_id, content.site_id)?;
            check_link(state, content.link.as_ref(), None)?;
            let content = stored(state.next_id(Table::Contents)?, content);
            state.contents.insert(content.id, Arc::new(content.clone()));
            Ok(content)
        })
    }

    async fn find_content(&mut self, id: ContentId) -> Result<Option<Content>, StorageError> {
        Ok(self.state()?.contents.get(&id).map(|row| Content::clone(row)))
    }

    async fn lock_content(&mut self, id: ContentId) -> Result<Option<Content>, StorageError> {
        Ok(self.locked()?.contents.get(&id).map(|row| Content::clone(row)))
    }

    async fn lock_contents(&mut self, site: SiteId, ids: &[ContentId]) -> Result<Vec<Content>, StorageError> {
        self.locked_contents(|row| row.site_id == site && ids.contains(&row.id))
    }

    async fn lock_linked_contents(
        &mut self,
        integration: IntegrationId,
        external_ids: &[String],
    ) -> Result<Vec<Content>, StorageError> {
        self.locked_contents(|row| {
            row.link.as_ref().is_some_and(|link| {
                link.integration_id == integration && external_ids.contains(&link.external_id)
            })
        })
    }

    async fn lock_formerly_linked_contents(
        &mut self,
        site: SiteId,
        external_ids: &[String],
    ) -> Result<Vec<Content>, StorageError> {
        self.locked_contents(|row| {
            row.site_id == site
                && row.link.is_none()
                && row
                    .former_link
                    .as_ref()
                    .is_some_and(|former| external_ids.contains(&former.link.external_id))
        })
    }

    async fn list_contents(
        &mut self,
        filter: &ContentFilter,
        page: PageRequest,
    ) -> Result<Page<Content>, StorageError> {
        let rows = self.state()?.contents.values().filter(|row| passes(filter, row)).collect();
        let page = page_of(rows, page);
        let items = page.items.into_iter().map(|row| Content::clone(row)).collect();
        Ok(Page { items, count: page.count })
    }

    async fn update_content(&mut self, content: &Content) -> Result<i64, StorageError> {
        self.write(|state| {
            check_link(state, content.link.as_ref(), Some(content.id))?;
            let row = state.contents.get_mut(&content.id).ok_or(StorageError::Conflict)?;
            if row.version != content.version {
                return Err(StorageError::Conflict);
            }
            let version = row.version + 1;
            *row = Arc::new(Content {
                account_id: row.account_id,
                site_id: row.site_id,
                created_at: row.created_at,
                version,
                ..content.clone()
            });
            Ok(version)
        })
    }

    async fn list_pending(&mut self, query: &PendingQuery) -> Result<Vec<ContentId>, StorageError> {
        let pending = self.state()?.contents.values().filter(|row| is_pending(query, row));
        Ok(at_most(pending.map(|row| row.id), query.limit))
    }

    async fn content_totals(&mut self, site: SiteId) -> Result<ContentTotals, StorageError> {
        let mut totals = ContentTotals::default();
        for content in self.state()?.contents.values().filter(|row| row.site_id == site) {
            count_in(&mut totals, content);
        }
        Ok(totals)
    }

    async fn content_totals_by_type(
        &mut self,
        site: SiteId,
    ) -> Result<BTreeMap<String, ContentTotals>, StorageError> {
        let mut totals: BTreeMap<String, ContentTotals> = BTreeMap::new();
        for content in self.state()?.contents.values().filter(|row| row.site_id == site) {
            count_in(totals.entry(content.content_type.clone()).or_default(), content);
        }
        Ok(totals)
    }

    async fn count_links(
        &mut self,
        integration: IntegrationId,
        content_type: &str,
    ) -> Result<i64, StorageError> {
        let contents = self.state()?.contents.values();
        let count = contents.filter(|row| live_link(row, integration, content_type).is_some()).count();
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    async fn list_link_stamps(
        &mut self,
        integration: IntegrationId,
        content_type: &str,
        after: Option<ContentId>,
        limit: u32,
    ) -> Result<Vec<LinkStamp>, StorageError> {
        let above = self.state()?.contents.values().filter(|row| Some(row.id) > after);
        let stamps = above.filter_map(|row| {
            live_link(row, integration, content_type).map(|link| LinkStamp {
                content_id: row.id,
                external_id: link.external_id.clone(),
                external_status: link.external_status.clone(),
                external_modified_at: link.external_modified_at,
                title: row.fields.title.clone(),
            })
        });
        Ok(at_most(stamps, limit))
    }
}
