//! Integrations.

use std::cmp::Ordering;
use std::sync::Arc;

use async_trait::async_trait;

use super::state::{State, Table, at_most, holds_text, page_of};
use super::unit::MemoryUnit;
use crate::content::{Content, FormerLink};
use crate::id::{IntegrationId, SiteId};
use crate::integration::{
    Integration, NewIntegration, PlatformName, SealedCredentials, SyncMemory, SyncStatus,
};
use crate::ports::storage::{
    IntegrationFilter, IntegrationOrder, IntegrationRepository, Page, PageRequest, StorageError,
};
use crate::time::Timestamp;

fn passes(filter: &IntegrationFilter, integration: &Integration) -> bool {
    filter.account_id.is_none_or(|id| integration.account_id == id)
        && filter.reachable_sites.as_ref().is_none_or(|sites| sites.contains(&integration.site_id))
        && filter.site_id.is_none_or(|id| integration.site_id == id)
        && filter.platform.is_none_or(|platform| integration.platform == platform)
        && filter.is_active.is_none_or(|is_active| integration.is_active == is_active)
        && filter.sync_status.is_none_or(|status| integration.sync_status == status)
        && filter.search.as_ref().is_none_or(|search| {
            holds_text(&integration.site_name, search) || holds_text(integration.site_url.as_str(), search)
        })
}

/// Ascending; an option that is none comes first.
fn compare(order: IntegrationOrder, a: &Integration, b: &Integration) -> Ordering {
    let by_order = match order {
        IntegrationOrder::Id => Ordering::Equal,
        IntegrationOrder::CreatedAt => a.created_at.cmp(&b.created_at),
        IntegrationOrder::LastSyncAt => a.last_sync_at.cmp(&b.last_sync_at),
    };
    by_order.then(a.id.cmp(&b.id))
}

fn stored(state: &mut State, new: &NewIntegration) -> Result<Integration, StorageError> {
    state.require_site(new.account_id, new.site_id)?;
    let taken = |other: &Arc<Integration>| other.site_id == new.site_id && other.platform == new.platform;
    if state.integrations.values().any(taken) {
        return Err(StorageError::Conflict);
    }
    Ok(Integration {
        id: state.next_id(Table::Integrations)?,
        account_id: new.account_id,
        site_id: new.site_id,
        site_name: state.sites.get(&new.site_id).map(|site| site.name.clone()).unwrap_or_default(),
        platform: new.platform,
        site_url: new.site_url.clone(),
        structure: None,
        credentials: SealedCredentials(Vec::new()),
        is_active: new.is_active,
        sync_enabled: new.sync_enabled,
        conflict_policy: new.conflict_policy,
        sync_status: SyncStatus::Never,
        run_status: SyncStatus::Never,
        sync_error: None,
        last_sync_at: None,
        next_sync_at: new.next_sync_at,
        memory: SyncMemory::default(),
        platform_state: new.platform_state.clone(),
        version: 1,
        created_at: new.created_at,
        updated_at: new.created_at,
    })
}

/// Turns a content's link into a former one.
fn unlink(content: &mut Content, site_identity: &str, back_to: Option<&str>, now: Timestamp) {
    let link = content.link.take();
    let stays = content.former_link.as_ref().is_some_and(|former| Some(&*former.site_identity) == back_to);
    if !stays {
        content.former_link = link.map(|link| FormerLink { site_identity: site_identity.to_owned(), link });
    }
    content.conflict = None;
    content.failure = None;
    content.intent = None;
    content.pull_wanted = false;
    content.settle();
    content.version += 1;
    content.updated_at = now;
}

fn is_linked_by(content: &Content, integration: IntegrationId) -> bool {
    content.link.as_ref().is_some_and(|link| link.integration_id == integration)
}

/// Since when it is due, where it is.
fn due_since(
    state: &State,
    integration: &Integration,
    platforms: &[PlatformName],
    now: Timestamp,
) -> Option<Timestamp> {
    let runs_already =
        state.runs.values().any(|run| run.integration_id == integration.id && !run.status.is_final());
    let may_run = integration.is_active
        && integration.sync_enabled
        && platforms.contains(&integration.platform)
        && !runs_already;
    integration.next_sync_at.filter(|at| may_run && *at <= now)
}

