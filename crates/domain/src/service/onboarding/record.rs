//! What is stored of an onboarding, in one unit of work.

use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::admission::Admitted;
use super::{OnboardSite, Onboarded, OnboardingService};
use crate::account::{Caller, Site, WebhookSecret};
use crate::event::{Action, NewEvent};
use crate::integration::{Credentials, Integration, NewIntegration, PlatformName};
use crate::ports::platform::ConnectionReport;
use crate::ports::storage::UnitOfWork;
use crate::service::ServiceError;
use crate::service::account::new_webhook_secret;
use crate::service::connection::{report_event, take_report};
use crate::service::integration::{are_same, connection_event, plan_next_sync, policy};
use crate::service::site_copy::{count_copy, other_address};
use crate::time::Timestamp;

/// What it came to.
pub(super) enum Recorded {
    Connected(Onboarded),
    /// The integration is of another address.
    Moved,
    /// The test failed.
    Failed,
}

/// A test and when it was.
pub(super) struct Tested<'a> {
    pub report: &'a ConnectionReport,
    pub began: Timestamp,
    pub ended: Timestamp,
}

impl OnboardingService {
    /// Who may is judged again: a key can end while a site is tested. Of several at once the first to come makes the
    /// integration, and the others, whose insert is refused, begin again and find it.
    pub(super) async fn record(
        &self,
        caller: Option<&Caller>,
        command: &OnboardSite,
        tested: &Tested<'_>,
    ) -> Result<Recorded, ServiceError> {
        let mut unit = self.storage.begin().await?;
        let admitted = self.admit(&mut *unit, caller, command).await?;
        let existing = lock_existing(&mut *unit, &admitted.site).await?;
        let elsewhere =
            existing.as_ref().and_then(|integration| other_address(integration, Some(&command.site_url)));
        let moved = elsewhere.is_some();
        let recorded = if !tested.report.success || moved {
            if let Some(integration) = &existing {
                unit.insert_events(&[refused_event(integration, &admitted, tested)]).await?;
                if let (Some(address), true) = (&elsewhere, admitted.key.is_some()) {
                    count_copy(&mut *unit, integration, address, tested.ended).await?;
                }
            }
            if moved && tested.report.success { Recorded::Moved } else { Recorded::Failed }
        } else {
            let connected = self.connect(&mut *unit, &admitted, existing, command, tested).await?;
            Recorded::Connected(connected)
        };
        unit.commit().await?;
        Ok(recorded)
    }

    async fn connect(
        &self,
        unit: &mut dyn UnitOfWork,
        admitted: &Admitted,
        existing: Option<Integration>,
        command: &OnboardSite,
        tested: &Tested<'_>,
    ) -> Result<Onboarded, ServiceError> {
        let created = existing.is_none();
        let mut integration = match existing {
            Some(integration) => integration,
            None => insert(unit, &admitted.site, command, tested.ended).await?,
        };
        let changed = self.take_proof(&mut integration, command);
        let run = unit.find_active_run(integration.id).await?;
        take_report(&mut integration, tested.report, run.as_ref(), tested.ended);
        if integration.site_url != command.site_url {
            // The same site, spelt otherwise: what the adapter found is of the other spelling.
            integration.platform_state = Value::Null;
        }
        plan_next_sync(&mut integration, self.schedule, tested.ended);
        integration.version = unit.update_integration(&integration).await?;
        unit.insert_events(&connected_events(&integration, admitted, created, &changed, tested)).await?;
        if let Some(key) = admitted.key {
            unit.record_onboarded(key, tested.ended).await?;
        }
        let webhook_secret = if admitted.key.is_some() {
            Some(self.webhook_secret(unit, &admitted.site, tested.ended).await?)
        } else {
            None
        };
        Ok(Onboarded {
            integration_id: integration.id,
            created,
            message: tested.report.message.clone(),
            checks: tested.report.checks.clone(),
            webhook_secret,
        })
    }

