//! Working on a run: claim it, go from checkpoint to checkpoint, end it. However often a node dies, what was committed
//! is done once, and the rest goes on from there.

mod context;
mod delete;
mod finish;
mod narrow;
mod page;
mod pull;
mod push;
mod start;
mod stop;
mod verify;

use std::sync::Arc;

use chrono::TimeDelta;

use context::RunContext;
use stop::Stop;

use crate::event::{Action, EventType, NewEvent};
use crate::id::RunId;
use crate::integration::SyncStatus;
use crate::ports::platform::Platforms;
use crate::ports::storage::{Storage, StorageError, UnitOfWork};
use crate::ports::{Clock, CredentialCipher, Random};
use crate::service::race::retrying;
use crate::sync::{Phase, SyncRun};

/// Posts fetched at once by their ids.
const FETCH_AT_ONCE: usize = 100;

/// How a turn at a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The run has ended.
    Ended,
    /// The run waits to try again.
    Waiting,
    /// Another node took it over.
    Lost,
}

/// Works on runs.
#[derive(Clone)]
pub struct RunExecutor {
    storage: Arc<dyn Storage>,
    platforms: Platforms,
    cipher: Arc<dyn CredentialCipher>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    schedule: Option<TimeDelta>,
    lease: TimeDelta,
}

/// What an executor needs.
pub struct ExecutorPorts {
    /// The store.
    pub storage: Arc<dyn Storage>,
    /// The adapters.
    pub platforms: Platforms,
    /// Opens credentials.
    pub cipher: Arc<dyn CredentialCipher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub random: Arc<dyn Random>,
}

impl RunExecutor {
    /// A new one. `lease` is how long a silent node keeps a run; `schedule` how often an integration syncs by itself.
    pub fn new(ports: ExecutorPorts, lease: TimeDelta, schedule: Option<TimeDelta>) -> Self {
        let ExecutorPorts { storage, platforms, cipher, clock, random } = ports;
        Self { storage, platforms, cipher, clock, random, schedule, lease }
    }

    /// Takes up a run that is due, or `only` this one, for a node. What the first claim of a run starts is recorded
    /// with it.
    pub async fn claim(&self, owner: &str, only: Option<RunId>) -> Result<Option<SyncRun>, StorageError> {
        retrying!(self.try_to_claim(owner, only))
    }

    async fn try_to_claim(&self, owner: &str, only: Option<RunId>) -> Result<Option<SyncRun>, StorageError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        let Some(run) = uow.claim_run(only, owner, now, now + self.lease).await? else { return Ok(None) };
        if run.attempt == 1 {
            uow.insert_events(&[run_event(&run, Action::RunStarted, true, now)]).await?;
        }
        if !run.options.dry_run
            && let Some(mut integration) = uow.lock_integration(run.integration_id).await?
            && integration.sync_status != SyncStatus::Syncing
        {
            integration.sync_status = SyncStatus::Syncing;
            integration.updated_at = now;
            uow.update_integration(&integration).await?;
        }
        uow.commit().await?;
        Ok(Some(run))
    }

    /// Holds on to a claimed run for another lease. None where another node took it over; else whether a person asked
    /// it to stop. To be called well within each lease while a turn is under way.
    pub async fn renew(&self, run: RunId, fence: i64) -> Result<Option<bool>, StorageError> {
        let until = self.clock.now() + self.lease;
        let mut uow = self.storage.begin().await?;
        let renewed = uow.renew_lease(run, fence, until).await?;
        uow.commit().await?;
        Ok(renewed)
    }

    /// Gives back every run that a node holds: claimable at once.
    pub async fn release(&self, owner: &str) -> Result<u64, StorageError> {
        let mut uow = self.storage.begin().await?;
        let released = uow.release_runs(owner).await?;
        uow.commit().await?;
        Ok(released)
    }

    /// One turn at a claimed run: until it ends, waits or is lost. Dropping the future at any point loses nothing: the
    /// run goes on from its last commit once its lease has run out or was given back.
    pub async fn execute(&self, mut run: SyncRun) -> Result<Turn, StorageError> {
        let stop = match self.open(&run).await {
            Ok(mut context) => {
                let stop = self.go(&mut run, &mut context).await;
                match stop {
                    Ok(turn) => return Ok(turn),
                    Err(stop) => stop,
                }
            }
            Err(stop) => stop,
        };
        self.stop(run, stop).await
    }

    /// Ends a run that a person stopped while a request was under way and was not waited for any longer.
    pub async fn abandon(&self, run: RunId, fence: i64) -> Result<Turn, StorageError> {
        let mut uow = self.storage.read().await?;
        let found = uow.find_run(run).await?.filter(|run| run.fence == fence && !run.status.is_final());
        drop(uow);
        match found {
            Some(run) => self.stop(run, Stop::Cancelled).await,
            None => Ok(Turn::Lost),
        }
    }

    async fn go(&self, run: &mut SyncRun, context: &mut RunContext) -> Result<Turn, Stop> {
        loop {
            if run.cancel_requested {
                return Err(Stop::Cancelled);
            }
            match run.checkpoint.phase {
                Phase::Start => self.start(run, context).await?,
                Phase::Pull => self.pull(run, context).await?,
                Phase::Verify => self.verify(run, context).await?,
                Phase::Delete => self.delete(run, context).await?,
                Phase::Push => self.push(run, context).await?,
                Phase::Retry => self.retry(run, context).await?,
                Phase::Finish => return self.finish(run).await,
            }
        }
    }

    /// Records a run that goes on, with a fresh lease, and commits.
    async fn record(&self, mut uow: Box<dyn UnitOfWork>, run: &mut SyncRun) -> Result<(), Stop> {
        if let Some(lease) = &mut run.lease {
            lease.until = self.clock.now() + self.lease;
        }
        let cancel = match uow.record_run(run).await {
            Err(StorageError::Conflict) => return Err(Stop::Lost),
            recorded => recorded?,
        };
        uow.commit().await?;
        run.cancel_requested |= cancel;
        Ok(())
    }

    /// Records only the checkpoint.
    async fn checkpoint(&self, run: &mut SyncRun) -> Result<(), Stop> {
        let uow = self.storage.begin().await?;
        self.record(uow, run).await
    }
}

/// A line of history about a run.
fn run_event(run: &SyncRun, action: Action, success: bool, now: crate::time::Timestamp) -> NewEvent {
    NewEvent {
        account_id: run.account_id,
        site_id: run.site_id,
        integration_id: run.integration_id,
        event_type: EventType::Sync,
        action,
        success,
        content_id: None,
        external_id: None,
        run_id: Some(run.id),
        actor: run.actor,
        details: serde_json::json!({
            "direction": run.direction, "trigger": run.trigger, "attempt": run.attempt, "dry_run": run.options.dry_run,
        }),
        error_code: None,
        error_message: None,
        duration_ms: None,
        created_at: now,
    }
}
