//! History.

use std::sync::Arc;

use async_trait::async_trait;

use super::state::{Table, at_most, cursor_page};
use super::unit::MemoryUnit;
use crate::event::{NewEvent, SyncEvent};
use crate::id::EventId;
use crate::ports::storage::{Cursor, CursorPage, EventFilter, EventRepository, StorageError};
use crate::time::Timestamp;

fn passes(filter: &EventFilter, entry: &NewEvent) -> bool {
    entry.integration_id == filter.integration_id
        && filter.event_type.is_none_or(|event_type| entry.event_type == event_type)
        && filter.action.is_none_or(|action| entry.action == action)
        && filter.success.is_none_or(|success| entry.success == success)
        && filter.content_id.is_none_or(|id| entry.content_id == Some(id))
        && filter.run_id.is_none_or(|id| entry.run_id == Some(id))
        && filter.since.is_none_or(|since| entry.created_at >= since)
        && filter.until.is_none_or(|until| entry.created_at < until)
}

#[async_trait]
impl EventRepository for MemoryUnit {
    async fn insert_events(&mut self, events: &[NewEvent]) -> Result<Vec<EventId>, StorageError> {
        self.write(|state| {
            let mut ids = Vec::with_capacity(events.len());
            for entry in events {
                state.require_site(entry.account_id, entry.site_id)?;
                let id = state.next_id(Table::Events)?;
                state.events.insert(id, Arc::new(SyncEvent { id, entry: entry.clone() }));
                ids.push(id);
            }
            Ok(ids)
        })
    }

    async fn list_events(
        &mut self,
        filter: &EventFilter,
        cursor: Cursor,
        limit: u32,
    ) -> Result<CursorPage<SyncEvent>, StorageError> {
        let all = self.state()?.events.values();
        let rows: Vec<_> = all.filter(|event| passes(filter, &event.entry)).collect();
        let page = cursor_page(&rows, |event| event.id.get(), cursor, limit);
        let items = page.items.into_iter().map(|event| SyncEvent::clone(event)).collect();
        Ok(CursorPage { items, has_newer: page.has_newer, has_older: page.has_older })
    }

    async fn purge_events(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.write(|state| {
            let old = state.events.values().filter(|event| event.entry.created_at < before);
            let ids = at_most(old.map(|event| event.id), limit);
            state.events.retain(|id, _| !ids.contains(id));
            Ok(ids.len() as u64)
        })
    }
}
