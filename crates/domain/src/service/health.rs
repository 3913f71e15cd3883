//! What a support person needs on one page: how well a connection is, why, and what happened last.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use crate::account::{Caller, Need, Role};
use crate::event::{Action, SyncEvent};
use crate::health::{Facts, Health, LastTest, WebhookFacts, judge};
use crate::id::IntegrationId;
use crate::integration::{Credentials, Integration};
use crate::ports::storage::{
    ContentTotals, Cursor, EventFilter, IntegrationFilter, PageRequest, Storage, StorageError, UnitOfWork,
    WebhookCounter,
};
use crate::ports::{Clock, CredentialCipher};
use crate::service::ServiceError;
use crate::service::integration::admit;
use crate::sync::SyncRun;

/// How many lines of history are shown.
const EVENTS_SHOWN: u32 = 20;

/// Says how well connections are.
pub struct SyncHealthService {
    storage: Arc<dyn Storage>,
    cipher: Arc<dyn CredentialCipher>,
    clock: Arc<dyn Clock>,
    schedule: Option<TimeDelta>,
}

/// Everything on one page.
#[derive(Clone, Debug, PartialEq)]
pub struct DebugStatus {
    /// How well, and why not better.
    pub health: Health,
    /// What it was judged by.
    pub facts: Facts,
    /// What the last connection test told: checks, versions, limitations.
    pub test_details: Value,
    /// Numbers about deliveries.
    pub webhooks: Vec<WebhookCounter>,
    /// The run that is queued or running.
    pub current_run: Option<SyncRun>,
    /// The newest that has ended.
    pub last_run: Option<SyncRun>,
    /// The newest lines of history, where they were asked for.
    pub events: Option<Vec<SyncEvent>>,
    /// Contents by type.
    pub totals: BTreeMap<String, ContentTotals>,
    /// What looks wrong in the configuration.
    pub warnings: Vec<String>,
}

impl SyncHealthService {
    /// A new one. `schedule` is how often an integration syncs by itself; none for never.
    pub fn new(
        storage: Arc<dyn Storage>,
        cipher: Arc<dyn CredentialCipher>,
        clock: Arc<dyn Clock>,
        schedule: Option<TimeDelta>,
    ) -> Self {
        Self { storage, cipher, clock, schedule }
    }

    /// The page. For editors.
    pub async fn debug_status(
        &self,
        caller: &Caller,
        id: IntegrationId,
        include_events: bool,
    ) -> Result<DebugStatus, ServiceError> {
        let mut uow = self.storage.read().await?;
        let found = uow.find_integration(id).await?;
        let integration = admit(caller, found, Need::Person(Role::Editor))?;
        let test = newest(uow.as_mut(), id, Some(Action::TestConnection), 1).await?.pop();
        let counters = uow.list_webhook_counters(integration.site_id).await?;
        let facts = self.facts(uow.as_mut(), &integration, test.as_ref(), &counters).await?;
        let events =
            if include_events { Some(newest(uow.as_mut(), id, None, EVENTS_SHOWN).await?) } else { None };
        Ok(DebugStatus {
            health: judge(&facts),
            facts,
            test_details: test.map(|event| event.entry.details).unwrap_or_default(),
            current_run: uow.find_active_run(id).await?,
            last_run: uow.find_last_run(id).await?,
            events,
            totals: uow.content_totals_by_type(integration.site_id).await?,
            warnings: warnings(uow.as_mut(), &integration).await?,
            webhooks: counters,
        })
    }

    async fn facts(
        &self,
        uow: &mut dyn UnitOfWork,
        integration: &Integration,
        test: Option<&SyncEvent>,
        counters: &[WebhookCounter],
    ) -> Result<Facts, StorageError> {
        let copy = counters.iter().find(|counter| counter.kind == "site_copy");
        Ok(Facts {
            now: self.clock.now(),
            is_active: integration.is_active,
            sync_enabled: integration.sync_enabled,
            credentials_readable: Credentials::open(self.cipher.as_ref(), integration).is_ok(),
            sync_status: integration.sync_status,
            sync_error: integration.sync_error.clone(),
            last_sync_at: integration.last_sync_at,
            schedule: self.schedule,
            last_test: test.map(last_test),
            plugin_disconnected: is_disconnected(integration),
            site_copy_at: copy.map(|counter| counter.last_at),
            webhooks: webhook_facts(counters),
            totals: uow.content_totals(integration.site_id).await?,
        })
    }
}

async fn newest(
    uow: &mut dyn UnitOfWork,
    id: IntegrationId,
    action: Option<Action>,
    limit: u32,
) -> Result<Vec<SyncEvent>, StorageError> {
    let filter = EventFilter {
        integration_id: id,
        event_type: None,
        action,
        success: None,
        content_id: None,
        run_id: None,
        since: None,
        until: None,
    };
    Ok(uow.list_events(&filter, Cursor::Newest, limit).await?.items)
}

fn last_test(event: &SyncEvent) -> LastTest {
    let entry = &event.entry;
    LastTest {
        at: entry.created_at,
        code: entry.error_code.clone().unwrap_or_else(|| "ok".to_owned()),
        message: entry.error_message.clone().unwrap_or_default(),
        success: entry.success,
    }
}

/// What the plugin said of itself last.
fn is_disconnected(integration: &Integration) -> bool {
    let plugin = integration.structure.as_ref().and_then(|structure| structure.plugin.as_ref());
    plugin.and_then(|plugin| plugin.get("connection_enabled")).and_then(Value::as_bool) == Some(false)
}

fn webhook_facts(counters: &[WebhookCounter]) -> WebhookFacts {
    let of = |kind: &str| counters.iter().find(|counter| counter.kind == kind);
    let accepted = [of("status"), of("metadata"), of("duplicate")].into_iter().flatten();
    let newest = accepted.clone().max_by_key(|counter| counter.last_at);
    let skew = [of("status"), of("metadata")].into_iter().flatten().max_by_key(|counter| counter.last_at);
    WebhookFacts {
        last_accepted_at: newest.map(|counter| counter.last_at),
        last_rejected_at: of("rejected").map(|counter| counter.last_at),
        rejection: of("rejected").and_then(|counter| counter.note.clone()),
        clock_skew: skew
            .and_then(|counter| counter.note.as_ref()?.parse().ok())
            .and_then(TimeDelta::try_seconds),
    }
}

/// Two integrations of an account that share an address push and pull the same posts.
async fn warnings(uow: &mut dyn UnitOfWork, integration: &Integration) -> Result<Vec<String>, StorageError> {
    let filter = IntegrationFilter {
        account_id: Some(integration.account_id),
        search: Some(integration.site_url.host_identity()),
        ..IntegrationFilter::default()
    };
    let page = PageRequest { page: 1, page_size: 100 };
    let alike = uow.list_integrations(&filter, page).await?.items;
    let shared = alike.iter().filter(|other| {
        other.id != integration.id && other.site_url.identity() == integration.site_url.identity()
    });
    Ok(shared.map(|other| format!("integration {} uses the same address", other.id)).collect())
}
