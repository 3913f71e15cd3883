//! What was done to an integration, as people read it.

use std::sync::Arc;

use crate::account::{Caller, Need, Role};
use crate::event::SyncEvent;
use crate::ports::storage::{Cursor, CursorPage, EventFilter, Storage};
use crate::service::ServiceError;
use crate::service::integration::admit;

/// Shows history.
pub struct HistoryService {
    storage: Arc<dyn Storage>,
}

impl HistoryService {
    /// A new one.
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage }
    }

    /// Lines of the integration that `filter` names, newest first. For viewers.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: EventFilter,
        cursor: Cursor,
        limit: u32,
    ) -> Result<CursorPage<SyncEvent>, ServiceError> {
        let mut unit = self.storage.read().await?;
        admit(caller, unit.find_integration(filter.integration_id).await?, Need::Person(Role::Viewer))?;
        Ok(unit.list_events(&filter, cursor, limit).await?)
    }
}
