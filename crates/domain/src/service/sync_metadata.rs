//! Statuses, titles, slugs, addresses, terms and SEO fields, both ways, without bodies.

use crate::account::Caller;
use crate::id::IntegrationId;
use crate::service::ServiceError;
use crate::service::sync::{StartSync, SyncService};
use crate::sync::{Direction, SyncRun};

/// Syncs metadata: an ordinary run of direction `metadata`, with every guarantee of one.
#[derive(Clone)]
pub struct SyncMetadataService {
    runs: SyncService,
}

impl SyncMetadataService {
    /// A new one on top of the runs.
    pub fn new(runs: SyncService) -> Self {
        Self { runs }
    }

    /// Queues a metadata run, narrowed to these types where any are named. It brings in and sends out metadata of what
    /// is linked already: a post that nobody here knows is left to a run that reads bodies.
    pub async fn start(
        &self,
        caller: &Caller,
        id: IntegrationId,
        content_types: Option<Vec<String>>,
    ) -> Result<SyncRun, ServiceError> {
        let asked = StartSync { direction: Direction::Metadata, content_types, ..StartSync::default() };
        self.runs.start(caller, id, asked).await
    }
}
