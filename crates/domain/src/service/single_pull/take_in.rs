//! Bringing in a post that was read by itself.

use serde_json::{Value, json};

use super::left::{Left, skipped, why_not_one_more};
use super::{MAX_TRIES, SinglePullService, hold_unmoved, later};
use crate::content::{Content, NewContent, Reach, Received};
use crate::event::{Action, Actor, NewEvent};
use crate::integration::Integration;
use crate::ports::platform::ExternalItem;
use crate::ports::storage::{PendingPull, StorageError, UnitOfWork};
use crate::service::item::{Known, line};
use crate::time::Timestamp;

/// A post as it was read, beside what is known of it.
struct Reading<'r> {
    integration: &'r Integration,
    pull: &'r PendingPull,
    item: &'r ExternalItem,
    /// Of when the post shows itself to be.
    read_at: Timestamp,
    /// Whether a push of it is under way: nobody can say then whose text this is.
    is_pushed: bool,
    /// Whether it can't be taken as it is and is to be read once more.
    is_old: bool,
    now: Timestamp,
}

impl<'r> Reading<'r> {
    fn new(
        integration: &'r Integration,
        pull: &'r PendingPull,
        item: &'r ExternalItem,
        known: Option<&Content>,
        now: Timestamp,
    ) -> Self {
        let read_at = item.modified_at.unwrap_or(pull.wanted_at);
        // A cache in front of the site can show an older version than the one that was told: that is not taken in. And
        // somebody may have changed the post while it was read. Then it is read once more.
        let told_at = known.and_then(|content| content.link.as_ref()?.changed_before(now));
        let is_older = read_at < told_at.map_or(pull.wanted_at, |told_at| told_at.max(pull.wanted_at));
        let intent = known.and_then(|content| content.intent.as_ref());
        let is_pushed = intent.is_some_and(|intent| intent.is_fresh(now));
        Self { integration, pull, item, read_at, is_pushed, is_old: is_older || is_pushed, now }
    }
}

impl SinglePullService {
    pub(super) async fn take_in(
        &self,
        integration: &Integration,
        pull: &PendingPull,
        item: &ExternalItem,
    ) -> Result<(), StorageError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        let Some(stored) = hold_unmoved(uow.as_mut(), integration).await? else {
            // Another site was read than the one that the integration is of now.
            drop(uow);
            return self.put_off(pull).await;
        };
        let mut known = Known::find(uow.as_mut(), integration, std::slice::from_ref(item)).await?;
        let known = known.take(item);
        let id = known.as_ref().map(|content| content.id);
        let reading = Reading::new(integration, pull, item, known.as_ref(), now);
        let is_done = !reading.is_old && uow.close_pull(pull, reading.read_at).await?;
        let is_waited_for = match known {
            Some(content) => update(uow.as_mut(), content, &reading, is_done).await?,
            None => insert(uow.as_mut(), &stored, &reading).await?,
        };
        if reading.is_old && is_waited_for && pull.tries < MAX_TRIES - 1 {
            uow.postpone_pull(&later(pull, now, None)).await?;
        } else if reading.is_old && uow.close_pull(pull, pull.wanted_at).await? && is_waited_for {
            let left = if reading.is_pushed { Left::during_a_push() } else { Left::outdated() };
            let event = NewEvent { content_id: id, ..skipped(integration, pull, None, &left, now) };
            uow.insert_events(&[event]).await?;
        }
        uow.commit().await
    }
}

/// Brings a content and what was read of its post together. Whether another reading is waited for.
async fn update(
    uow: &mut dyn UnitOfWork,
    mut content: Content,
    reading: &Reading<'_>,
    is_done: bool,
) -> Result<bool, StorageError> {
    let Reading { integration, item, is_pushed, is_old, now, .. } = *reading;
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
    content.settle();
    if content != before {
        content.updated_at = now;
        uow.update_content(&content).await?;
    }
    if let Some(action) = action_of(&received) {
        let details = json!({ "pulled": received.pulled, "conflicts": received.conflicts });
        uow.insert_events(&[event(integration, &content, action, details, now)]).await?;
    }
    Ok(content.pull_wanted || is_pushed)
}

/// A post that nobody here knows becomes a content, where a person lets one more sync. Whether another reading is waited
/// for, should this one be old.
async fn insert(
    uow: &mut dyn UnitOfWork,
    stored: &Integration,
    reading: &Reading<'_>,
) -> Result<bool, StorageError> {
    let Reading { integration, pull, item, now, .. } = *reading;
    if item.trashed {
        return Ok(true);
    }
    if let Some(left) = why_not_one_more(uow, stored, &item.content_type).await? {
        uow.insert_events(&[skipped(integration, pull, None, &left, now)]).await?;
        return Ok(false);
    }
    let (account, site) = (integration.account_id, integration.site_id);
    let new = NewContent::from_external(account, site, integration.id, item, now);
    let content = uow.insert_content(&new).await?;
    let details = json!({ "created": true });
    uow.insert_events(&[event(integration, &content, Action::Pulled, details, now)]).await?;
    Ok(true)
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
    details: Value,
    now: Timestamp,
) -> NewEvent {
    let mut event = line(integration, content, action, true, (Actor::SERVICE, None), now);
    event.details = details;
    event
}
