//! Deliveries from sites, and the single posts that they make worth a pull.

use async_trait::async_trait;

use super::StorageError;
use crate::id::{AccountId, ContentId, EventId, IntegrationId, SiteId, SiteKeyId};
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

/// A post that is to be read once more, by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingPull {
    /// Whose.
    pub account_id: AccountId,
    /// Of which site.
    pub site_id: SiteId,
    /// Through which integration; with the post it is unique.
    pub integration_id: IntegrationId,
    /// The post.
    pub external_id: String,
    /// Its type's name.
    pub content_type: String,
    /// Open until this version or a newer one was read.
    pub wanted_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// Not before then.
    pub due_at: Timestamp,
}

/// What waits to be pulled by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitingPulls {
    /// How many posts.
    pub waiting: u64,
    /// How many of them were tried before.
    pub retried: u64,
    /// When the first of those is due.
    pub next_retry_at: Option<Timestamp>,
}

/// Who has as many pulls under way as one may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Busy {
    /// Integrations that wait for one of theirs to end.
    pub integrations: Vec<IntegrationId>,
    /// Accounts that do, with all their integrations.
    pub accounts: Vec<AccountId>,
}

/// Deliveries and single pulls.
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
    /// Asks for a pull of a post; where one is open already, that one wants the later version and is due at once, or as
    /// soon as who holds it lets it go.
    async fn upsert_pull(&mut self, pull: &PendingPull) -> Result<(), StorageError>;
    /// Takes up pulls that are due, the longest due first and none of the `busy`, and holds them until `until`, whatever
    /// is asked meanwhile: two callers never have the same.
    async fn claim_pulls(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        busy: &Busy,
        limit: u32,
    ) -> Result<Vec<PendingPull>, StorageError>;
    /// What waits of an integration.
    async fn waiting_pulls(&mut self, integration: IntegrationId) -> Result<WaitingPulls, StorageError>;
    /// Closes a pull that is held, unless a version later than `read_at` is wanted by now or it was asked for again since
    /// it was claimed: then it is let go, and due. Whether it is closed.
    async fn close_pull(&mut self, claimed: &PendingPull, read_at: Timestamp) -> Result<bool, StorageError>;
    /// Lets a pull that is held go until it is due again.
    async fn postpone_pull(&mut self, pull: &PendingPull) -> Result<(), StorageError>;
    /// Lets nobody take up an integration's pulls before then; those that are held stay with who holds them.
    async fn postpone_pulls(
        &mut self,
        integration: IntegrationId,
        until: Timestamp,
    ) -> Result<(), StorageError>;
    /// Forgets deliveries received before then, at most `limit`; gives how many.
    async fn purge_deliveries(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError>;
}
