//! Lines of history about contents.

use super::ItemSync;
use crate::content::Content;
use crate::event::{Action, Actor, EventType, NewEvent};
use crate::id::RunId;
use crate::integration::Integration;
use crate::time::Timestamp;

/// A line about a content, with nothing more said yet.
pub(crate) fn line(
    integration: &Integration,
    content: &Content,
    action: Action,
    success: bool,
    by: (Actor, Option<RunId>),
    now: Timestamp,
) -> NewEvent {
    NewEvent {
        success,
        content_id: Some(content.id),
        external_id: content.link.as_ref().map(|link| link.external_id.clone()),
        run_id: by.1,
        ..NewEvent::of(integration, EventType::Content, action, by.0, now)
    }
}

impl ItemSync<'_> {
    pub(super) fn line(&self, content: &Content, action: Action, success: bool) -> NewEvent {
        let run = self.run.as_ref().map(|(run, _)| run.id);
        line(self.integration, content, action, success, (self.actor, run), self.clock.now())
    }
}
