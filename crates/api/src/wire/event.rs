//! Lines of history on the wire.

use igny8_integration_domain::event::{Action, Actor, EventType, SyncEvent};
use igny8_integration_domain::id::IntegrationId;
use igny8_integration_domain::ports::storage::EventFilter;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use super::query::Parameters;
use super::time;
use crate::openapi::parameter::{Kind, QueryParameter, query};
use crate::openapi::shape;

const TYPES: &str = "connection, sync, content, metadata, webhook, structure, error";
const ACTIONS: &str = "test_connection, onboarding, created, updated, deleted, run_started, run_finished, pulled, \
                       pushed, merged, conflict, resolved, trashed, skipped, status, metadata, structure_stored";

/// The parameters that [`filter`] reads.
pub const PARAMETERS: &[QueryParameter] = &[
    query("event_type", Kind::Words(TYPES)),
    query("action", Kind::Words(ACTIONS)),
    query("success", Kind::Boolean),
    query("content_id", Kind::Id),
    query("run_id", Kind::Id),
    query("since", Kind::Time),
    query("until", Kind::Time),
];

#[derive(Debug, Serialize, ToSchema)]
pub struct EventResponse {
    id: i64,
    #[schema(schema_with = type_shape)]
    event_type: &'static str,
    #[schema(schema_with = action_shape)]
    action: &'static str,
    success: bool,
    content_id: Option<i64>,
    external_id: Option<String>,
    run_id: Option<i64>,
    actor: ActorResponse,
    details: Value,
    error_code: Option<String>,
    error_message: Option<String>,
    duration_ms: Option<i64>,
    created_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ActorResponse {
    kind: &'static str,
    id: Option<i64>,
}

impl From<Actor> for ActorResponse {
    fn from(actor: Actor) -> Self {
        Self { kind: actor.kind.as_str(), id: actor.id }
    }
}

impl From<SyncEvent> for EventResponse {
    fn from(event: SyncEvent) -> Self {
        let entry = event.entry;
        Self {
            id: event.id.get(),
            event_type: entry.event_type.as_str(),
            action: entry.action.as_str(),
            success: entry.success,
            content_id: entry.content_id.map(i64::from),
            external_id: entry.external_id,
            run_id: entry.run_id.map(i64::from),
            actor: entry.actor.into(),
            details: entry.details,
            error_code: entry.error_code,
            error_message: entry.error_message,
            duration_ms: entry.duration_ms,
            created_at: time(entry.created_at),
        }
    }
}

fn type_shape() -> Object {
    shape::words(TYPES)
}

fn action_shape() -> Object {
    shape::words(ACTIONS)
}

/// The filters of the list.
pub fn filter(query: &Parameters<'_>, integration_id: IntegrationId) -> EventFilter {
    EventFilter {
        integration_id,
        event_type: query.word("event_type", EventType::from_word, TYPES),
        action: query.word("action", Action::from_word, ACTIONS),
        success: query.boolean("success"),
        content_id: query.id("content_id"),
        run_id: query.id("run_id"),
        since: query.timestamp("since"),
        until: query.timestamp("until"),
    }
}
