//! Telling this node's worker that there is something to do.

use std::sync::Arc;

use igny8_integration_domain::ports::RunQueue;
use tokio::sync::Notify;

/// Both ends within one process. Other nodes find out when they look.
#[derive(Clone, Default)]
pub struct WakeUps(Arc<Notify>);

impl WakeUps {
    /// Waits for the next; one that came meanwhile counts.
    pub async fn next(&self) {
        self.0.notified().await;
    }
}

impl RunQueue for WakeUps {
    fn wake(&self) {
        self.0.notify_one();
    }
}
