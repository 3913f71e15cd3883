//! Single posts that deliveries make worth a pull.

use async_trait::async_trait;

use super::StorageError;
use crate::id::{AccountId, IntegrationId, SiteId};
use crate::time::Timestamp;

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

/// Single pulls.
#[async_trait]
pub trait PullRepository {
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
}
