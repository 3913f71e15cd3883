//! Testing a stored integration's connection.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::account::{Caller, Need, Role};
use crate::event::{Action, Actor, NewEvent};
use crate::id::IntegrationId;
use crate::integration::{Credentials, Integration, StatusError, SyncStatus};
use crate::ports::platform::{ConnectionReport, Platforms};
use crate::ports::storage::Storage;
use crate::ports::{Clock, CredentialCipher};
use crate::service::ServiceError;
use crate::service::integration::{admit, are_same, connection_event, unreadable};
use crate::service::opening::connection_of;
use crate::service::race::retrying;
use crate::sync::{RunStatus, SyncRun};
use crate::time::Timestamp;

/// The longest message that goes into the history, in characters.
const MAX_MESSAGE: usize = 300;

/// Tests connections.
pub struct ConnectionService {
    storage: Arc<dyn Storage>,
    platforms: Platforms,
    cipher: Arc<dyn CredentialCipher>,
    clock: Arc<dyn Clock>,
}

impl ConnectionService {
    /// A new one.
    pub fn new(
        storage: Arc<dyn Storage>,
        platforms: Platforms,
        cipher: Arc<dyn CredentialCipher>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { storage, platforms, cipher, clock }
    }

    /// Tests an integration as it is stored. A failed test is an answer, not an error; it sets the integration's
    /// status, and a good one puts back what the last run left. Safe to repeat: nothing changes on the site.
    pub async fn test_connection(
        &self,
        caller: &Caller,
        id: IntegrationId,
    ) -> Result<ConnectionReport, ServiceError> {
        let found = self.storage.read().await?.find_integration(id).await?;
        let integration = admit(caller, found, Need::Person(Role::Editor))?;
        let platform = self.platforms.find(integration.platform).ok_or(ServiceError::PlatformNotSupported)?;
        let began = self.clock.now();
        let report = match connection_of(&*self.cipher, &integration) {
            Ok(connection) => platform.test_connection(&connection).await,
            Err(_) => unreadable_report(),
        };
        retrying!(self.record(caller, &integration, &report, began))?;
        Ok(report)
    }

    async fn record(
        &self,
        caller: &Caller,
        tested: &Integration,
        report: &ConnectionReport,
        began: Timestamp,
    ) -> Result<(), ServiceError> {
        let now = self.clock.now();
        let mut unit = self.storage.begin().await?;
        let found = unit.lock_integration(tested.id).await?;
        let mut integration = admit(caller, found, Need::Person(Role::Editor))?;
        if self.is_still_as_tested(tested, &integration) {
            let run = unit.find_active_run(integration.id).await?;
            take_report(&mut integration, report, run.as_ref(), now);
            integration.version = unit.update_integration(&integration).await?;
        }
        let mut event = report_event(&integration, Action::TestConnection, caller.actor(), report, now);
        event.duration_ms = Some((now - began).num_milliseconds());
        unit.insert_events(&[event]).await?;
        unit.commit().await?;
        Ok(())
    }

    /// What was found of an address or of credentials that somebody changed meanwhile says nothing of the new ones.
    fn is_still_as_tested(&self, tested: &Integration, stored: &Integration) -> bool {
        let opened = |integration| Credentials::open(&*self.cipher, integration);
        tested.site_url == stored.site_url
            && (tested.credentials == stored.credentials
                || matches!((opened(tested), opened(stored)), (Ok(a), Ok(b)) if are_same(&a, &b)))
    }
}

fn unreadable_report() -> ConnectionReport {
    let error = unreadable();
    ConnectionReport {
        success: false,
        code: error.code,
        message: error.message,
        checks: Vec::new(),
        limitations: Vec::new(),
        findings: Vec::new(),
        platform_version: None,
        plugin_version: None,
        latency_ms: None,
        state: Value::Null,
    }
}

/// What a test says about an integration: a failed one that it is not well, a good one that it stands where its runs
/// left it.
pub(crate) fn take_report(
    integration: &mut Integration,
    report: &ConnectionReport,
    active: Option<&SyncRun>,
    now: Timestamp,
) {
    if report.success {
        integration.sync_error = None;
        integration.sync_status = match active.map(|run| run.status) {
            Some(RunStatus::Queued) => SyncStatus::Queued,
            Some(RunStatus::Running) => SyncStatus::Syncing,
            _ => integration.run_status,
        };
    } else {
        integration.sync_error = Some(StatusError::new(&report.code, &report.message));
        integration.sync_status = SyncStatus::Failed;
    }
    if !report.state.is_null() {
        integration.platform_state = report.state.clone();
    }
    integration.updated_at = now;
}

/// A line of history about a test.
pub(crate) fn report_event(
    integration: &Integration,
    action: Action,
    actor: Actor,
    report: &ConnectionReport,
    now: Timestamp,
) -> NewEvent {
    let mut event = connection_event(integration, action, actor, now);
    event.success = report.success;
    event.details = json!({
        "checks": report.checks, "limitations": report.limitations, "findings": report.findings, "latency_ms": report.latency_ms,
        "platform_version": report.platform_version, "plugin_version": report.plugin_version,
    });
    if !report.success {
        event.error_code = Some(report.code.clone());
        event.error_message = Some(one_line(&report.message));
    }
    event
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_MESSAGE).collect()
}
