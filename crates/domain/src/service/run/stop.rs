//! What takes a run off its way: a pause, a failure, a person, another node.

use std::time::Duration;

use chrono::TimeDelta;

use super::{RunExecutor, Turn, run_event};
use crate::event::{Action, EventType};
use crate::integration::StatusError;
use crate::ports::platform::{MAINTENANCE, PlatformError, Trouble};
use crate::ports::storage::StorageError;
use crate::service::item::ItemError;
use crate::service::patience;
use crate::service::race::retrying;
use crate::service::sync::{Ending, end_run};
use crate::sync::{RunError, RunStatus, SyncRun};
use crate::time::Timestamp;

/// How many failures in a row, without any progress between them, end a run.
const MAX_FAILURES: u32 = 5;

/// How many of them from a site that says itself that it will be back: four minutes at the least.
const MAX_CLOSED: u32 = 10;

/// The first wait; each further one is twice as long.
const FIRST_WAIT_MS: i64 = 1_000;

/// Why a turn stops.
#[derive(Debug)]
pub(super) enum Stop {
    /// For the moment nothing can be done: try again later.
    Pause { trouble: Trouble, retry_after: Option<Duration> },
    /// Items wait for another try; that is no failure of the run.
    Wait { trouble: Trouble, round: u32 },
    /// It can't be done until a person acts.
    Fail(RunError),
    /// It would delete too much: a person must agree first.
    Brake(Box<RunError>),
    /// A person stopped it.
    Cancelled,
    /// Another node took it over.
    Lost,
    /// The store is in trouble: the lease runs out and the run goes on then.
    Storage(StorageError),
}

impl From<StorageError> for Stop {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Conflict | StorageError::Aborted(_) => Self::Pause {
                trouble: Trouble {
                    code: "changed_meanwhile".to_owned(),
                    message: "somebody else changed the same rows; it is tried again".to_owned(),
                },
                retry_after: None,
            },
            error => Self::Storage(error),
        }
    }
}

impl From<PlatformError> for Stop {
    /// For calls that concern the whole run.
    fn from(error: PlatformError) -> Self {
        match error {
            PlatformError::RateLimited { trouble, retry_after }
            | PlatformError::Unavailable { trouble, retry_after } => Self::Pause { trouble, retry_after },
            PlatformError::Uncertain(trouble)
            | PlatformError::Conflict(trouble)
            | PlatformError::Locked(trouble) => Self::Pause { trouble, retry_after: None },
            PlatformError::Unauthorized(trouble)
            | PlatformError::Forbidden(trouble)
            | PlatformError::NotFound(trouble)
            | PlatformError::Rejected(trouble)
            | PlatformError::Protocol(trouble) => Self::Fail(RunError::new(trouble.code, trouble.message)),
        }
    }
}

impl From<ItemError> for Stop {
    /// For what stops a run from within an item.
    fn from(error: ItemError) -> Self {
        match error {
            ItemError::Platform(error) => error.into(),
            ItemError::Storage(error) => error.into(),
            ItemError::Lost => Self::Lost,
            ItemError::Cancelled => Self::Cancelled,
        }
    }
}

impl RunExecutor {
    pub(super) async fn stop(&self, run: SyncRun, stop: Stop) -> Result<Turn, StorageError> {
        if matches!(stop, Stop::Lost | Stop::Storage(StorageError::Unavailable(_))) {
            return match stop {
                Stop::Storage(error) => Err(error),
                _ => Ok(Turn::Lost),
            };
        }
        // A step that failed has moved on in memory; only what it committed may be recorded.
        let Some(run) = self.committed(&run).await? else { return Ok(Turn::Lost) };
        match stop {
            Stop::Pause { trouble, retry_after } => self.pause(run, trouble, retry_after).await,
            Stop::Wait { trouble, round } => {
                let at = self.clock.now() + self.backoff(round);
                self.wait(run, trouble, at).await
            }
            Stop::Fail(error) => self.end(run, RunStatus::Failed, Some(error)).await,
            Stop::Brake(error) => self.end(run, RunStatus::Partial, Some(*error)).await,
            Stop::Cancelled => self.end(run, RunStatus::Cancelled, None).await,
            Stop::Lost => Ok(Turn::Lost),
            Stop::Storage(error) => {
                // What is stored or shown can't be kept as it is: it would fail alike for ever, and hold the run.
                tracing::error!(run.id = %run.id, error = ?error, "a run met a row that cannot be stored or read");
                let trouble = Trouble {
                    code: "internal_error".to_owned(),
                    message: "something went wrong inside; the log says what".to_owned(),
                };
                self.pause(run, trouble, None).await
            }
        }
    }

