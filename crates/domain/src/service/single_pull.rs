//! Pulls of single posts that a delivery made worth one: at once, beside any run, one at a time for each post.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::json;

use crate::content::{Content, NewContent, Reach, Received};
use crate::event::{Action, Actor, NewEvent};
use crate::id::IntegrationId;
use crate::integration::Integration;
use crate::ports::platform::{ExternalItem, Lookup, PlatformError, Platforms};
use crate::ports::storage::{PendingPull, Storage, StorageError, UnitOfWork};
use crate::ports::{Clock, CredentialCipher};
use crate::service::item::{Known, is_lasting, line};
use crate::service::opening::open_session;
use crate::service::race::retrying;
use crate::time::Timestamp;

/// How long a node that took up a pull keeps it: longer than a read with all its time limits.
const HOLD: TimeDelta = TimeDelta::seconds(60);

/// After so many readings that showed an older version it is left to the next run: the content is still `pending_pull`.
const MAX_TRIES: u32 = 8;

/// Works on single pulls.
#[derive(Clone)]
pub struct SinglePullService {
    storage: Arc<dyn Storage>,
    platforms: Platforms,
    cipher: Arc<dyn CredentialCipher>,
    clock: Arc<dyn Clock>,
}

impl SinglePullService {
    /// A new one.
    pub fn new(
        storage: Arc<dyn Storage>,
        platforms: Platforms,
        cipher: Arc<dyn CredentialCipher>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { storage, platforms, cipher, clock }
    }

