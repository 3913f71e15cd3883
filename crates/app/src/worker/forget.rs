//! Forgetting what is older than an operator wants to keep, a little at a time.

use std::time::Duration;

use igny8_integration_domain::service::{Forgotten, RetentionService};
use tokio_util::sync::CancellationToken;

use crate::telemetry::chain;

/// How long others have the database to themselves between two batches.
const PAUSE: Duration = Duration::from_millis(200);

/// How often it is looked for, by how long things are kept.
const SOONEST: Duration = Duration::from_secs(1);
const LATEST: Duration = Duration::from_hours(1);

pub struct Forgetter {
    retention: RetentionService,
    interval: Duration,
}

impl Forgetter {
    pub fn new(retention: RetentionService, keep: Duration) -> Self {
        Self { retention, interval: keep.clamp(SOONEST, LATEST) }
    }

    /// Goes on until `stop`.
    pub async fn run(&self, stop: &CancellationToken) {
        loop {
            let pause = self.forget().await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Forgets a little, and says when to go on.
    async fn forget(&self) -> Duration {
        match self.retention.forget().await {
            Ok(forgotten) => {
                let Forgotten { events, runs, deliveries, receipts } = forgotten;
                if events + runs + deliveries + receipts > 0 {
                    tracing::info!(events, runs, deliveries, receipts, "old rows are forgotten");
                }
                if forgotten.is_more_left() { PAUSE } else { self.interval }
            }
            Err(error) => {
                tracing::error!(error = chain(error), "old rows could not be forgotten");
                self.interval
            }
        }
    }
}
