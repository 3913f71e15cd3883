//! Single pulls.

use async_trait::async_trait;
use diesel::prelude::{
    BoolExpressionMethods as _, ExpressionMethods as _, NullableExpressionMethods as _,
    OptionalExtension as _, QueryDsl as _,
};
use diesel_async::RunQueryDsl;
use igny8_integration_domain::id::IntegrationId;
use igny8_integration_domain::ports::storage::{
    Busy, PendingPull, PullRepository, StorageError, WaitingPulls,
};
use igny8_integration_domain::time::{TICK, Timestamp};

use crate::rows::{PullRow, stored_count};
use crate::schema::{integrations, pulls};
use crate::types::At;
use crate::unit::{DieselUnitOfWork, change, hold, run};

/// The open pulls of an integration, by the key that begins with its account.
macro_rules! pulls_of {
    ($integration:expr) => {
        pulls::table
            .filter(pulls::account_id.nullable().eq(
                integrations::table.find($integration.get()).select(integrations::account_id).single_value(),
            ))
            .filter(pulls::integration_id.eq($integration.get()))
    };
}

/// One of them.
macro_rules! the_pull {
    ($integration:expr, $external_id:expr) => {
        pulls_of!($integration).filter(pulls::external_id.eq($external_id))
    };
}

#[async_trait]
impl PullRepository for DieselUnitOfWork {
    async fn upsert_pull(&mut self, pull: &PendingPull) -> Result<(), StorageError> {
        let open: Vec<(At, At, Option<At>)> = hold!(
            self,
            pulls::table
                .filter(pulls::account_id.eq(pull.account_id.get()))
                .filter(pulls::integration_id.eq(pull.integration_id.get()))
                .filter(pulls::external_id.eq(&pull.external_id))
                .select((pulls::wanted_at, pulls::due_at, pulls::held_until))
        )?;
        let Some((wanted_at, due_at, held_until)) = open.into_iter().next() else {
            let row = PullRow::from(pull);
            let stored: Option<i64> = change!(self, |c| diesel::insert_into(pulls::table)
                .values(&row)
                .on_conflict_do_nothing()
                .returning(pulls::integration_id)
                .get_result(c)
                .await
                .optional())?;
            return self.expect_row(stored).map(|_| ());
        };
        // Whoever holds it may have read already: the later time tells that it was asked for once more, also where
        // the clock that asks is behind.
        let due_at =
            if held_until.is_some() { pull.due_at.max(due_at.0 + TICK) } else { due_at.0.min(pull.due_at) };
        change!(self, |c| diesel::update(pulls::table)
            .filter(pulls::account_id.eq(pull.account_id.get()))
            .filter(pulls::integration_id.eq(pull.integration_id.get()))
            .filter(pulls::external_id.eq(&pull.external_id))
            .set((
                pulls::wanted_at.eq(At(wanted_at.0.max(pull.wanted_at))),
                pulls::due_at.eq(At(due_at)),
                pulls::tries.eq(stored_count(pull.tries.into())),
            ))
            .execute(c)
            .await)?;
        Ok(())
    }

    async fn claim_pulls(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        busy: &Busy,
        limit: u32,
    ) -> Result<Vec<PendingPull>, StorageError> {
        let integrations: Vec<i64> = busy.integrations.iter().map(|id| id.get()).collect();
        let accounts: Vec<i64> = busy.accounts.iter().map(|id| id.get()).collect();
        let rows: Vec<PullRow> = hold!(
            self,
            pulls::table
                .filter(pulls::due_at.le(At(now)))
                .filter(pulls::integration_id.ne_all(&integrations))
                .filter(pulls::account_id.ne_all(&accounts))
                .filter(pulls::held_until.is_null().or(pulls::held_until.le(Some(At(now)))))
                .order((pulls::due_at, pulls::integration_id, pulls::external_id))
                .limit(limit.into())
                .select((
                    pulls::account_id,
                    pulls::site_id,
                    pulls::integration_id,
                    pulls::external_id,
                    pulls::content_type,
                    pulls::wanted_at,
                    pulls::tries,
                    pulls::due_at,
                )),
            skip_locked
        )?;
        let claimed: Vec<PendingPull> =
            rows.into_iter().map(PendingPull::try_from).collect::<Result<_, _>>()?;
        for pull in &claimed {
            change!(self, |c| diesel::update(pulls::table)
                .filter(pulls::account_id.eq(pull.account_id.get()))
                .filter(pulls::integration_id.eq(pull.integration_id.get()))
                .filter(pulls::external_id.eq(&pull.external_id))
                .set(pulls::held_until.eq(Some(At(until))))
                .execute(c)
                .await)?;
        }
        Ok(claimed)
    }

    async fn waiting_pulls(&mut self, integration: IntegrationId) -> Result<WaitingPulls, StorageError> {
        let waiting: i64 = run!(self, |c| pulls_of!(integration).count().get_result(c).await)?;
        let retried: i64 =
            run!(self, |c| pulls_of!(integration).filter(pulls::tries.gt(0)).count().get_result(c).await)?;
        let next: Option<At> = run!(self, |c| pulls_of!(integration)
            .filter(pulls::tries.gt(0))
            .order(pulls::due_at)
            .select(pulls::due_at)
            .first(c)
            .await
            .optional())?;
        Ok(WaitingPulls {
            waiting: waiting.unsigned_abs(),
            retried: retried.unsigned_abs(),
            next_retry_at: next.map(|at| at.0),
        })
    }

    async fn close_pull(&mut self, claimed: &PendingPull, read_at: Timestamp) -> Result<bool, StorageError> {
        let closed =
            change!(self, |c| diesel::delete(the_pull!(claimed.integration_id, &claimed.external_id))
                .filter(pulls::wanted_at.le(At(read_at)))
                .filter(pulls::due_at.le(At(claimed.due_at)))
                .execute(c)
                .await)?;
        if closed > 0 {
            return Ok(true);
        }
        let kept =
            change!(self, |c| diesel::update(the_pull!(claimed.integration_id, &claimed.external_id))
                .set(pulls::held_until.eq(None::<At>))
                .execute(c)
                .await)?;
        Ok(kept == 0)
    }

    async fn postpone_pull(&mut self, pull: &PendingPull) -> Result<(), StorageError> {
        change!(self, |c| diesel::update(the_pull!(pull.integration_id, &pull.external_id))
            .set((
                pulls::due_at.eq(At(pull.due_at)),
                pulls::tries.eq(stored_count(pull.tries.into())),
                pulls::held_until.eq(None::<At>),
            ))
            .execute(c)
            .await)?;
        Ok(())
    }

    async fn postpone_pulls(
        &mut self,
        integration: IntegrationId,
        until: Timestamp,
    ) -> Result<(), StorageError> {
        change!(self, |c| diesel::update(
            pulls_of!(integration).filter(pulls::held_until.is_null()).filter(pulls::due_at.lt(At(until)))
        )
        .set(pulls::due_at.eq(At(until)))
        .execute(c)
        .await)?;
        Ok(())
    }
}
