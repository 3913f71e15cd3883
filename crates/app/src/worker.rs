//! The worker: takes up runs and pulls of single posts that are due, holds on to them while they are worked on, queues
//! what the schedule says, and gives everything back when it ends. What a run does is the domain's affair.

mod forget;
mod pulls;
mod turn;
mod wake;

use std::sync::Arc;
use std::time::Duration;

use igny8_integration_domain::service::run::RunExecutor;
use igny8_integration_domain::service::sync::SyncService;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::forget::Forgetter;
pub use self::pulls::PullWorker;
pub use self::turn::turn;
pub use self::wake::WakeUps;
use crate::telemetry::chain;

/// How long a free worker sleeps where nobody wakes it: a run that another node gave back or lost is found then.
const POLL: Duration = Duration::from_secs(1);

/// How often the schedule is looked at.
const SCHEDULE_TICK: Duration = Duration::from_secs(5);

pub struct Worker {
    executor: RunExecutor,
    sync: SyncService,
    pulls: PullWorker,
    forgetter: Forgetter,
    wake_ups: WakeUps,
    /// The name under which it holds runs.
    owner: String,
    /// One permit for each run at a time.
    slots: Arc<Semaphore>,
    lease: Duration,
}

/// What a worker works with.
pub struct Parts {
    pub executor: RunExecutor,
    pub sync: SyncService,
    pub pulls: PullWorker,
    pub forgetter: Forgetter,
    pub wake_ups: WakeUps,
    pub owner: String,
    pub runs_at_once: usize,
    pub lease: Duration,
}

impl Worker {
    pub fn new(parts: Parts) -> Self {
        let Parts { executor, sync, pulls, forgetter, wake_ups, owner, runs_at_once, lease } = parts;
        let slots = Arc::new(Semaphore::new(runs_at_once));
        Self { executor, sync, pulls, forgetter, wake_ups, owner, slots, lease }
    }

    /// Works until `stop`; then every run that is held is claimable by others at once.
    pub async fn run(self, stop: CancellationToken) {
        let turns = TaskTracker::new();
        tokio::join!(
            self.take_up(&turns, &stop),
            self.pulls.run(&stop),
            self.keep_schedule(&stop),
            self.forgetter.run(&stop),
        );
        turns.close();
        turns.wait().await;
        match self.executor.release(&self.owner).await {
            Ok(0) => {}
            Ok(released) => tracing::info!(runs = released, "runs were given back"),
            Err(error) => {
                tracing::error!(error = chain(error), "runs could not be given back");
            }
        }
    }

    async fn take_up(&self, turns: &TaskTracker, stop: &CancellationToken) {
        loop {
            let slot = tokio::select! {
                () = stop.cancelled() => return,
                slot = Arc::clone(&self.slots).acquire_owned() => slot,
            };
            let Ok(slot) = slot else { return };
            if self.take_up_one(slot, turns, stop).await {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake_ups.next() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Whether there was one.
    async fn take_up_one(
        &self,
        slot: OwnedSemaphorePermit,
        turns: &TaskTracker,
        stop: &CancellationToken,
    ) -> bool {
        match self.executor.claim(&self.owner, None).await {
            Ok(Some(run)) => {
                let (executor, lease, stop) = (self.executor.clone(), self.lease, stop.clone());
                turns.spawn(async move {
                    turn(&executor, run, lease, &stop).await;
                    drop(slot);
                });
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::error!(error = chain(error), "no run could be taken up");
                false
            }
        }
    }

    async fn keep_schedule(&self, stop: &CancellationToken) {
        loop {
            match self.sync.queue_due().await {
                Ok(0) => {}
                Ok(queued) => tracing::info!(runs = queued, "scheduled runs are queued"),
                Err(error) => {
                    tracing::error!(error = chain(error), "the schedule could not be kept");
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(SCHEDULE_TICK) => {}
            }
        }
    }
}
