//! History.

use diesel::prelude::{Insertable, Queryable, Selectable};
use igny8_integration_domain::event::{Action, EventType, NewEvent, SyncEvent};
use igny8_integration_domain::ports::storage::StorageError;

use super::{actor, maybe_number, number, word};
use crate::schema::events;
use crate::types::{At, JsonText};

#[derive(Queryable, Selectable)]
#[diesel(table_name = events)]
pub struct EventRow {
    id: i64,
    account_id: i64,
    site_id: i64,
    integration_id: i64,
    event_type: String,
    action: String,
    success: bool,
    content_id: Option<i64>,
    external_id: Option<String>,
    run_id: Option<i64>,
    actor_kind: String,
    actor_id: Option<i64>,
    error_code: Option<String>,
    error_message: Option<String>,
    duration_ms: Option<i64>,
    created_at: At,
    details: JsonText,
}

impl TryFrom<EventRow> for SyncEvent {
    type Error = StorageError;

    fn try_from(row: EventRow) -> Result<Self, StorageError> {
        let entry = NewEvent {
            account_id: number(row.account_id, "events.account_id")?,
            site_id: number(row.site_id, "events.site_id")?,
            integration_id: number(row.integration_id, "events.integration_id")?,
            event_type: word(&row.event_type, EventType::from_word, "events.event_type")?,
            action: word(&row.action, Action::from_word, "events.action")?,
            success: row.success,
            content_id: maybe_number(row.content_id, "events.content_id")?,
            external_id: row.external_id,
            run_id: maybe_number(row.run_id, "events.run_id")?,
            actor: actor(&row.actor_kind, row.actor_id, "events.actor_kind")?,
            details: row.details.read("events.details")?,
            error_code: row.error_code,
            error_message: row.error_message,
            duration_ms: row.duration_ms,
            created_at: row.created_at.0,
        };
        Ok(Self { id: number(row.id, "events.id")?, entry })
    }
}

#[derive(Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub struct NewEventRow {
    account_id: i64,
    site_id: i64,
    integration_id: i64,
    event_type: &'static str,
    action: &'static str,
    success: bool,
    content_id: Option<i64>,
    external_id: Option<String>,
    run_id: Option<i64>,
    actor_kind: &'static str,
    actor_id: Option<i64>,
    error_code: Option<String>,
    error_message: Option<String>,
    duration_ms: Option<i64>,
    created_at: At,
    details: JsonText,
}

impl NewEventRow {
    pub fn new(event: &NewEvent) -> Result<Self, StorageError> {
        Ok(Self {
            account_id: event.account_id.get(),
            site_id: event.site_id.get(),
            integration_id: event.integration_id.get(),
            event_type: event.event_type.as_str(),
            action: event.action.as_str(),
            success: event.success,
            content_id: event.content_id.map(i64::from),
            external_id: event.external_id.clone(),
            run_id: event.run_id.map(i64::from),
            actor_kind: event.actor.kind.as_str(),
            actor_id: event.actor.id,
            error_code: event.error_code.clone(),
            error_message: event.error_message.clone(),
            duration_ms: event.duration_ms,
            created_at: At(event.created_at),
            details: JsonText::of(&event.details)?,
        })
    }
}
