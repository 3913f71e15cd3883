//! Deliveries, their numbers, and single pulls.

use async_trait::async_trait;
use chrono::TimeDelta;
use diesel::SelectableHelper as _;
use diesel::prelude::{
    BoolExpressionMethods as _, ExpressionMethods as _, NullableExpressionMethods as _,
    OptionalExtension as _, QueryDsl as _,
};
use diesel_async::RunQueryDsl;
use igny8_integration_domain::id::{AccountId, IntegrationId, SiteId, SiteKeyId};
use igny8_integration_domain::ports::storage::{
    Busy, PendingPull, StorageError, StoredDelivery, WaitingPulls, WebhookCounter, WebhookRepository,
};
use igny8_integration_domain::time::{TICK, Timestamp};

use crate::rows::{CounterRow, DeliveryRow, PullRow, stored_count};
use crate::schema::{
    deliveries, integrations, pulls, site_key_uses, site_keys, site_sequences, sites, webhook_counters,
};
use crate::types::At;
use crate::unit::{DieselUnitOfWork, change, hold, run};

/// For how long a delivery of the same key stands in the way.
const A_WEEK: TimeDelta = TimeDelta::days(7);

/// The account of a site, inside another query: indexes begin with it.
macro_rules! account_of {
    ($site:expr) => {
        sites::table.find($site.get()).select(sites::account_id).single_value()
    };
}

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
impl WebhookRepository for DieselUnitOfWork {
    async fn find_delivery(
        &mut self,
        site: SiteId,
        key: &str,
        since: Timestamp,
    ) -> Result<Option<StoredDelivery>, StorageError> {
        let row: Option<DeliveryRow> = run!(self, |c| deliveries::table
            .filter(deliveries::account_id.nullable().eq(account_of!(site)))
            .filter(deliveries::site_id.eq(site.get()))
            .filter(deliveries::key.eq(key))
            .filter(deliveries::received_at.gt(At(since)))
            .select(DeliveryRow::as_select())
            .get_result(c)
            .await
            .optional())?;
        row.map(StoredDelivery::try_from).transpose()
    }

    async fn insert_delivery(&mut self, delivery: &StoredDelivery) -> Result<(), StorageError> {
        let row = DeliveryRow::from(delivery);
        change!(self, |c| diesel::delete(deliveries::table)
            .filter(deliveries::account_id.eq(delivery.account_id.get()))
            .filter(deliveries::site_id.eq(delivery.site_id.get()))
            .filter(deliveries::key.eq(&delivery.key))
            .filter(deliveries::received_at.le(At(delivery.received_at - A_WEEK)))
            .execute(c)
            .await)?;
        let stored: Option<i64> = change!(self, |c| diesel::insert_into(deliveries::table)
            .values(&row)
            .on_conflict_do_nothing()
            .returning(deliveries::site_id)
            .get_result(c)
            .await
            .optional())?;
        self.expect_row(stored).map(|_| ())
    }

    async fn count_webhook(
        &mut self,
        account: AccountId,
        site: SiteId,
        kind: &str,
        note: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        use webhook_counters as counters;
        change!(self, |c| diesel::insert_into(counters::table)
            .values((
                counters::account_id.eq(account.get()),
                counters::site_id.eq(site.get()),
                counters::kind.eq(kind),
                counters::count.eq(1),
                counters::last_at.eq(At(now)),
                counters::note.eq(note),
            ))
            .on_conflict((counters::account_id, counters::site_id, counters::kind))
            .do_update()
            .set((
                counters::count.eq(counters::count + 1),
                counters::last_at.eq(At(now)),
                counters::note.eq(note),
            ))
            .execute(c)
            .await)?;
        Ok(())
    }