    /// The run as it was committed last, while it is still this node's.
    async fn committed(&self, run: &SyncRun) -> Result<Option<SyncRun>, StorageError> {
        let mut uow = self.storage.read().await?;
        let stored = uow.find_run(run.id).await?;
        Ok(stored.filter(|stored| stored.fence == run.fence && !stored.status.is_final()))
    }

    async fn pause(
        &self,
        mut run: SyncRun,
        trouble: Trouble,
        retry_after: Option<Duration>,
    ) -> Result<Turn, StorageError> {
        run.failures += 1;
        let most = if trouble.code == MAINTENANCE { MAX_CLOSED } else { MAX_FAILURES };
        if run.failures >= most {
            return self
                .end(run, RunStatus::Failed, Some(RunError::new(trouble.code, trouble.message)))
                .await;
        }
        let at = self.clock.now() + patience::wait(self.backoff(run.failures), retry_after);
        self.wait(run, trouble, at).await
    }

    /// Half to all of 1, 2, 4, … seconds: many runs that failed together do not come back together.
    fn backoff(&self, failures: u32) -> TimeDelta {
        let most = FIRST_WAIT_MS << failures.saturating_sub(1).min(10);
        let mut byte = [0_u8];
        self.random.fill(&mut byte);
        TimeDelta::milliseconds(most / 2 + most / 2 * i64::from(byte[0]) / 255)
    }

    async fn wait(&self, run: SyncRun, trouble: Trouble, at: Timestamp) -> Result<Turn, StorageError> {
        let error = RunError::new(trouble.code, trouble.message);
        retrying!(self.try_to_wait(run.clone(), &error, at))
    }

    async fn try_to_wait(
        &self,
        mut run: SyncRun,
        error: &RunError,
        at: Timestamp,
    ) -> Result<Turn, StorageError> {
        let now = self.clock.now();
        let mut event = run_event(&run, Action::RunStarted, false, now);
        event.event_type = EventType::Error;
        event.error_code = Some(error.code.clone());
        event.error_message = Some(error.message.clone());
        run.next_attempt_at = Some(at);
        run.lease = None;
        let mut uow = self.storage.begin().await?;
        let integration = uow.lock_integration(run.integration_id).await?;
        if !run.options.dry_run
            && let Some(mut integration) = integration
        {
            integration.sync_error = Some(StatusError::new(&error.code, &error.message));
            integration.updated_at = now;
            uow.update_integration(&integration).await?;
        }
        run.error = Some(error.clone());
        match uow.record_run(&run).await {
            Ok(true) => {
                drop(uow);
                return self.end(run, RunStatus::Cancelled, None).await;
            }
            Ok(false) => {}
            Err(StorageError::Conflict) => return Ok(Turn::Lost),
            Err(error) => return Err(error),
        }
        uow.insert_events(&[event]).await?;
        uow.commit().await?;
        Ok(Turn::Waiting)
    }

    pub(super) async fn end(
        &self,
        run: SyncRun,
        status: RunStatus,
        error: Option<RunError>,
    ) -> Result<Turn, StorageError> {
        retrying!(self.try_to_end(run.clone(), status, error.clone()))
    }

    async fn try_to_end(
        &self,
        mut run: SyncRun,
        status: RunStatus,
        error: Option<RunError>,
    ) -> Result<Turn, StorageError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        let Some(mut integration) = uow.lock_integration(run.integration_id).await? else {
            return Ok(Turn::Lost);
        };
        let ending = Ending { status, error, schedule: self.schedule, now };
        match end_run(uow.as_mut(), &mut integration, &mut run, ending).await {
            Ok(()) => {}
            Err(StorageError::Conflict) => return Ok(Turn::Lost),
            Err(error) => return Err(error),
        }
        uow.commit().await?;
        Ok(Turn::Ended)
    }
}