#[async_trait]
impl IntegrationRepository for MemoryUnit {
    async fn insert_integration(
        &mut self,
        integration: &NewIntegration,
    ) -> Result<Integration, StorageError> {
        self.write(|state| {
            let integration = stored(state, integration)?;
            state.integrations.insert(integration.id, Arc::new(integration.clone()));
            Ok(integration)
        })
    }

    async fn find_integration(&mut self, id: IntegrationId) -> Result<Option<Integration>, StorageError> {
        Ok(self.state()?.integrations.get(&id).map(|row| Integration::clone(row)))
    }

    async fn lock_integration(&mut self, id: IntegrationId) -> Result<Option<Integration>, StorageError> {
        Ok(self.locked()?.integrations.get(&id).map(|row| Integration::clone(row)))
    }

    async fn find_integration_of_site(
        &mut self,
        site: SiteId,
        platform: PlatformName,
    ) -> Result<Option<Integration>, StorageError> {
        let is_it = |row: &&Arc<Integration>| row.site_id == site && row.platform == platform;
        Ok(self.state()?.integrations.values().find(is_it).map(|row| Integration::clone(row)))
    }

    async fn list_integrations(
        &mut self,
        filter: &IntegrationFilter,
        page: PageRequest,
    ) -> Result<Page<Integration>, StorageError> {
        let mut rows: Vec<_> =
            self.state()?.integrations.values().filter(|row| passes(filter, row)).cloned().collect();
        rows.sort_by(|a, b| compare(filter.order, a, b));
        if filter.descending {
            rows.reverse();
        }
        let page = page_of(rows, page);
        let items = page.items.iter().map(|row| Integration::clone(row)).collect();
        Ok(Page { items, count: page.count })
    }

    async fn update_integration(&mut self, integration: &Integration) -> Result<i64, StorageError> {
        self.write(|state| {
            let row = state.integrations.get_mut(&integration.id).ok_or(StorageError::Conflict)?;
            if row.version != integration.version {
                return Err(StorageError::Conflict);
            }
            let version = row.version + 1;
            *row = Arc::new(Integration {
                account_id: row.account_id,
                site_id: row.site_id,
                site_name: row.site_name.clone(),
                platform: row.platform,
                created_at: row.created_at,
                version,
                ..integration.clone()
            });
            Ok(version)
        })
    }

    async fn unlink_contents(
        &mut self,
        integration: &Integration,
        back_to: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.write(|state| {
            let (id, identity) = (integration.id, integration.site_url.identity());
            for content in state.contents.values_mut().filter(|content| is_linked_by(content, id)) {
                unlink(Arc::make_mut(content), &identity, back_to, now);
            }
            Ok(())
        })
    }

    async fn delete_integration(
        &mut self,
        integration: &Integration,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.unlink_contents(integration, None, now).await?;
        self.write(|state| {
            let id = integration.id;
            state.runs.retain(|_, run| run.integration_id != id);
            state.events.retain(|_, event| event.entry.integration_id != id);
            state.integrations.remove(&id);
            Ok(())
        })
    }

    async fn list_due_integrations(
        &mut self,
        platforms: &[PlatformName],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Integration>, StorageError> {
        let state = self.state()?;
        let mut due: Vec<_> = state
            .integrations
            .values()
            .filter_map(|row| Some((due_since(state, row, platforms, now)?, row)))
            .collect();
        due.sort_by_key(|(since, row)| (*since, row.id));
        Ok(at_most(due.into_iter().map(|(_, row)| Integration::clone(row)), limit))
    }

    async fn list_all_integrations(
        &mut self,
        after: Option<IntegrationId>,
        limit: u32,
    ) -> Result<Vec<Integration>, StorageError> {
        let above = self.state()?.integrations.values().filter(|row| Some(row.id) > after);
        Ok(at_most(above.map(|row| Integration::clone(row)), limit))
    }

    async fn reseal_credentials(
        &mut self,
        id: IntegrationId,
        old: &SealedCredentials,
        new: &SealedCredentials,
    ) -> Result<bool, StorageError> {
        self.write(|state| {
            let row = state.integrations.get_mut(&id).filter(|row| row.credentials == *old);
            let Some(row) = row else { return Ok(false) };
            let row = Arc::make_mut(row);
            row.credentials = new.clone();
            row.version += 1;
            Ok(true)
        })
    }
}
