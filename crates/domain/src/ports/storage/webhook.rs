//! Deliveries from sites.

use async_trait::async_trait;

use super::StorageError;
use crate::id::{AccountId, ContentId, EventId, SiteId, SiteKeyId};
use crate::time::Timestamp;

/// A delivery that was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDelivery {
    /// Whose.
    pub account_id: AccountId,
    /// Of which site.
    pub site_id: SiteId,
    /// What makes it the same delivery when it comes again: its id, or a hash of its body.
    pub key: String,
    /// The line of history that it left.
    pub event_id: Option<EventId>,
    /// The content that it was about.
    pub content_id: Option<ContentId>,
    /// When it came.
    pub received_at: Timestamp,
}

/// Numbers about a site's deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookCounter {
    /// `status`, `metadata`, `duplicate`, `rejected`, `site_copy` or `outdated_listing` (what a run learned).
    pub kind: String,
    /// How many.
    pub count: i64,
    /// When the last one came.
    pub last_at: Timestamp,
    /// What was remarkable about the last one: why it was rejected, how far the site's clock is off.
    pub note: Option<String>,
}

/// Deliveries.
#[async_trait]
pub trait WebhookRepository {
    /// A delivery of the site with that key, received after `since`.
    async fn find_delivery(
        &mut self,
        site: SiteId,
        key: &str,
        since: Timestamp,
    ) -> Result<Option<StoredDelivery>, StorageError>;
    /// Keeps a delivery; one of the same key that is older than a week gives way. [`StorageError::Conflict`] where the
    /// same one was taken in at the same time.
    async fn insert_delivery(&mut self, delivery: &StoredDelivery) -> Result<(), StorageError>;
    /// Adds one to a site's number.
    async fn count_webhook(
        &mut self,
        account: AccountId,
        site: SiteId,
        kind: &str,
        note: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StorageError>;
    /// A site's numbers.
    async fn list_webhook_counters(&mut self, site: SiteId) -> Result<Vec<WebhookCounter>, StorageError>;
    /// Keeps the highest sequence that a site has told; gives the one before.
    async fn raise_sequence(
        &mut self,
        account: AccountId,
        site: SiteId,
        sequence: i64,
    ) -> Result<Option<i64>, StorageError>;
    /// The plugin that holds this key has said that it signs. Only the first time counts.
    async fn require_signatures(&mut self, key: SiteKeyId, now: Timestamp) -> Result<(), StorageError>;
    /// An onboarding with this key was completed.
    async fn record_onboarded(&mut self, key: SiteKeyId, now: Timestamp) -> Result<(), StorageError>;
    /// Whether deliveries with this key must be signed: once any key's plugin of the site has said that it signs, every
    /// one, but one that was made, and onboarded with, after that.
    async fn must_sign(&mut self, key: SiteKeyId) -> Result<bool, StorageError>;
    /// Forgets deliveries received before then, at most `limit`; gives how many.
    async fn purge_deliveries(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError>;
}