    /// The proved key becomes the integration's, which is switched on. Names what is not as before.
    fn take_proof(&self, integration: &mut Integration, command: &OnboardSite) -> Vec<&'static str> {
        let mut changed = Vec::new();
        let held = Credentials::open(&*self.cipher, integration).ok();
        let proved =
            Credentials { api_key: Some(command.api_key.clone()), ..held.clone().unwrap_or_default() };
        if !held.is_some_and(|held| are_same(&held, &proved)) {
            integration.credentials = proved.seal(&*self.cipher, integration);
            integration.platform_state = Value::Null;
            changed.push("credentials");
        }
        if !integration.is_active {
            integration.is_active = true;
            changed.push("is_active");
        }
        changed
    }

    /// The site's current secret. One that can't be opened is no use to anybody, so another takes its place.
    async fn webhook_secret(
        &self,
        unit: &mut dyn UnitOfWork,
        site: &Site,
        now: Timestamp,
    ) -> Result<SecretString, ServiceError> {
        let newest = unit.list_webhook_secrets(site.id, now).await?.into_iter().next();
        if let Some(secret) = newest.as_ref().and_then(|newest| newest.open(&*self.cipher).ok()) {
            return Ok(secret);
        }
        // The instant names the secret, so no two share one.
        let made_at = newest.map_or(now, |newest| now.max(newest.created_at + TimeDelta::microseconds(1)));
        let secret = new_webhook_secret(&*self.random);
        unit.insert_webhook_secret(&WebhookSecret::seal(&*self.cipher, site, &secret, made_at)).await?;
        Ok(secret)
    }
}

async fn lock_existing(unit: &mut dyn UnitOfWork, site: &Site) -> Result<Option<Integration>, ServiceError> {
    match unit.find_integration_of_site(site.id, PlatformName::Wordpress).await? {
        Some(found) => Ok(unit.lock_integration(found.id).await?),
        None => Ok(None),
    }
}

async fn insert(
    unit: &mut dyn UnitOfWork,
    site: &Site,
    command: &OnboardSite,
    now: Timestamp,
) -> Result<Integration, ServiceError> {
    let new = NewIntegration {
        account_id: site.account_id,
        site_id: site.id,
        platform: PlatformName::Wordpress,
        site_url: command.site_url.clone(),
        is_active: true,
        sync_enabled: true,
        conflict_policy: policy(unit, site.account_id, None).await?,
        platform_state: Value::Null,
        next_sync_at: None,
        created_at: now,
    };
    Ok(unit.insert_integration(&new).await?)
}

fn onboarding_event(integration: &Integration, admitted: &Admitted, tested: &Tested<'_>) -> NewEvent {
    let mut event =
        report_event(integration, Action::Onboarding, admitted.actor, tested.report, tested.ended);
    event.duration_ms = Some((tested.ended - tested.began).num_milliseconds());
    event
}

/// An integration that is there keeps the history of what was refused; itself it stays as it was.
fn refused_event(integration: &Integration, admitted: &Admitted, tested: &Tested<'_>) -> NewEvent {
    let mut event = onboarding_event(integration, admitted, tested);
    if event.success {
        event.success = false;
        event.error_code = Some("site_moved".to_owned());
        event.error_message = Some("the site that answered is at another address".to_owned());
    }
    event
}

fn connected_events(
    integration: &Integration,
    admitted: &Admitted,
    created: bool,
    changed: &[&'static str],
    tested: &Tested<'_>,
) -> Vec<NewEvent> {
    let line = |action| connection_event(integration, action, admitted.actor, tested.ended);
    let mut events = Vec::new();
    if created {
        let mut event = line(Action::Created);
        event.details = json!({"platform": integration.platform, "site_url": integration.site_url});
        events.push(event);
    } else if !changed.is_empty() {
        let mut event = line(Action::Updated);
        event.details = json!({ "changed": changed });
        events.push(event);
    }
    events.push(onboarding_event(integration, admitted, tested));
    events
}
