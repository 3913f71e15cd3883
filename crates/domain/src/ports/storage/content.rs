//! Contents.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{Page, PageRequest, StorageError};
use crate::content::{Content, ContentStatus, NewContent, SyncState};
use crate::id::{AccountId, ContentId, IntegrationId, SiteId};
use crate::time::Timestamp;

/// Which contents a list holds. Everything that is set narrows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContentFilter {
    /// Only this account's.
    pub account_id: Option<AccountId>,
    /// Only these sites', because the caller reaches no others.
    pub reachable_sites: Option<Vec<SiteId>>,
    /// Only this site's.
    pub site_id: Option<SiteId>,
    /// Only of this status.
    pub status: Option<ContentStatus>,
    /// Only of this type.
    pub content_type: Option<String>,
    /// Only in this state.
    pub sync_state: Option<SyncState>,
    /// Only those whose title or slug holds this text, literally, whatever the letter case.
    pub search: Option<String>,
    /// Only the one of this post.
    pub external_id: Option<String>,
    /// Deleted ones instead of the others.
    pub deleted: bool,
}

/// How many contents of a site stand where. Deleted ones count only while something is left to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the states by name")]
pub struct ContentTotals {
    pub contents: i64,
    pub in_sync: i64,
    pub pending_push: i64,
    pub pending_pull: i64,
    pub conflicts: i64,
    pub failed: i64,
}

/// What is known of a post, for comparing ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkStamp {
    /// The content.
    pub content_id: ContentId,
    /// Its post.
    pub external_id: String,
    /// The site's word for its status.
    pub external_status: String,
    /// When the site said that it changed.
    pub external_modified_at: Option<Timestamp>,
    /// Its title here.
    pub title: String,
}

/// Which contents wait to be pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingQuery {
    /// Of which site.
    pub site_id: SiteId,
    /// In one of these states.
    pub states: Vec<SyncState>,
    /// Parked ones too.
    pub parked: bool,
    /// Narrowed to these types.
    pub content_types: Option<Vec<String>>,
    /// Above this id.
    pub after: Option<ContentId>,
    /// At most so many.
    pub limit: u32,
}

/// Contents.
#[async_trait]
pub trait ContentRepository {
    /// Makes one. [`StorageError::Conflict`] where its post belongs to a content already.
    async fn insert_content(&mut self, content: &NewContent) -> Result<Content, StorageError>;
    /// One.
    async fn find_content(&mut self, id: ContentId) -> Result<Option<Content>, StorageError>;
    /// One, held until the unit ends.
    async fn lock_content(&mut self, id: ContentId) -> Result<Option<Content>, StorageError>;
    /// Those of these ids that are the site's, by id, held until the unit ends.
    async fn lock_contents(&mut self, site: SiteId, ids: &[ContentId]) -> Result<Vec<Content>, StorageError>;
    /// Those that are one of these posts, by id, held until the unit ends.
    async fn lock_linked_contents(
        &mut self,
        integration: IntegrationId,
        external_ids: &[String],
    ) -> Result<Vec<Content>, StorageError>;
    /// Those without a link that were one of these posts, at whatever address, by id, held until the unit ends.
    async fn lock_formerly_linked_contents(
        &mut self,
        site: SiteId,
        external_ids: &[String],
    ) -> Result<Vec<Content>, StorageError>;
    /// A page, by id.
    async fn list_contents(
        &mut self,
        filter: &ContentFilter,
        page: PageRequest,
    ) -> Result<Page<Content>, StorageError>;
    /// Writes the row (all but id, owner, site and times of making) and gives its new version.
    /// [`StorageError::Conflict`] where the stored version is not `content.version`, or its post belongs to another
    /// content.
    async fn update_content(&mut self, content: &Content) -> Result<i64, StorageError>;
    /// Ids of what waits to be pushed, ascending.
    async fn list_pending(&mut self, query: &PendingQuery) -> Result<Vec<ContentId>, StorageError>;
    /// How many of the site stand where.
    async fn content_totals(&mut self, site: SiteId) -> Result<ContentTotals, StorageError>;
    /// How many of the site stand where, by type.
    async fn content_totals_by_type(
        &mut self,
        site: SiteId,
    ) -> Result<BTreeMap<String, ContentTotals>, StorageError>;
    /// How many posts of a type are linked and not gone.
    async fn count_links(
        &mut self,
        integration: IntegrationId,
        content_type: &str,
    ) -> Result<i64, StorageError>;
    /// Posts of a type that are linked and not gone, by content id above `after`.
    async fn list_link_stamps(
        &mut self,
        integration: IntegrationId,
        content_type: &str,
        after: Option<ContentId>,
        limit: u32,
    ) -> Result<Vec<LinkStamp>, StorageError>;
}
