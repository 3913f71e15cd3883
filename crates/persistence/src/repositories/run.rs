//! Runs.

use async_trait::async_trait;
use diesel::SelectableHelper as _;
use diesel::dsl::not;
use diesel::prelude::{
    BoolExpressionMethods as _, ExpressionMethods as _, NullableExpressionMethods as _,
    OptionalExtension as _, QueryDsl as _,
};
use diesel_async::RunQueryDsl;
use igny8_integration_domain::id::{IntegrationId, RunId};
use igny8_integration_domain::ports::storage::{Cursor, CursorPage, Queued, RunRepository, StorageError};
use igny8_integration_domain::sync::{Lease, NewRun, RunStatus, SyncRun};
use igny8_integration_domain::time::{Timestamp, to_stored};

use super::paging::{one_more, page_around};
use crate::rows::{NewRunRow, RunColumns, RunRow};
use crate::schema::{integrations, runs};
use crate::types::At;
use crate::unit::{DieselUnitOfWork, change, hold, run};

/// An integration's runs, by the index that begins with its account.
macro_rules! runs_of {
    ($integration:expr) => {
        runs::table
            .filter(runs::account_id.nullable().eq(
                integrations::table.find($integration.get()).select(integrations::account_id).single_value(),
            ))
            .filter(runs::integration_id.eq($integration.get()))
    };
}

#[async_trait]
impl RunRepository for DieselUnitOfWork {
    async fn insert_run(&mut self, run: &NewRun) -> Result<Queued, StorageError> {
        let new = NewRunRow::new(run)?;
        let id: Option<i64> = change!(self, |c| diesel::insert_into(runs::table)
            .values(new)
            .on_conflict_do_nothing()
            .returning(runs::id)
            .get_result(c)
            .await
            .optional())?;
        if let Some(id) = id {
            let stored = self.runs_by_id(vec![id]).await?.pop();
            return Ok(Queued::New(Box::new(self.expect_row(stored)?)));
        }
        // None where the other one ended in this very moment.
        let active = self.find_active_run(run.integration_id).await?;
        Ok(Queued::Active(self.expect_row(active)?.id))
    }

    async fn find_run(&mut self, id: RunId) -> Result<Option<SyncRun>, StorageError> {
        Ok(self.runs_by_id(vec![id.get()]).await?.pop())
    }

    async fn lock_run(&mut self, id: RunId) -> Result<Option<SyncRun>, StorageError> {
        let held = hold!(self, runs::table.find(id.get()).select(runs::id))?;
        Ok(self.runs_by_id(held).await?.pop())
    }

    async fn find_active_run(&mut self, integration: IntegrationId) -> Result<Option<SyncRun>, StorageError> {
        let ids = run!(self, |c| runs_of!(integration)
            .filter(runs::active)
            .filter(not(runs::dry_run))
            .select(runs::id)
            .load(c)
            .await)?;
        Ok(self.runs_by_id(ids).await?.pop())
    }

    async fn find_last_run(&mut self, integration: IntegrationId) -> Result<Option<SyncRun>, StorageError> {
        let ids = run!(self, |c| runs_of!(integration)
            .filter(not(runs::active))
            .filter(not(runs::dry_run))
            .order(runs::id.desc())
            .limit(1)
            .select(runs::id)
            .load(c)
            .await)?;
        Ok(self.runs_by_id(ids).await?.pop())
    }

    async fn list_runs(
        &mut self,
        integration: IntegrationId,
        cursor: Cursor,
        limit: u32,
    ) -> Result<CursorPage<SyncRun>, StorageError> {
        let ids: Vec<i64> = run!(self, |c, Db| {
            let query = runs_of!(integration).into_boxed::<Db>().limit(one_more(limit)).select(runs::id);
            match cursor {
                Cursor::Newest => query.order(runs::id.desc()).load(c).await,
                Cursor::OlderThan(id) => query.filter(runs::id.lt(id)).order(runs::id.desc()).load(c).await,
                Cursor::NewerThan(id) => query.filter(runs::id.gt(id)).order(runs::id).load(c).await,
            }
        })?;
        let behind: Option<i64> = run!(self, |c, Db| {
            let query = runs_of!(integration).into_boxed::<Db>().limit(1).select(runs::id);
            match cursor {
                Cursor::Newest => Ok(None),
                Cursor::OlderThan(id) => query.filter(runs::id.ge(id)).get_result(c).await.optional(),
                Cursor::NewerThan(id) => query.filter(runs::id.le(id)).get_result(c).await.optional(),
            }
        })?;
        let page = page_around(ids, cursor, limit, behind.is_some());
        let mut runs = self.runs_by_id(page.items).await?;
        runs.reverse();
        Ok(CursorPage { items: runs, has_newer: page.has_newer, has_older: page.has_older })
    }

