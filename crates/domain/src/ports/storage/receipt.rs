//! What was done for whom under which key, so that a request that is sent again is not done again.

use async_trait::async_trait;

use super::StorageError;
use crate::id::AccountId;
use crate::time::Timestamp;

/// What makes two requests the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptKey {
    /// Whose the sender is.
    pub account_id: AccountId,
    /// The sender: `user:7`, `site_key:3`.
    pub sender: String,
    /// What was asked of.
    pub path: String,
    /// The sender's own word for the request.
    pub key: String,
}

/// A request that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// SHA-256 of its body.
    pub body_hash: [u8; 32],
    /// The id of what it made.
    pub result: i64,
}

/// Receipts.
#[async_trait]
pub trait ReceiptRepository {
    /// The receipt of a request under this key that was done after `since`; where there is none, the key is this
    /// unit's until it ends: another unit that wants it waits, and then sees what this one recorded.
    /// [`StorageError::Conflict`] where two wanted it at once: decide anew.
    async fn claim_receipt(
        &mut self,
        key: &ReceiptKey,
        body_hash: [u8; 32],
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Receipt>, StorageError>;

    /// Records what came of the request whose key this unit holds.
    async fn record_receipt(&mut self, key: &ReceiptKey, result: i64) -> Result<(), StorageError>;

    /// Forgets receipts of requests that were done before then, at most `limit`; gives how many.
    async fn purge_receipts(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError>;
}