    /// Takes up pulls that are due, of none of the `busy`. Each is to be given to [`Self::pull`] at once.
    pub async fn claim(&self, limit: u32, busy: &[IntegrationId]) -> Result<Vec<PendingPull>, StorageError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        let pulls = uow.claim_pulls(now, now + HOLD, busy, limit).await?;
        uow.commit().await?;
        Ok(pulls)
    }

    /// Lets a pull that was claimed go, for another to take up at once.
    pub async fn release(&self, pull: &PendingPull) -> Result<(), StorageError> {
        let mut uow = self.storage.begin().await?;
        uow.postpone_pull(pull).await?;
        uow.commit().await
    }

    /// Reads one post and brings it in. Safe to repeat; a failure puts the pull off.
    pub async fn pull(&self, pull: PendingPull) -> Result<(), StorageError> {
        let mut uow = self.storage.read().await?;
        let integration = uow.find_integration(pull.integration_id).await?;
        drop(uow);
        let Some(integration) = integration.filter(|integration| integration.is_active) else {
            return self.close(&pull).await;
        };
        match self.read(&integration, &pull).await {
            Ok(Lookup::Found(item)) => retrying!(self.take_in(&integration, &pull, &item)),
            // A deletion is proven by the delivery that tells it, or by a complete listing.
            Ok(Lookup::Gone) => self.close(&pull).await,
            Err(error) if is_lasting(&error) => {
                tracing::info!(integration.id = %integration.id, code = error.trouble().code, "a single pull is left to the next run");
                self.close(&pull).await
            }
            Err(_) => self.release(&later(pull, self.clock.now())).await,
        }
    }

    async fn read(&self, integration: &Integration, pull: &PendingPull) -> Result<Lookup, PlatformError> {
        let session = open_session(&self.platforms, self.cipher.as_ref(), integration).await?;
        session.get(&pull.content_type, &pull.external_id).await
    }

    async fn take_in(
        &self,
        integration: &Integration,
        pull: &PendingPull,
        item: &ExternalItem,
    ) -> Result<(), StorageError> {
        let now = self.clock.now();
        let read_at = item.modified_at.unwrap_or(pull.wanted_at);
        let mut uow = self.storage.begin().await?;
        let stored = uow.lock_integration(integration.id).await?;
        let asked = integration.site_url.identity();
        let Some(stored) = stored.filter(|stored| stored.site_url.identity() == asked) else {
            // Another site was read than the one that the integration is of now.
            drop(uow);
            return self.release(&later(pull.clone(), now)).await;
        };
        let mut known = Known::find(uow.as_mut(), integration, std::slice::from_ref(item)).await?;
        let known = known.take(item);
        // A cache in front of the site can show an older version than the one that was told: that is not taken in. And
        // somebody may have changed the post while it was read. Then it is read once more.
        let told_at = known.as_ref().and_then(|content| content.link.as_ref()?.changed_before(now));
        let is_old = read_at < told_at.map_or(pull.wanted_at, |told_at| told_at.max(pull.wanted_at));
        // While a push is under way nobody can say whose text this is.
        let intent = known.as_ref().and_then(|content| content.intent.as_ref());
        let is_pushed = intent.is_some_and(|intent| intent.is_fresh(now));
        let is_old = is_old || is_pushed;
        let is_done = !is_old && uow.close_pull(pull, read_at).await?;
        let mut is_waited_for = true;
        if let Some(mut content) = known {
            let before = content.clone();
            let is_linked = content.link.is_some();
            if !is_linked {
                content.adopt(integration.id, &integration.site_url.identity(), item);
            }
            let received = if is_old && is_linked {
                Received::default()
            } else {
                content.receive(item, Reach::whole(integration.conflict_policy), now)
            };
            // An older version than what was told changes nothing, nor whether another is waited for.
            content.pull_wanted = if is_old && is_linked { before.pull_wanted } else { !is_done };
            is_waited_for = content.pull_wanted || is_pushed;
            content.settle();
            if content != before {
                content.updated_at = now;
                uow.update_content(&content).await?;
            }
            if let Some(action) = action_of(&received) {
                let details = json!({ "pulled": received.pulled, "conflicts": received.conflicts });
                uow.insert_events(&[event(integration, &content, action, details, now)]).await?;
            }
        } else if !item.trashed && has_room(uow.as_mut(), &stored, &item.content_type).await? {
            let (account, site) = (integration.account_id, integration.site_id);
            let new = NewContent::from_external(account, site, integration.id, item, now);
            let content = uow.insert_content(&new).await?;
            let details = json!({ "created": true });
            uow.insert_events(&[event(integration, &content, Action::Pulled, details, now)]).await?;
        }
        if is_old && is_waited_for && pull.tries < MAX_TRIES - 1 {
            uow.postpone_pull(&later(pull.clone(), now)).await?;
        } else if is_old {
            uow.close_pull(pull, pull.wanted_at).await?;
        }
        uow.commit().await
    }

    async fn close(&self, pull: &PendingPull) -> Result<(), StorageError> {
        let mut uow = self.storage.begin().await?;
        uow.close_pull(pull, pull.wanted_at).await?;
        uow.commit().await
    }
}

/// Whether a person lets one more post of a type sync.
async fn has_room(
    uow: &mut dyn UnitOfWork,
    integration: &Integration,
    content_type: &str,
) -> Result<bool, StorageError> {
    let Some(structure) = &integration.structure else { return Ok(true) };
    if !structure.is_type_on(content_type) {
        return Ok(false);
    }
    let Some(limit) = structure.fetch_limit(content_type) else { return Ok(true) };
    Ok(uow.count_links(integration.id, content_type).await? < i64::from(limit))
}

/// 1, 2, 4, … seconds, at most an hour.
fn later(mut pull: PendingPull, now: Timestamp) -> PendingPull {
    let wait = TimeDelta::seconds(1 << pull.tries.min(12)).min(TimeDelta::hours(1));
    pull.tries = pull.tries.saturating_add(1);
    pull.due_at = now + wait;
    pull
}

fn action_of(received: &Received) -> Option<Action> {
    if !received.conflicts.is_empty() {
        return (!received.conflict_known).then_some(Action::Conflict);
    }
    if received.deleted {
        return Some(Action::Trashed);
    }
    (received.changed_local() || !received.confirmed.is_empty()).then_some(Action::Pulled)
}

fn event(
    integration: &Integration,
    content: &Content,
    action: Action,
    details: serde_json::Value,
    now: Timestamp,
) -> NewEvent {
    let mut event = line(integration, content, action, true, (Actor::SERVICE, None), now);
    event.details = details;
    event
}
