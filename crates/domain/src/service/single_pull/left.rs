//! Posts that are left to the next run, and why.

use std::time::Duration;

use serde_json::json;

use super::{SinglePullService, hold_unmoved};
use crate::content::{Content, Link};
use crate::event::{Action, Actor, EventType, NewEvent};
use crate::integration::Integration;
use crate::ports::platform::{PlatformError, Trouble};
use crate::ports::storage::{PendingPull, StorageError, UnitOfWork};
use crate::service::item::{ItemFailure, is_lasting};
use crate::time::Timestamp;

/// Why a post is left to the next run.
pub(super) struct Left {
    why: Trouble,
    /// Whether a person wants it so.
    as_meant: bool,
    /// Whether the site refuses just this post: its content has failed then, and says why.
    of_this_post: bool,
}

impl Left {
    fn because(code: &str, message: impl Into<String>) -> Self {
        let why = Trouble { code: code.to_owned(), message: message.into() };
        Self { why, as_meant: false, of_this_post: false }
    }

    fn as_meant(code: &str, message: impl Into<String>) -> Self {
        Self { as_meant: true, ..Self::because(code, message) }
    }

    pub(super) fn gone() -> Self {
        Self::because(
            "missing",
            "the site says that there is no such post; a delivery or the next complete listing tells what became of it",
        )
    }

    pub(super) fn switched_off() -> Self {
        Self::because("inactive", "the integration is switched off; the post is read after it is switched on")
    }

    pub(super) fn outdated() -> Self {
        Self::because(
            "outdated_answer",
            "the site kept showing an older version of the post than the one that it told of",
        )
    }

    pub(super) fn too_slow() -> Self {
        Self::because(
            "timeout",
            "the post could not be read in so many tries, the last time because the site took too long",
        )
    }

    pub(super) fn during_a_push() -> Self {
        Self::because("push_under_way", "the post was still being pushed")
    }
}

/// Why a post could not be read.
pub(super) enum Unread {
    /// For the moment; the site may have said for how long.
    Later(Option<Duration>),
    /// For good, until a person acts.
    Left(Left),
}

impl Unread {
    pub(super) fn new(error: &PlatformError, of_this_post: bool) -> Self {
        if is_lasting(error) {
            Self::Left(Left { why: error.trouble().clone(), as_meant: false, of_this_post })
        } else {
            Self::Later(error.retry_after())
        }
    }
}

impl SinglePullService {
    /// Closes a pull and says why its post is not here. One that was asked for again meanwhile is tried again.
    pub(super) async fn leave(
        &self,
        integration: &Integration,
        pull: &PendingPull,
        left: &Left,
    ) -> Result<(), StorageError> {
        let mut uow = self.storage.begin().await?;
        if hold_unmoved(uow.as_mut(), integration).await?.is_none() {
            // Another site was asked than the one that the integration is of now.
            drop(uow);
            return self.put_off(pull).await;
        }
        // The content before the pull, as a delivery takes them.
        let post = std::slice::from_ref(&pull.external_id);
        let linked = uow.lock_linked_contents(integration.id, post).await?.pop();
        if uow.close_pull(pull, pull.wanted_at).await? {
            self.say(uow.as_mut(), integration, pull, linked.as_ref(), left).await?;
        }
        uow.commit().await
    }

    async fn say(
        &self,
        uow: &mut dyn UnitOfWork,
        integration: &Integration,
        pull: &PendingPull,
        linked: Option<&Content>,
        left: &Left,
    ) -> Result<(), StorageError> {
        let now = self.clock.now();
        match linked {
            // A delivery has told that it was deleted: there is nothing to read.
            Some(content) if content.link.as_ref().is_some_and(Link::is_gone) => Ok(()),
            Some(content) if left.of_this_post => {
                let failure = ItemFailure {
                    integration,
                    id: content.id,
                    trouble: &left.why,
                    // The next run judges for itself.
                    parked: false,
                    action: Action::Skipped,
                    actor: Actor::SERVICE,
                };
                failure.note(uow, now, None).await
            }
            content => uow.insert_events(&[skipped(integration, pull, content, left, now)]).await.map(drop),
        }
    }
}

/// A line of history about a post that is not here, or not as it is on the site.
pub(super) fn skipped(
    integration: &Integration,
    pull: &PendingPull,
    content: Option<&Content>,
    left: &Left,
    now: Timestamp,
) -> NewEvent {
    NewEvent {
        success: left.as_meant,
        content_id: content.map(|content| content.id),
        external_id: Some(pull.external_id.clone()),
        details: json!({ "content_type": pull.content_type }),
        error_code: Some(left.why.code.clone()),
        error_message: Some(left.why.message.clone()),
        ..NewEvent::of(integration, EventType::Content, Action::Skipped, Actor::SERVICE, now)
    }
}

/// Why one more post of a type is not taken in, where a person does not let it sync.
pub(super) async fn why_not_one_more(
    uow: &mut dyn UnitOfWork,
    integration: &Integration,
    content_type: &str,
) -> Result<Option<Left>, StorageError> {
    let Some(structure) = &integration.structure else { return Ok(None) };
    if !structure.is_type_on(content_type) {
        let message = format!("posts of type {content_type} do not sync");
        return Ok(Some(Left::as_meant("type_is_off", message)));
    }
    let Some(limit) = structure.fetch_limit(content_type) else { return Ok(None) };
    if uow.count_links(integration.id, content_type).await? < i64::from(limit) {
        return Ok(None);
    }
    let message = format!("no more than {limit} of type {content_type} are fetched");
    Ok(Some(Left::as_meant("fetch_limit", message)))
}