    async fn list_webhook_counters(&mut self, site: SiteId) -> Result<Vec<WebhookCounter>, StorageError> {
        let rows: Vec<CounterRow> = run!(self, |c| webhook_counters::table
            .filter(webhook_counters::account_id.nullable().eq(account_of!(site)))
            .filter(webhook_counters::site_id.eq(site.get()))
            .order(webhook_counters::kind)
            .select(CounterRow::as_select())
            .load(c)
            .await)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    async fn raise_sequence(
        &mut self,
        account: AccountId,
        site: SiteId,
        sequence: i64,
    ) -> Result<Option<i64>, StorageError> {
        let held: Vec<i64> = hold!(
            self,
            site_sequences::table
                .filter(site_sequences::account_id.eq(account.get()))
                .filter(site_sequences::site_id.eq(site.get()))
                .select(site_sequences::sequence)
        )?;
        let Some(before) = held.into_iter().next() else {
            let stored: Option<i64> = change!(self, |c| diesel::insert_into(site_sequences::table)
                .values((
                    site_sequences::account_id.eq(account.get()),
                    site_sequences::site_id.eq(site.get()),
                    site_sequences::sequence.eq(sequence),
                ))
                .on_conflict_do_nothing()
                .returning(site_sequences::sequence)
                .get_result(c)
                .await
                .optional())?;
            return self.expect_row(stored).map(|_| None);
        };
        change!(self, |c| diesel::update(site_sequences::table)
            .filter(site_sequences::account_id.eq(account.get()))
            .filter(site_sequences::site_id.eq(site.get()))
            .set(site_sequences::sequence.eq(before.max(sequence)))
            .execute(c)
            .await)?;
        Ok(Some(before))
    }

    async fn require_signatures(&mut self, key: SiteKeyId, now: Timestamp) -> Result<(), StorageError> {
        let (account, site) = self.owner_of_key(key).await?;
        change!(self, |c| diesel::insert_into(site_key_uses::table)
            .values((
                site_key_uses::account_id.eq(account),
                site_key_uses::site_id.eq(site),
                site_key_uses::key_id.eq(key.get()),
            ))
            .on_conflict_do_nothing()
            .execute(c)
            .await)?;
        change!(self, |c| diesel::update(site_key_uses::table)
            .filter(site_key_uses::account_id.eq(account))
            .filter(site_key_uses::site_id.eq(site))
            .filter(site_key_uses::key_id.eq(key.get()))
            .filter(site_key_uses::signs_since.is_null())
            .set(site_key_uses::signs_since.eq(Some(At(now))))
            .execute(c)
            .await)?;
        Ok(())
    }

    async fn record_onboarded(&mut self, key: SiteKeyId, now: Timestamp) -> Result<(), StorageError> {
        let (account, site) = self.owner_of_key(key).await?;
        change!(self, |c| diesel::insert_into(site_key_uses::table)
            .values((
                site_key_uses::account_id.eq(account),
                site_key_uses::site_id.eq(site),
                site_key_uses::key_id.eq(key.get()),
                site_key_uses::onboarded_at.eq(Some(At(now))),
            ))
            .on_conflict((site_key_uses::account_id, site_key_uses::site_id, site_key_uses::key_id))
            .do_update()
            .set(site_key_uses::onboarded_at.eq(Some(At(now))))
            .execute(c)
            .await)?;
        Ok(())
    }

    async fn must_sign(&mut self, key: SiteKeyId) -> Result<bool, StorageError> {
        let asked: Option<(i64, i64, At)> = run!(self, |c| site_keys::table
            .find(key.get())
            .select((site_keys::account_id, site_keys::site_id, site_keys::created_at))
            .get_result(c)
            .await
            .optional())?;
        let Some((account, site, created_at)) = asked else { return Ok(false) };
        let uses: Vec<(i64, Option<At>, Option<At>)> = run!(self, |c| site_key_uses::table
            .filter(site_key_uses::account_id.eq(account))
            .filter(site_key_uses::site_id.eq(site))
            .select((site_key_uses::key_id, site_key_uses::signs_since, site_key_uses::onboarded_at))
            .load(c)
            .await)?;
        let since = uses.iter().filter_map(|(_, signs_since, _)| signs_since.map(|at| at.0)).max();
        let Some(since) = since else { return Ok(false) };
        let own = uses.iter().find(|(id, ..)| *id == key.get());
        let onboarded = own.and_then(|(_, _, onboarded_at)| onboarded_at.map(|at| at.0));
        Ok(!(created_at.0 > since && onboarded.is_some_and(|at| at > since)))
    }

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

    async fn purge_deliveries(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError> {
        let old: Vec<(i64, i64, String)> = run!(self, |c| deliveries::table
            .filter(deliveries::received_at.lt(At(before)))
            .order(deliveries::received_at)
            .limit(limit.into())
            .select((deliveries::account_id, deliveries::site_id, deliveries::key))
            .load(c)
            .await)?;
        for (account, site, key) in &old {
            change!(self, |c| diesel::delete(deliveries::table)
                .filter(deliveries::account_id.eq(account))
                .filter(deliveries::site_id.eq(site))
                .filter(deliveries::key.eq(key))
                .filter(deliveries::received_at.lt(At(before)))
                .execute(c)
                .await)?;
        }
        Ok(old.len() as u64)
    }
}

impl DieselUnitOfWork {
    /// Account and site of a key. A key that is not there is somebody else's change.
    async fn owner_of_key(&mut self, key: SiteKeyId) -> Result<(i64, i64), StorageError> {
        let owner: Option<(i64, i64)> = run!(self, |c| site_keys::table
            .find(key.get())
            .select((site_keys::account_id, site_keys::site_id))
            .get_result(c)
            .await
            .optional())?;
        self.expect_row(owner)
    }
}
