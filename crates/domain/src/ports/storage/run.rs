//! Runs.

use async_trait::async_trait;

use super::{Cursor, CursorPage, StorageError};
use crate::id::{IntegrationId, RunId};
use crate::sync::{NewRun, SyncRun};
use crate::time::Timestamp;

/// What asking for a run came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Queued {
    /// It is queued.
    New(Box<SyncRun>),
    /// One is queued or running already: this one.
    Active(RunId),
}

/// Runs.
#[async_trait]
pub trait RunRepository {
    /// Queues a run, unless it is no dry one and the integration has one that is queued or running: the database
    /// itself sees to it, whoever asks at the same time.
    async fn insert_run(&mut self, run: &NewRun) -> Result<Queued, StorageError>;
    /// One.
    async fn find_run(&mut self, id: RunId) -> Result<Option<SyncRun>, StorageError>;
    /// One, held until the unit ends.
    async fn lock_run(&mut self, id: RunId) -> Result<Option<SyncRun>, StorageError>;
    /// The integration's run that is queued or running and not dry.
    async fn find_active_run(&mut self, integration: IntegrationId) -> Result<Option<SyncRun>, StorageError>;
    /// The integration's newest run that has ended and is not dry.
    async fn find_last_run(&mut self, integration: IntegrationId) -> Result<Option<SyncRun>, StorageError>;
    /// The integration's runs, newest first.
    async fn list_runs(
        &mut self,
        integration: IntegrationId,
        cursor: Cursor,
        limit: u32,
    ) -> Result<CursorPage<SyncRun>, StorageError>;
    /// Takes up a run that is queued, or running with no lease that still holds, and whose `next_attempt_at` has come,
    /// the longest waiting first (`only` names one). Sets status `running`, `started_at` where it is none, lease and a
    /// higher fence, clears `next_attempt_at`, adds one to `attempt`. Two callers never get the same.
    async fn claim_run(
        &mut self,
        only: Option<RunId>,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<SyncRun>, StorageError>;
    /// Writes status, progress, checkpoint, failures, times, error, plan and lease (not `cancel_requested`), if the
    /// stored fence still is `run.fence` and the stored run has not ended; [`StorageError::Conflict`] otherwise. Gives
    /// whether a person asked it to stop meanwhile.
    async fn record_run(&mut self, run: &SyncRun) -> Result<bool, StorageError>;
    /// Holds on to a run until then, if the stored fence still is `fence`, the stored run has not ended and somebody
    /// holds it; says whether it was so, and whether a person asked it to stop.
    async fn renew_lease(
        &mut self,
        id: RunId,
        fence: i64,
        until: Timestamp,
    ) -> Result<Option<bool>, StorageError>;
    /// Gives back every run that `owner` holds: claimable at once.
    async fn release_runs(&mut self, owner: &str) -> Result<u64, StorageError>;
    /// Forgets runs that ended before then, the oldest first, at most `limit`; gives how many.
    async fn purge_runs(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError>;
    /// Asks a run to stop.
    async fn request_cancel(&mut self, id: RunId) -> Result<(), StorageError>;
}
