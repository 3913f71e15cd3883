//! Taking in what sites tell: judged, in order, once, and committed to disk before it is acknowledged.

mod apply;
mod find;
mod verify;

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::json;

pub use verify::{Verified, WebhookError};

use crate::account::{Caller, Denied};
use crate::event::{Action, Actor, EventType, NewEvent};
use crate::id::{AccountId, ContentId, EventId, SiteId, SiteKeyId};
use crate::integration::{Integration, PlatformName};
use crate::ports::platform::Platforms;
use crate::ports::storage::{Storage, StorageError, StoredDelivery, UnitOfWork};
use crate::ports::{Clock, CredentialCipher, RunQueue};
use crate::service::ServiceError;
use crate::service::race::retrying;
use crate::service::site_copy::count_copy;
use crate::time::Timestamp;
use crate::webhook::{Change, Delivery, Outcome, Reason};

/// For how long a delivery that comes again is known.
pub(crate) const REMEMBERED: TimeDelta = TimeDelta::days(7);

/// Takes in deliveries.
pub struct WebhookService {
    storage: Arc<dyn Storage>,
    platforms: Platforms,
    cipher: Arc<dyn CredentialCipher>,
    clock: Arc<dyn Clock>,
    queue: Arc<dyn RunQueue>,
}

/// What a delivery came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenIn {
    /// In one word.
    pub outcome: Outcome,
    /// Why, where it was not simply applied.
    pub reason: Option<Reason>,
    /// The line of history.
    pub event_id: Option<EventId>,
    /// The content.
    pub content_id: Option<ContentId>,
}

/// The plugin that delivers.
#[derive(Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "they are ids, by their usual names")]
struct Sender {
    account_id: AccountId,
    site_id: SiteId,
    key_id: SiteKeyId,
}

/// What a delivery came to, before it is written into the history.
pub(super) struct Judged {
    outcome: Outcome,
    reason: Option<Reason>,
    content_id: Option<ContentId>,
    details: serde_json::Value,
    /// Whether a pull of the post was asked for.
    pull_queued: bool,
}

impl Judged {
    fn ignored(reason: Reason) -> Self {
        Self {
            outcome: Outcome::Ignored,
            reason: Some(reason),
            content_id: None,
            details: json!({}),
            pull_queued: false,
        }
    }
}

impl WebhookService {
    /// A new one.
    pub fn new(
        storage: Arc<dyn Storage>,
        platforms: Platforms,
        cipher: Arc<dyn CredentialCipher>,
        clock: Arc<dyn Clock>,
        queue: Arc<dyn RunQueue>,
    ) -> Self {
        Self { storage, platforms, cipher, clock, queue }
    }

    /// Takes in a verified delivery, whole or not at all. When this returns, it is on disk. Safe to repeat: the same
    /// delivery again is a duplicate.
    pub async fn take_in(
        &self,
        caller: &Caller,
        verified: &Verified,
        delivery: &Delivery,
    ) -> Result<TakenIn, ServiceError> {
        let sender = sender(caller)?;
        let (taken, pull_queued) = retrying!(self.try_to_take_in(sender, verified, delivery))?;
        if pull_queued {
            self.queue.wake();
        }
        Ok(taken)
    }

    async fn try_to_take_in(
        &self,
        sender: Sender,
        verified: &Verified,
        delivery: &Delivery,
    ) -> Result<(TakenIn, bool), StorageError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        let found = uow.find_integration_of_site(sender.site_id, PlatformName::Wordpress).await?;
        let found = found.filter(|integration| integration.is_active);
        let copy = found.as_ref().and_then(|integration| find::copy_at(integration, delivery));
        let key = key_of(verified, copy.is_some());
        if let Some(before) = uow.find_delivery(sender.site_id, &key, now - REMEMBERED).await? {
            uow.count_webhook(sender.account_id, sender.site_id, "duplicate", None, now).await?;
            uow.commit().await?;
            let taken = TakenIn {
                outcome: Outcome::Duplicate,
                reason: None,
                event_id: before.event_id,
                content_id: before.content_id,
            };
            return Ok((taken, false));
        }
        let (judged, event_id) = match &found {
            None => (Judged::ignored(Reason::NoActiveIntegration), None),
            Some(integration) => {
                let judged = match &copy {
                    Some(address) => Judged::of_copy(address),
                    None => self.judge(uow.as_mut(), sender, integration, delivery).await?,
                };
                let event = webhook_event(sender, integration, delivery, &judged, now);
                let ids = uow.insert_events(&[event]).await?;
                (judged, ids.first().copied())
            }
        };
        match (&found, &copy) {
            (Some(integration), Some(address)) => count_copy(uow.as_mut(), integration, address, now).await?,
            _ => count(uow.as_mut(), sender, verified, delivery, now).await?,
        }
        let stored = StoredDelivery {
            account_id: sender.account_id,
            site_id: sender.site_id,
            key,
            event_id,
            content_id: judged.content_id,
            received_at: now,
        };
        uow.insert_delivery(&stored).await?;
        uow.commit().await?;
        let taken = TakenIn {
            outcome: judged.outcome,
            reason: judged.reason,
            event_id,
            content_id: judged.content_id,
        };
        Ok((taken, judged.pull_queued))
    }
}

/// What makes it the same delivery when it comes again. What waited on a site while it was copied waits on the copy
/// too, under the same id: the copy's must not keep out the site's own.
fn key_of(verified: &Verified, is_copy: bool) -> String {
    if is_copy { format!("copy:{}", verified.key) } else { verified.key.clone() }
}

async fn count(
    uow: &mut dyn UnitOfWork,
    sender: Sender,
    verified: &Verified,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<(), StorageError> {
    let kind = match delivery.change {
        Change::Status { .. } => "status",
        Change::Metadata(_) => "metadata",
    };
    let note = verified.skew.map(|skew| skew.num_seconds().to_string());
    uow.count_webhook(sender.account_id, sender.site_id, kind, note.as_deref(), now).await
}

/// Only a site's plugin delivers.
fn sender(caller: &Caller) -> Result<Sender, ServiceError> {
    match caller {
        Caller::SiteKey { key_id, account_id, site_id } => {
            Ok(Sender { account_id: *account_id, site_id: *site_id, key_id: *key_id })
        }
        Caller::User { .. } | Caller::System(_) => Err(Denied::NotForThisCaller.into()),
    }
}

fn webhook_event(
    sender: Sender,
    integration: &Integration,
    delivery: &Delivery,
    judged: &Judged,
    now: Timestamp,
) -> NewEvent {
    let action = match delivery.change {
        Change::Status { .. } => Action::Status,
        Change::Metadata(_) => Action::Metadata,
    };
    let mut details = json!({ "outcome": judged.outcome.as_str(), "sequence": delivery.sequence });
    if let (Some(details), Some(more)) = (details.as_object_mut(), judged.details.as_object()) {
        details.extend(more.clone());
    }
    NewEvent {
        success: judged.outcome == Outcome::Applied || judged.reason == Some(Reason::PullQueued),
        content_id: judged.content_id,
        external_id: Some(delivery.post_id.clone()),
        details,
        error_code: judged.reason.map(|reason| reason.as_str().to_owned()),
        error_message: judged.reason.map(|reason| reason.explanation().to_owned()),
        ..NewEvent::of(integration, EventType::Webhook, action, Actor::site_key(sender.key_id), now)
    }
}
