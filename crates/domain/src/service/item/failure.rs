//! Recording that a content could not be brought together.

use std::sync::Arc;

use chrono::TimeDelta;

use super::settle::record;
use super::{ItemError, line};
use crate::content::ContentFailure;
use crate::event::{Action, Actor};
use crate::id::{ContentId, RunId};
use crate::integration::Integration;
use crate::ports::platform::{PlatformError, Trouble};
use crate::ports::storage::{Storage, StorageError, UnitOfWork};
use crate::sync::SyncRun;
use crate::time::Timestamp;

/// A content that could not be brought together.
pub(crate) struct ItemFailure<'a> {
    /// Of which integration.
    pub integration: &'a Integration,
    /// Which one.
    pub id: ContentId,
    /// Why.
    pub trouble: &'a Trouble,
    /// Whether only a change of the content, or a person, makes it worth another try.
    pub parked: bool,
    /// What was tried.
    pub action: Action,
    /// Who asked.
    pub actor: Actor,
}

/// Whether trying the same item again, as it is, would end the same way.
pub(crate) fn is_lasting(error: &PlatformError) -> bool {
    match error {
        PlatformError::Forbidden(_)
        | PlatformError::Rejected(_)
        | PlatformError::NotFound(_)
        | PlatformError::Protocol(_)
        | PlatformError::Unauthorized(_) => true,
        PlatformError::Conflict(_)
        | PlatformError::Locked(_)
        | PlatformError::Uncertain(_)
        | PlatformError::RateLimited { .. }
        | PlatformError::Unavailable { .. } => false,
    }
}

impl ItemFailure<'_> {
    /// Records it with the content, its history and, in a run, the run's count and checkpoint, with a fresh lease.
    pub async fn record(
        self,
        storage: &Arc<dyn Storage>,
        now: Timestamp,
        run: Option<(&mut SyncRun, TimeDelta)>,
    ) -> Result<(), ItemError> {
        let mut uow = storage.begin().await?;
        self.note(uow.as_mut(), now, run.as_ref().map(|(run, _)| run.id)).await?;
        if let Some((run, lease)) = run {
            run.progress.done += 1;
            run.progress.failed += 1;
            run.progress.total = run.progress.total.max(run.progress.done);
            run.checkpoint.pass(self.id);
            record(uow.as_mut(), run, lease, now).await?;
        }
        uow.commit().await?;
        Ok(())
    }

    /// Records it with the content, where that is still there, and its history.
    pub async fn note(
        &self,
        uow: &mut dyn UnitOfWork,
        now: Timestamp,
        run: Option<RunId>,
    ) -> Result<(), StorageError> {
        let Some(mut content) = uow.lock_content(self.id).await? else { return Ok(()) };
        let count = content.failure.as_ref().map_or(0, |failure| failure.count) + 1;
        content.failure = Some(ContentFailure {
            code: self.trouble.code.clone(),
            message: self.trouble.message.clone(),
            count,
            parked: self.parked,
        });
        content.updated_at = now;
        content.settle();
        uow.update_content(&content).await?;
        let mut event = line(self.integration, &content, self.action, false, (self.actor, run), now);
        event.error_code = Some(self.trouble.code.clone());
        event.error_message = Some(self.trouble.message.clone());
        uow.insert_events(&[event]).await.map(drop)
    }
}
