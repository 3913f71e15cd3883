//! What was done for whom under which key.

use async_trait::async_trait;
use diesel::SelectableHelper as _;
use diesel::prelude::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _};
use diesel_async::RunQueryDsl;
use igny8_integration_domain::ports::storage::{Receipt, ReceiptKey, ReceiptRepository, StorageError};
use igny8_integration_domain::time::Timestamp;

use crate::rows::{NewReceiptRow, ReceiptRow};
use crate::schema::receipts;
use crate::types::At;
use crate::unit::{DieselUnitOfWork, change, run};

/// The row of a key.
macro_rules! row_of {
    ($key:expr) => {
        receipts::table.find(($key.account_id.get(), &$key.sender, &$key.path, &$key.key))
    };
}

#[async_trait]
impl ReceiptRepository for DieselUnitOfWork {
    async fn claim_receipt(
        &mut self,
        key: &ReceiptKey,
        body_hash: [u8; 32],
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Receipt>, StorageError> {
        change!(self, |c| diesel::delete(row_of!(key))
            .filter(receipts::created_at.le(At(since)))
            .execute(c)
            .await)?;
        let new = NewReceiptRow::new(key, body_hash, now);
        // Waits for a unit that holds the key.
        let inserted = change!(self, |c| diesel::insert_into(receipts::table)
            .values(&new)
            .on_conflict_do_nothing()
            .execute(c)
            .await)?;
        if inserted > 0 {
            return Ok(None);
        }
        let row: Option<ReceiptRow> =
            run!(self, |c| row_of!(key).select(ReceiptRow::as_select()).get_result(c).await.optional())?;
        // None where it was forgotten in this very moment.
        Ok(Some(self.expect_row(row)?.try_into()?))
    }

    async fn record_receipt(&mut self, key: &ReceiptKey, result: i64) -> Result<(), StorageError> {
        let updated = change!(self, |c| diesel::update(row_of!(key))
            .set(receipts::result.eq(result))
            .execute(c)
            .await)?;
        self.expect_row((updated > 0).then_some(()))
    }

    async fn purge_receipts(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError> {
        let old: Vec<(i64, String, String, String)> = run!(self, |c| receipts::table
            .filter(receipts::created_at.lt(At(before)))
            .order(receipts::created_at)
            .limit(limit.into())
            .select((receipts::account_id, receipts::sender, receipts::path, receipts::key))
            .load(c)
            .await)?;
        let mut purged = 0;
        for (account, sender, path, key) in &old {
            // One that was claimed anew meanwhile stays.
            purged += change!(self, |c| diesel::delete(receipts::table.find((account, sender, path, key)))
                .filter(receipts::created_at.lt(At(before)))
                .execute(c)
                .await)?;
        }
        Ok(purged as u64)
    }
}
