//! What a turn at a run works with.

use std::sync::Arc;

use super::{RunExecutor, Stop};
use crate::content::Reach;
use crate::integration::Integration;
use crate::ports::platform::PlatformSession;
use crate::service::opening::open_session;
use crate::sync::{Direction, RunError, SyncRun};

/// The integration as it was when the turn began, and an open session to its site.
pub(super) struct RunContext {
    pub integration: Integration,
    pub session: Arc<dyn PlatformSession>,
    /// Items in a row whose write ended in uncertainty: the host is in trouble, not the items.
    pub uncertain_in_a_row: u32,
}

impl RunExecutor {
    pub(super) async fn open(&self, run: &SyncRun) -> Result<RunContext, Stop> {
        let mut uow = self.storage.read().await?;
        let integration = uow.find_integration(run.integration_id).await?.ok_or(Stop::Lost)?;
        drop(uow);
        if !integration.is_active || !integration.sync_enabled {
            return Err(Stop::Fail(RunError::new("sync_disabled", "syncing was switched off meanwhile")));
        }
        let session = open_session(&self.platforms, self.cipher.as_ref(), &integration).await?;
        Ok(RunContext { integration, session, uncertain_in_a_row: 0 })
    }
}

impl RunContext {
    /// How many contents of a type there may be, where a person set a limit.
    pub fn fetch_limit(&self, name: &str) -> Option<i64> {
        self.integration.structure.as_ref().and_then(|known| known.fetch_limit(name)).map(i64::from)
    }

    /// How far a reconcile may go in this run. What a page shows as deleted is judged by the brake first.
    pub fn reach(&self, run: &SyncRun, defer_deletes: bool) -> Reach {
        Reach {
            pull: run.direction.pulls(),
            metadata_only: run.direction == Direction::Metadata,
            defer_deletes,
            ..Reach::whole(self.integration.conflict_policy)
        }
    }
}
