//! Runs as people and plugins see them: asking for one, looking at it, stopping it.

mod ending;
mod start;

use std::sync::Arc;

use chrono::TimeDelta;

pub(crate) use ending::{Ending, end_run};
pub use start::StartSync;

use crate::account::{Caller, Denied, Need, Role};
use crate::id::{IntegrationId, RunId};
use crate::ports::platform::Platforms;
use crate::ports::storage::{Cursor, CursorPage, Storage, UnitOfWork};
use crate::ports::{Clock, RunQueue};
use crate::service::ServiceError;
use crate::service::integration::admit;
use crate::service::race::retrying;
use crate::sync::{RunStatus, SyncRun};

/// Runs.
#[derive(Clone)]
pub struct SyncService {
    storage: Arc<dyn Storage>,
    platforms: Platforms,
    queue: Arc<dyn RunQueue>,
    clock: Arc<dyn Clock>,
    schedule: Option<TimeDelta>,
}

impl SyncService {
    /// A new one. `schedule` is how often an integration syncs by itself; none for never.
    pub fn new(
        storage: Arc<dyn Storage>,
        platforms: Platforms,
        queue: Arc<dyn RunQueue>,
        clock: Arc<dyn Clock>,
        schedule: Option<TimeDelta>,
    ) -> Self {
        Self { storage, platforms, queue, clock, schedule }
    }

    /// Whether the caller may do what `need` says with this integration.
    pub async fn authorize(
        &self,
        caller: &Caller,
        id: IntegrationId,
        need: Need,
    ) -> Result<(), ServiceError> {
        let mut uow = self.storage.read().await?;
        authorize_in(uow.as_mut(), caller, id, need).await
    }

    /// An integration's runs, newest first.
    pub async fn list(
        &self,
        caller: &Caller,
        id: IntegrationId,
        cursor: Cursor,
        limit: u32,
    ) -> Result<CursorPage<SyncRun>, ServiceError> {
        let mut uow = self.storage.read().await?;
        authorize_in(uow.as_mut(), caller, id, Need::Person(Role::Viewer)).await?;
        Ok(uow.list_runs(id, cursor, limit).await?)
    }

    /// One run.
    pub async fn get(&self, caller: &Caller, id: IntegrationId, run: RunId) -> Result<SyncRun, ServiceError> {
        let mut uow = self.storage.read().await?;
        authorize_in(uow.as_mut(), caller, id, Need::Person(Role::Viewer)).await?;
        let run = uow.find_run(run).await?;
        run.filter(|run| run.integration_id == id).ok_or(Denied::NotFound.into())
    }

    /// Stops a run: at once where nobody works on it, else at its next item. One that has ended stays as it is.
    pub async fn cancel(
        &self,
        caller: &Caller,
        id: IntegrationId,
        run: RunId,
    ) -> Result<SyncRun, ServiceError> {
        retrying!(self.try_to_cancel(caller, id, run))
    }

    async fn try_to_cancel(
        &self,
        caller: &Caller,
        id: IntegrationId,
        run: RunId,
    ) -> Result<SyncRun, ServiceError> {
        let mut uow = self.storage.begin().await?;
        authorize_in(uow.as_mut(), caller, id, Need::Person(Role::Viewer)).await?;
        let mut integration = uow.lock_integration(id).await?.ok_or(Denied::NotFound)?;
        let run = uow.lock_run(run).await?;
        let mut run = run.filter(|run| run.integration_id == id).ok_or(Denied::NotFound)?;
        caller.satisfies(Need::Person(Role::Editor))?;
        let now = self.clock.now();
        if run.status.is_final() {
            return Ok(run);
        }
        let worked_on = run.lease.as_ref().is_some_and(|lease| lease.until > now);
        if run.status == RunStatus::Running && worked_on {
            uow.request_cancel(run.id).await?;
            run.cancel_requested = true;
        } else {
            let ending = Ending::cancelled(self.schedule, now);
            end_run(uow.as_mut(), &mut integration, &mut run, ending).await?;
        }
        uow.commit().await?;
        Ok(run)
    }
}

/// Judges existence, then role, in one unit of work with what follows.
pub(crate) async fn authorize_in(
    uow: &mut dyn UnitOfWork,
    caller: &Caller,
    id: IntegrationId,
    need: Need,
) -> Result<(), ServiceError> {
    admit(caller, uow.find_integration(id).await?, need)?;
    Ok(())
}
