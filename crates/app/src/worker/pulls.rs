//! Pulls of single posts that a site told of: at once, several at a time, each post by one.

use std::sync::Arc;
use std::time::Duration;

use igny8_integration_domain::ports::storage::PendingPull;
use igny8_integration_domain::service::SinglePullService;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::WakeUps;
use crate::telemetry::chain;

/// How many at a time. They mostly wait for sites.
const AT_ONCE: u32 = 16;

/// How long it sleeps where nobody wakes it: what another node was told, and what was put off, is found then.
const POLL: Duration = Duration::from_secs(1);

pub struct PullWorker {
    pulls: SinglePullService,
    wake_ups: WakeUps,
    slots: Arc<Semaphore>,
}

impl PullWorker {
    pub fn new(pulls: SinglePullService, wake_ups: WakeUps) -> Self {
        Self { pulls, wake_ups, slots: Arc::new(Semaphore::new(AT_ONCE as usize)) }
    }

    /// Works until `stop`; then what was not read yet is due for others at once.
    pub async fn run(&self, stop: &CancellationToken) {
        let turns = TaskTracker::new();
        loop {
            let slot = tokio::select! {
                () = stop.cancelled() => break,
                slot = Arc::clone(&self.slots).acquire_owned() => slot,
            };
            let Ok(slot) = slot else { break };
            if self.take_up(slot, &turns, stop).await {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.wake_ups.next() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        turns.close();
        turns.wait().await;
    }

    /// As many as are due and there is room for. Whether there was one.
    async fn take_up(
        &self,
        slot: OwnedSemaphorePermit,
        turns: &TaskTracker,
        stop: &CancellationToken,
    ) -> bool {
        let mut slots = vec![slot];
        while let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() {
            slots.push(slot);
        }
        let room = u32::try_from(slots.len()).unwrap_or(AT_ONCE);
        let claimed = match self.pulls.claim(room).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::error!(error = chain(error), "no single pull could be taken up");
                return false;
            }
        };
        let any = !claimed.is_empty();
        for (pull, slot) in claimed.into_iter().zip(slots) {
            let (pulls, stop) = (self.pulls.clone(), stop.clone());
            turns.spawn(async move {
                turn(&pulls, pull, &stop).await;
                drop(slot);
            });
        }
        any
    }
}

async fn turn(pulls: &SinglePullService, pull: PendingPull, stop: &CancellationToken) {
    let span = tracing::info_span!(
        "single_pull",
        integration.id = %pull.integration_id,
        external.id = pull.external_id,
        attempt = pull.tries + 1,
    );
    async {
        // The work is dropped before the pull is let go: it may hold a transaction open.
        let done = tokio::select! {
            done = pulls.pull(pull.clone()) => Some(done),
            () = stop.cancelled() => None,
        };
        let outcome = match done {
            Some(outcome) => outcome,
            None => pulls.release(&pull).await,
        };
        if let Err(error) = outcome {
            tracing::error!(error = chain(error), "the pull goes on when it may be taken up again");
        }
    }
    .instrument(span)
    .await;
}
