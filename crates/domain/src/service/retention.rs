//! Forgetting what is old enough: history, runs that have ended, deliveries and requests that can't come again.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::ports::Clock;
use crate::ports::storage::{Storage, StorageError};
use crate::service::once::KEPT;
use crate::service::webhook::REMEMBERED;

/// How many rows go in one unit of work: a writer waits no longer than for these.
const BATCH: u32 = 500;

/// Forgets.
pub struct RetentionService {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    keep: TimeDelta,
}

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Lines of history.
    pub events: u64,
    /// Runs that had ended.
    pub runs: u64,
    /// Deliveries.
    pub deliveries: u64,
    /// What was done under an `Idempotency-Key`.
    pub receipts: u64,
}

impl Forgotten {
    /// Whether there may be more.
    pub fn is_more_left(&self) -> bool {
        [self.events, self.runs, self.deliveries, self.receipts].contains(&u64::from(BATCH))
    }
}

impl RetentionService {
    /// A new one; `keep` is for how long history and runs are kept.
    pub fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>, keep: TimeDelta) -> Self {
        Self { storage, clock, keep }
    }

    /// Forgets a batch of each kind, each in a unit of work of its own. Several nodes may do so at once.
    pub async fn forget(&self) -> Result<Forgotten, StorageError> {
        let now = self.clock.now();
        let mut forgotten = Forgotten::default();
        let mut unit = self.storage.begin().await?;
        forgotten.events = unit.purge_events(now - self.keep, BATCH).await?;
        unit.commit().await?;
        let mut unit = self.storage.begin().await?;
        forgotten.runs = unit.purge_runs(now - self.keep, BATCH).await?;
        unit.commit().await?;
        let mut unit = self.storage.begin().await?;
        forgotten.deliveries = unit.purge_deliveries(now - REMEMBERED, BATCH).await?;
        unit.commit().await?;
        let mut unit = self.storage.begin().await?;
        forgotten.receipts = unit.purge_receipts(now - KEPT, BATCH).await?;
        unit.commit().await?;
        Ok(forgotten)
    }
}
