//! What was done for whom under which key.

use diesel::prelude::{Insertable, Queryable, Selectable};
use igny8_integration_domain::ports::storage::{Receipt, ReceiptKey, StorageError};
use igny8_integration_domain::time::Timestamp;

use super::{corrupt, present};
use crate::schema::receipts;
use crate::types::At;

#[derive(Insertable)]
#[diesel(table_name = receipts, treat_none_as_default_value = false)]
pub struct NewReceiptRow<'a> {
    account_id: i64,
    sender: &'a str,
    path: &'a str,
    key: &'a str,
    body_hash: Vec<u8>,
    result: Option<i64>,
    created_at: At,
}

impl<'a> NewReceiptRow<'a> {
    /// One whose request is about to be done.
    pub fn new(key: &'a ReceiptKey, body_hash: [u8; 32], now: Timestamp) -> Self {
        Self {
            account_id: key.account_id.get(),
            sender: &key.sender,
            path: &key.path,
            key: &key.key,
            body_hash: body_hash.to_vec(),
            result: None,
            created_at: At(now),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = receipts)]
pub struct ReceiptRow {
    body_hash: Vec<u8>,
    result: Option<i64>,
}

impl TryFrom<ReceiptRow> for Receipt {
    type Error = StorageError;

    fn try_from(row: ReceiptRow) -> Result<Self, StorageError> {
        let length = row.body_hash.len();
        let hash = row.body_hash.try_into();
        Ok(Self {
            body_hash: hash.map_err(|_| corrupt("receipts.body_hash", &format!("{length} bytes")))?,
            result: present(row.result, "receipts.result")?,
        })
    }
}
