//! Receipts. Units that write take turns, so whoever claims a key holds it anyway.

use async_trait::async_trait;

use super::state::at_most;
use super::unit::MemoryUnit;
use crate::ports::storage::{Receipt, ReceiptKey, ReceiptRepository, StorageError};
use crate::time::Timestamp;

/// A receipt, and when its request was done.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) body_hash: [u8; 32],
    pub(super) result: Option<i64>,
    pub(super) created_at: Timestamp,
}

#[async_trait]
impl ReceiptRepository for MemoryUnit {
    async fn claim_receipt(
        &mut self,
        key: &ReceiptKey,
        body_hash: [u8; 32],
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Receipt>, StorageError> {
        self.write(|state| {
            state.receipts.retain(|kept, row| kept != key || row.created_at > since);
            match state.receipts.get(key) {
                Some(Row { body_hash, result: Some(result), .. }) => {
                    Ok(Some(Receipt { body_hash: *body_hash, result: *result }))
                }
                Some(_) => Err(StorageError::Conflict),
                None => {
                    state.receipts.insert(key.clone(), Row { body_hash, result: None, created_at: now });
                    Ok(None)
                }
            }
        })
    }

    async fn record_receipt(&mut self, key: &ReceiptKey, result: i64) -> Result<(), StorageError> {
        self.write(|state| match state.receipts.get_mut(key) {
            Some(row) => {
                row.result = Some(result);
                Ok(())
            }
            None => Err(StorageError::Other(anyhow::anyhow!("the receipt was not claimed"))),
        })
    }

    async fn purge_receipts(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.write(|state| {
            let old = state.receipts.iter().filter(|(_, row)| row.created_at < before);
            let keys = at_most(old.map(|(key, _)| key.clone()), limit);
            state.receipts.retain(|key, _| !keys.contains(key));
            Ok(keys.len() as u64)
        })
    }
}
