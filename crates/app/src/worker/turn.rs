//! One turn at a run: the work, and beside it the heartbeat that holds on to the lease.

use std::time::Duration;

use igny8_integration_domain::id::RunId;
use igny8_integration_domain::service::run::{RunExecutor, Turn};
use igny8_integration_domain::sync::SyncRun;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::telemetry::chain;

/// How often a turn asks whether a person wants it to stop.
const BEAT: Duration = Duration::from_secs(2);

/// How long a request under way is waited for, once a person wants it to stop; with the beat 5 s at most.
const PATIENCE: Duration = Duration::from_secs(3);

/// What ends a turn from outside.
enum Interruption {
    /// The node ends. The run goes on from its last commit, here or elsewhere.
    NodeStops,
    /// Another node took the run over.
    Lost,
    /// A person wants it to stop and the request under way takes too long.
    Abandon,
}

pub async fn turn(executor: &RunExecutor, run: SyncRun, lease: Duration, stop: &CancellationToken) {
    let (id, fence) = (run.id, run.fence);
    let span =
        tracing::info_span!("run", run.id = %id, integration.id = %run.integration_id, attempt = run.attempt);
    async {
        // The work is dropped before anything else is done: it may hold a transaction open.
        let interruption = tokio::select! {
            outcome = executor.execute(run) => return tell(outcome),
            () = stop.cancelled() => Interruption::NodeStops,
            interruption = heartbeat(executor, id, fence, lease) => interruption,
        };
        match interruption {
            Interruption::NodeStops => tracing::info!("the run is left for another node"),
            Interruption::Lost => tracing::warn!("the run was taken over by another node"),
            Interruption::Abandon => tell(executor.abandon(id, fence).await),
        }
    }
    .instrument(span)
    .await;
}

async fn heartbeat(executor: &RunExecutor, id: RunId, fence: i64, lease: Duration) -> Interruption {
    let beat = BEAT.min(lease / 3);
    loop {
        tokio::time::sleep(beat).await;
        match executor.renew(id, fence).await {
            Ok(Some(false)) => {}
            Ok(Some(true)) => {
                tokio::time::sleep(PATIENCE).await;
                return Interruption::Abandon;
            }
            Ok(None) => return Interruption::Lost,
            // The lease may hold until the next beat; if it does not, another node takes over.
            Err(error) => {
                tracing::warn!(error = chain(error), "the lease could not be renewed");
            }
        }
    }
}

fn tell(outcome: Result<Turn, impl Into<anyhow::Error>>) {
    match outcome {
        Ok(Turn::Ended) => tracing::info!("the run has ended"),
        Ok(Turn::Waiting) => tracing::info!("the run waits to try again"),
        Ok(Turn::Lost) => tracing::warn!("the run was taken over by another node"),
        Err(error) => {
            tracing::error!(
                error = chain(error),
                "the turn failed; the run goes on when its lease has run out"
            );
        }
    }
}
