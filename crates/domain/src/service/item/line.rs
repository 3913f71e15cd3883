//! Lines of history about contents.

use serde_json::Value;

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
        account_id: integration.account_id,
        site_id: integration.site_id,
        integration_id: integration.id,
        event_type: EventType::Content,
        action,
        success,
        content_id: Some(content.id),
        external_id: content.link.as_ref().map(|link| link.external_id.clone()),
        run_id: by.1,
        actor: by.0,
        details: Value::Object(serde_json::Map::new()),
        error_code: None,
        error_message: None,
        duration_ms: None,
        created_at: now,
    }
}

impl ItemSync<'_> {
    pub(super) fn line(&self, content: &Content, action: Action, success: bool) -> NewEvent {
        let run = self.run.as_ref().map(|(run, _)| run.id);
        line(self.integration, content, action, success, (self.actor, run), self.clock.now())
    }
}
