//! Deliveries and their numbers.

use async_trait::async_trait;
use chrono::TimeDelta;
use diesel::SelectableHelper as _;
use diesel::prelude::{
    ExpressionMethods as _, NullableExpressionMethods as _, OptionalExtension as _, QueryDsl as _,
};
use diesel_async::RunQueryDsl;
use igny8_integration_domain::id::{AccountId, SiteId, SiteKeyId};
use igny8_integration_domain::ports::storage::{
    StorageError, StoredDelivery, WebhookCounter, WebhookRepository,
};
use igny8_integration_domain::time::Timestamp;

use crate::rows::{CounterRow, DeliveryRow};
use crate::schema::{deliveries, site_key_uses, site_keys, site_sequences, sites, webhook_counters};
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
