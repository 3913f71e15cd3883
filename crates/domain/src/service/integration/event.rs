//! The integration's own lines of history.

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
    NewEvent::of(integration, EventType::Connection, action, actor, now)
}
