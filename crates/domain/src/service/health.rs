//! What a support person needs on one page: how well a connection is, why, and what happened last.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use crate::account::{Caller, Need, Role};
use crate::event::{Action, SyncEvent};
use crate::health::{Facts, Health, LastTest, OUTDATED_LISTING, SiteCopy, WebhookFacts, judge};
use crate::id::IntegrationId;
use crate::integration::{Credentials, Integration};
use crate::ports::storage::{
    ContentTotals, Cursor, EventFilter, IntegrationFilter, PageRequest, Storage, StorageError, UnitOfWork,
    WebhookCounter,
};
use crate::ports::{Clock, CredentialCipher};
use crate::service::ServiceError;
use crate::service::integration::admit;
use crate::sync::RunStatus;
use crate::time::Timestamp;
use crate::webhook::Reason;

/// For how long a cache in front of the site is told of.
const CACHE_TOLD: TimeDelta = TimeDelta::days(7);

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
    /// What the last connection test told: checks, limitations.
    pub test_details: Value,
    /// The site's software, as far as it told.
    pub platform_version: Option<String>,
    /// The plugin there, as far as it told.
    pub plugin_version: Option<String>,
    /// Numbers about deliveries.
    pub webhooks: Vec<WebhookCounter>,
    /// What waits and what is under way.
    pub queue: Queue,
    /// The newest lines of history, where they were asked for.
    pub events: Option<Vec<SyncEvent>>,
    /// Contents by type.
    pub totals: BTreeMap<String, ContentTotals>,
    /// What looks wrong in the configuration.
    pub warnings: Vec<String>,
}

/// Runs and pulls of single posts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// A run that nobody has taken up yet, and posts that are to be pulled by themselves.
    pub waiting: u64,
    /// A run under way.
    pub running: u64,
    /// How many of these failed before and are to be tried again.
    pub retries: u64,
    /// When the first of those is tried again.
    pub next_attempt_at: Option<Timestamp>,
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
        let test = last_test_of(uow.as_mut(), id).await?;
        let counters = uow.list_webhook_counters(integration.site_id).await?;
        let facts = self.facts(uow.as_mut(), &integration, test.as_ref(), &counters).await?;
        let events = if include_events {
            Some(newest(uow.as_mut(), id, None, None, EVENTS_SHOWN).await?)
        } else {
            None
        };
        let details = test.map(|event| event.entry.details).unwrap_or_default();
        let limitations = texts(details.get("limitations"));
        let now = facts.now;
        let told = |name: &str| details.get(name).and_then(Value::as_str).map(str::to_owned);
        let pushed = said_by_plugin(&integration, "version").and_then(Value::as_str).map(str::to_owned);
        Ok(DebugStatus {
            health: judge(&facts),
            facts,
            platform_version: told("platform_version"),
            plugin_version: pushed.or_else(|| told("plugin_version")),
            test_details: details,
            queue: queue(uow.as_mut(), id).await?,
            events,
            totals: uow.content_totals_by_type(integration.site_id).await?,
            warnings: warnings(uow.as_mut(), &integration, &counters, &limitations, now).await?,
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
            plugin_disconnected: said_by_plugin(integration, "connection_enabled")
                == Some(&Value::Bool(false)),
            site_copy: site_copy(integration, counters),
            webhooks: webhook_facts(counters),
            totals: uow.content_totals(integration.site_id).await?,
        })
    }
}

/// The last that tells of the connection. An onboarding that was refused tells of whoever tried it.
async fn last_test_of(
    uow: &mut dyn UnitOfWork,
    id: IntegrationId,
) -> Result<Option<SyncEvent>, StorageError> {
    let test = newest(uow, id, Some(Action::TestConnection), None, 1).await?;
    let onboarding = newest(uow, id, Some(Action::Onboarding), Some(true), 1).await?;
    Ok(test.into_iter().chain(onboarding).max_by_key(|event| event.id))
}

async fn queue(uow: &mut dyn UnitOfWork, id: IntegrationId) -> Result<Queue, StorageError> {
    let (run, pulls) = (uow.find_active_run(id).await?, uow.waiting_pulls(id).await?);
    let is = |status| u64::from(run.as_ref().is_some_and(|run| run.status == status));
    let retried = run.as_ref().filter(|run| run.failures > 0);
    let attempts = [retried.and_then(|run| run.next_attempt_at), pulls.next_retry_at];
    Ok(Queue {
        waiting: is(RunStatus::Queued) + pulls.waiting,
        running: is(RunStatus::Running),
        retries: u64::from(retried.is_some()) + pulls.retried,
        next_attempt_at: attempts.into_iter().flatten().min(),
    })
}

async fn newest(
    uow: &mut dyn UnitOfWork,
    id: IntegrationId,
    action: Option<Action>,
    success: Option<bool>,
    limit: u32,
) -> Result<Vec<SyncEvent>, StorageError> {
    let filter = EventFilter { action, success, ..EventFilter::of(id) };
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
fn said_by_plugin<'i>(integration: &'i Integration, name: &str) -> Option<&'i Value> {
    integration.structure.as_ref()?.plugin.as_ref()?.get(name)
}

/// The copy that was heard of last; none where the integration has moved to its address since.
fn site_copy(integration: &Integration, counters: &[WebhookCounter]) -> Option<SiteCopy> {
    let counter = counters.iter().find(|counter| counter.kind == Reason::SiteCopy.as_str())?;
    let address = counter.note.clone();
    (address.as_ref() != Some(&integration.site_url.identity()))
        .then_some(SiteCopy { at: counter.last_at, address })
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

/// What a person should look at although nothing fails.
async fn warnings(
    uow: &mut dyn UnitOfWork,
    integration: &Integration,
    counters: &[WebhookCounter],
    limitations: &[String],
    now: Timestamp,
) -> Result<Vec<String>, StorageError> {
    let mut warnings = sharing(uow, integration).await?;
    warnings.extend_from_slice(limitations);
    if counters.iter().any(|counter| counter.kind == OUTDATED_LISTING && now - counter.last_at < CACHE_TOLD) {
        warnings.push(
            "a cache in front of the site keeps REST answers: lists of posts were older than the posts; exclude \
             /wp-json/ from it"
                .to_owned(),
        );
    }
    if said_by_plugin(integration, "two_way_sync_enabled") == Some(&Value::Bool(false)) {
        warnings.push(
            "two-way sync is switched off in the plugin: changes on the site are found by the next sync, not at once"
                .to_owned(),
        );
    }
    if said_by_plugin(integration, "signs_webhooks") == Some(&Value::Bool(false)) {
        warnings
            .push("the plugin does not sign what it delivers: press Connect on its settings page".to_owned());
    }
    Ok(warnings)
}

fn texts(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// Two integrations of an account that share an address push and pull the same posts.
async fn sharing(uow: &mut dyn UnitOfWork, integration: &Integration) -> Result<Vec<String>, StorageError> {
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
