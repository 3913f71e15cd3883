//! History.

use async_trait::async_trait;

use super::{Cursor, CursorPage, StorageError};
use crate::event::{Action, EventType, NewEvent, SyncEvent};
use crate::id::{ContentId, EventId, IntegrationId, RunId};
use crate::time::Timestamp;

/// Which lines of history a list holds. Everything that is set narrows it.
#[derive(Clone, Debug, PartialEq)]
pub struct EventFilter {
    /// Of this integration.
    pub integration_id: IntegrationId,
    /// About this kind of thing.
    pub event_type: Option<EventType>,
    /// Where this was done.
    pub action: Option<Action>,
    /// Where it worked, or did not.
    pub success: Option<bool>,
    /// To this content.
    pub content_id: Option<ContentId>,
    /// In this run.
    pub run_id: Option<RunId>,
    /// At or after this instant.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

impl EventFilter {
    /// All history of an integration.
    pub fn of(integration_id: IntegrationId) -> Self {
        Self {
            integration_id,
            event_type: None,
            action: None,
            success: None,
            content_id: None,
            run_id: None,
            since: None,
            until: None,
        }
    }
}

/// History.
#[async_trait]
pub trait EventRepository {
    /// Adds lines, in order. The integration may be gone: the line that says so outlives it.
    async fn insert_events(&mut self, events: &[NewEvent]) -> Result<Vec<EventId>, StorageError>;
    /// Lines, newest first.
    async fn list_events(
        &mut self,
        filter: &EventFilter,
        cursor: Cursor,
        limit: u32,
    ) -> Result<CursorPage<SyncEvent>, StorageError>;
    /// Forgets lines from before then, the oldest first, at most `limit`; gives how many.
    async fn purge_events(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError>;
}
