//! Integrations: who may see and change them, what follows from a change, and where their syncing stands.

mod change;
mod command;
mod event;
mod schedule;
mod view;
mod write;

use std::sync::Arc;

use chrono::TimeDelta;

pub(crate) use change::are_same;
pub use command::{CreateIntegration, PatchIntegration, ReplaceIntegration};
pub(crate) use event::connection_event;
pub use schedule::next_sync_at;
pub(crate) use schedule::plan_next_sync;
pub use view::{IntegrationView, SyncOverview};
pub(crate) use view::{UNREADABLE, unreadable};
pub(crate) use write::policy;

use crate::account::{Caller, Denied, Need, Role};
use crate::id::IntegrationId;
use crate::integration::{Integration, PlatformName};
use crate::ports::storage::{IntegrationFilter, Page, PageRequest, Storage};
use crate::ports::{Clock, CredentialCipher};
use crate::service::ServiceError;

/// What reading and changing an integration asks of its caller.
const EDITOR: Need = Need::Person(Role::Editor);

/// Keeps integrations.
pub struct IntegrationService {
    storage: Arc<dyn Storage>,
    cipher: Arc<dyn CredentialCipher>,
    clock: Arc<dyn Clock>,
    schedule: Option<TimeDelta>,
}

impl IntegrationService {
    /// A new one. `schedule` is how often an integration is synced by itself, none for never.
    pub fn new(
        storage: Arc<dyn Storage>,
        cipher: Arc<dyn CredentialCipher>,
        clock: Arc<dyn Clock>,
        schedule: Option<TimeDelta>,
    ) -> Self {
        Self { storage, cipher, clock, schedule }
    }

    /// Judges a request by its path and caller alone, before its body is read: 404, then 403.
    pub async fn authorize(
        &self,
        caller: &Caller,
        id: IntegrationId,
        need: Need,
    ) -> Result<(), ServiceError> {
        let mut unit = self.storage.read().await?;
        admit(caller, unit.find_integration(id).await?, need)?;
        Ok(())
    }

    /// A page of those that the caller reaches. Whose they are is the caller's to say, whatever `filter` says of it.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: IntegrationFilter,
        page: PageRequest,
    ) -> Result<Page<IntegrationView>, ServiceError> {
        caller.satisfies(EDITOR)?;
        let filter = IntegrationFilter {
            account_id: caller.account_id(),
            reachable_sites: caller.site_filter(),
            ..filter
        };
        let rows = self.storage.read().await?.list_integrations(&filter, page).await?;
        let items = rows.items.into_iter().map(|row| IntegrationView::of(row, &*self.cipher)).collect();
        Ok(Page { items, count: rows.count })
    }

    /// One.
    pub async fn get(&self, caller: &Caller, id: IntegrationId) -> Result<IntegrationView, ServiceError> {
        let mut unit = self.storage.read().await?;
        let integration = admit(caller, unit.find_integration(id).await?, EDITOR)?;
        Ok(IntegrationView::of(integration, &*self.cipher))
    }

    /// Where its syncing stands. For viewers and the site's own plugin too.
    pub async fn sync_status(
        &self,
        caller: &Caller,
        id: IntegrationId,
    ) -> Result<SyncOverview, ServiceError> {
        let mut unit = self.storage.read().await?;
        let need = Need::PersonOrPlugin(Role::Viewer);
        let integration = admit(caller, unit.find_integration(id).await?, need)?;
        Ok(SyncOverview {
            totals: unit.content_totals(integration.site_id).await?,
            current_run: unit.find_active_run(id).await?,
            last_run: unit.find_last_run(id).await?,
            integration: IntegrationView::of(integration, &*self.cipher).integration,
        })
    }
}

/// The integration, where it is there for the caller and the caller may use it so. A plugin reaches no other than the
/// WordPress one of its site.
pub(crate) fn admit(caller: &Caller, found: Option<Integration>, need: Need) -> Result<Integration, Denied> {
    let integration = found.ok_or(Denied::NotFound)?;
    if matches!(caller, Caller::SiteKey { .. }) && integration.platform != PlatformName::Wordpress {
        return Err(Denied::NotFound);
    }
    caller.authorize(integration.account_id, integration.site_id, need)?;
    Ok(integration)
}
