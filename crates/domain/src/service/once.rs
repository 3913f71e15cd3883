//! A request that is sent again is answered, not done again.

use chrono::TimeDelta;

use crate::account::Caller;
use crate::id::AccountId;
use crate::ports::storage::{ReceiptKey, UnitOfWork};
use crate::service::ServiceError;
use crate::time::Timestamp;

/// How long a key is remembered.
pub(crate) const KEPT: TimeDelta = TimeDelta::hours(24);

/// What a sender calls a request (`Idempotency-Key`), with what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The sender's own word for it.
    pub key: String,
    /// What it was asked of.
    pub path: String,
    /// SHA-256 of its body.
    pub body_hash: [u8; 32],
}

/// What is to be done about a request.
pub(crate) enum Claim {
    /// It has no key: do it.
    Unkeyed,
    /// Do it, and record what came of it.
    New(ReceiptKey),
    /// It was done: this came of it.
    Done(i64),
}

/// Judges a request by its key, in the unit of work that will do it. [`ServiceError::IdempotencyKeyReused`] where the
/// key was used for another body.
pub(crate) async fn claim(
    unit: &mut dyn UnitOfWork,
    account_id: AccountId,
    caller: &Caller,
    key: Option<&IdempotencyKey>,
    now: Timestamp,
) -> Result<Claim, ServiceError> {
    let Some(key) = key else { return Ok(Claim::Unkeyed) };
    let receipt =
        ReceiptKey { account_id, sender: sender(caller), path: key.path.clone(), key: key.key.clone() };
    match unit.claim_receipt(&receipt, key.body_hash, now - KEPT, now).await? {
        None => Ok(Claim::New(receipt)),
        Some(done) if done.body_hash == key.body_hash => Ok(Claim::Done(done.result)),
        Some(_) => Err(ServiceError::IdempotencyKeyReused),
    }
}

impl Claim {
    /// Records what came of it.
    pub(crate) async fn settle(self, unit: &mut dyn UnitOfWork, result: i64) -> Result<(), ServiceError> {
        if let Self::New(key) = self {
            unit.record_receipt(&key, result).await?;
        }
        Ok(())
    }
}

fn sender(caller: &Caller) -> String {
    let actor = caller.actor();
    match actor.id {
        Some(id) => format!("{}:{id}", actor.kind.as_str()),
        None => actor.kind.as_str().to_owned(),
    }
}