    async fn claim_run(
        &mut self,
        only: Option<RunId>,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Option<SyncRun>, StorageError> {
        let (from, to) = only.map_or((1, i64::MAX), |id| (id.get(), id.get()));
        // What another claimer holds at this moment is skipped, not waited for.
        let held = hold!(
            self,
            runs::table
                .filter(runs::active)
                .filter(runs::id.between(from, to))
                .filter(runs::lease_until.is_null().or(runs::lease_until.le(At(now))))
                .filter(runs::next_attempt_at.is_null().or(runs::next_attempt_at.le(At(now))))
                .order((runs::queued_at, runs::id))
                .limit(1)
                .select(runs::id),
            skip_locked
        )?;
        let Some(mut run) = self.runs_by_id(held).await?.pop() else { return Ok(None) };
        run.status = RunStatus::Running;
        run.started_at = run.started_at.or(Some(to_stored(now)));
        run.lease = Some(Lease { owner: owner.to_owned(), until: to_stored(lease_until) });
        run.fence += 1;
        run.next_attempt_at = None;
        run.attempt += 1;
        self.record_claim(&run).await?;
        Ok(Some(run))
    }

    async fn record_run(&mut self, run: &SyncRun) -> Result<bool, StorageError> {
        let columns = RunColumns::new(run)?;
        let cancel: Option<bool> = change!(self, |c| diesel::update(runs::table)
            .filter(runs::id.eq(run.id.get()))
            .filter(runs::fence.eq(run.fence))
            .filter(runs::active)
            .set(columns)
            .returning(runs::cancel_requested)
            .get_result(c)
            .await
            .optional())?;
        self.expect_row(cancel)
    }

    async fn renew_lease(
        &mut self,
        id: RunId,
        fence: i64,
        until: Timestamp,
    ) -> Result<Option<bool>, StorageError> {
        change!(self, |c| diesel::update(runs::table)
            .filter(runs::id.eq(id.get()))
            .filter(runs::fence.eq(fence))
            .filter(runs::active)
            .filter(runs::lease_owner.is_not_null())
            .set(runs::lease_until.eq(At(until)))
            .returning(runs::cancel_requested)
            .get_result(c)
            .await
            .optional())
    }

    async fn release_runs(&mut self, owner: &str) -> Result<u64, StorageError> {
        let released = change!(self, |c| diesel::update(runs::table)
            .filter(runs::active)
            .filter(runs::lease_owner.eq(owner))
            .set((runs::lease_owner.eq(None::<String>), runs::lease_until.eq(None::<At>)))
            .execute(c)
            .await)?;
        Ok(released.try_into().unwrap_or(u64::MAX))
    }

    async fn purge_runs(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError> {
        let old: Vec<i64> = run!(self, |c| runs::table
            .filter(runs::finished_at.lt(At(before)))
            .order(runs::finished_at)
            .limit(limit.into())
            .select(runs::id)
            .load(c)
            .await)?;
        let deleted =
            change!(self, |c| diesel::delete(runs::table).filter(runs::id.eq_any(&old)).execute(c).await)?;
        Ok(deleted as u64)
    }

    async fn request_cancel(&mut self, id: RunId) -> Result<(), StorageError> {
        change!(self, |c| diesel::update(runs::table.find(id.get()))
            .set(runs::cancel_requested.eq(true))
            .execute(c)
            .await)?;
        Ok(())
    }
}

impl DieselUnitOfWork {
    /// The runs of these ids, by id.
    async fn runs_by_id(&mut self, ids: Vec<i64>) -> Result<Vec<SyncRun>, StorageError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<RunRow> = run!(self, |c| runs::table
            .filter(runs::id.eq_any(ids))
            .order(runs::id)
            .select(RunRow::as_select())
            .load(c)
            .await)?;
        rows.into_iter().map(SyncRun::try_from).collect()
    }

    /// Writes what a claim sets; the row is held.
    async fn record_claim(&mut self, run: &SyncRun) -> Result<(), StorageError> {
        let lease = run.lease.as_ref();
        change!(self, |c| diesel::update(runs::table.find(run.id.get()))
            .set((
                runs::status.eq(run.status.as_str()),
                runs::started_at.eq(At::maybe(run.started_at)),
                runs::lease_owner.eq(lease.map(|lease| lease.owner.as_str())),
                runs::lease_until.eq(lease.map(|lease| At(lease.until))),
                runs::fence.eq(run.fence),
                runs::next_attempt_at.eq(None::<At>),
                runs::attempt.eq(i64::from(run.attempt)),
            ))
            .execute(c)
            .await)?;
        Ok(())
    }
}
