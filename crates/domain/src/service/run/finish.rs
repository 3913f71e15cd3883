//! The end of a run that went all its way.

use super::{RunExecutor, Stop, Turn};
use crate::sync::{RunError, RunStatus, SyncRun};

impl RunExecutor {
    pub(super) async fn finish(&self, run: &mut SyncRun) -> Result<Turn, Stop> {
        let failed = run.progress.failed;
        let (status, error) = if failed == 0 {
            (RunStatus::Succeeded, None)
        } else {
            let message = format!(
                "{failed} of {} items were not synced; each has an event that says why",
                run.progress.done
            );
            (RunStatus::Partial, Some(RunError::new("items_failed", message)))
        };
        Ok(self.end(run.clone(), status, error).await?)
    }
}
