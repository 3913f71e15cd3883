//! Integrations.

use async_trait::async_trait;

use super::{Page, PageRequest, StorageError};
use crate::id::{AccountId, IntegrationId, SiteId};
use crate::integration::{Integration, NewIntegration, PlatformName, SealedCredentials, SyncStatus};
use crate::time::Timestamp;

/// Which integrations a list holds. Everything that is set narrows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IntegrationFilter {
    /// Only this account's.
    pub account_id: Option<AccountId>,
    /// Only these sites', because the caller reaches no others.
    pub reachable_sites: Option<Vec<SiteId>>,
    /// Only this site's.
    pub site_id: Option<SiteId>,
    /// Only of this kind.
    pub platform: Option<PlatformName>,
    /// Only those switched on or off.
    pub is_active: Option<bool>,
    /// Only those whose syncing stands there.
    pub sync_status: Option<SyncStatus>,
    /// Only those whose site's name or address holds this text, literally, whatever the letter case.
    pub search: Option<String>,
    /// In which order.
    pub order: IntegrationOrder,
    /// The other way round.
    pub descending: bool,
}

/// What a list is ordered by; ties break by id, in the same sense. Never synced comes first in ascending order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntegrationOrder {
    /// Id.
    #[default]
    Id,
    /// When it was made.
    CreatedAt,
    /// When it synced last.
    LastSyncAt,
}

/// Integrations.
#[async_trait]
pub trait IntegrationRepository {
    /// Makes one, without credentials yet: sealing needs its id. [`StorageError::Conflict`] where the site has one for
    /// the platform.
    async fn insert_integration(&mut self, integration: &NewIntegration)
    -> Result<Integration, StorageError>;
    /// One.
    async fn find_integration(&mut self, id: IntegrationId) -> Result<Option<Integration>, StorageError>;
    /// One, held until the unit ends.
    async fn lock_integration(&mut self, id: IntegrationId) -> Result<Option<Integration>, StorageError>;
    /// The site's one for a platform.
    async fn find_integration_of_site(
        &mut self,
        site: SiteId,
        platform: PlatformName,
    ) -> Result<Option<Integration>, StorageError>;
    /// A page.
    async fn list_integrations(
        &mut self,
        filter: &IntegrationFilter,
        page: PageRequest,
    ) -> Result<Page<Integration>, StorageError>;
    /// Writes the row (all but id, owner, site, platform and times of making) and gives its new version.
    /// [`StorageError::Conflict`] where the stored version is not `integration.version`.
    async fn update_integration(&mut self, integration: &Integration) -> Result<i64, StorageError>;
    /// Turns the links of its contents into former ones of the address that `integration` has. Their version moves; a
    /// conflict, failure, intent or wanted pull goes with the link, and their state is derived anew. A former link of
    /// the site that it goes `back_to` stays: that post is the one to find again.
    async fn unlink_contents(
        &mut self,
        integration: &Integration,
        back_to: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StorageError>;
    /// Deletes it with its runs and events, after its contents were unlinked.
    async fn delete_integration(
        &mut self,
        integration: &Integration,
        now: Timestamp,
    ) -> Result<(), StorageError>;
    /// Switched on, due at `now`, of a platform in `platforms`, without a queued or running run: the longest due first.
    async fn list_due_integrations(
        &mut self,
        platforms: &[PlatformName],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Integration>, StorageError>;
    /// Those above `after`, by id, for re-encryption.
    async fn list_all_integrations(
        &mut self,
        after: Option<IntegrationId>,
        limit: u32,
    ) -> Result<Vec<Integration>, StorageError>;
    /// Replaces the sealed credentials where they still are `old`; says whether they were. Moves the version.
    async fn reseal_credentials(
        &mut self,
        id: IntegrationId,
        old: &SealedCredentials,
        new: &SealedCredentials,
    ) -> Result<bool, StorageError>;
}
