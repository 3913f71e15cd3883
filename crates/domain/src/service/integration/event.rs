//! The integration's own lines of history.

use serde_json::json;

use crate::event::{Action, Actor, EventType, NewEvent};
use crate::integration::Integration;
use crate::time::Timestamp;

/// A line about the connection itself that says that it worked; change what is not so.
pub(crate) fn connection_event(
    integration: &Integration,
    action: Action,
    actor: Actor,
    now: Timestamp,
) -> NewEvent {
    NewEvent {
        account_id: integration.account_id,
        site_id: integration.site_id,
        integration_id: integration.id,
        event_type: EventType::Connection,
        action,
        success: true,
        content_id: None,
        external_id: None,
        run_id: None,
        actor,
        details: json!({}),
        error_code: None,
        error_message: None,
        duration_ms: None,
        created_at: now,
    }
}
