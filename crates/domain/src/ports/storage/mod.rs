//! Where everything is kept.
//!
//! A [`UnitOfWork`] is a transaction: what is done in it is committed whole or not at all, and dropping it undoes it.
//! After a failed statement (a [`StorageError::Conflict`] is one too) every other one and `commit` refuse: begin anew.
//! The platform is never awaited inside one: claim, commit, call, record.

mod account;
mod content;
mod event;
mod integration;
mod paging;
mod pull;
mod receipt;
mod run;
mod webhook;

use async_trait::async_trait;

pub use account::{AccountRepository, NewSite, NewUser, SiteRepository};
pub use content::{ContentFilter, ContentRepository, ContentTotals, LinkStamp, PendingQuery};
pub use event::{EventFilter, EventRepository};
pub use integration::{IntegrationFilter, IntegrationOrder, IntegrationRepository};
pub use paging::{Cursor, CursorPage, Page, PageRequest};
pub use pull::{Busy, PendingPull, PullRepository, WaitingPulls};
pub use receipt::{Receipt, ReceiptKey, ReceiptRepository};
pub use run::{Queued, RunRepository};
pub use webhook::{StoredDelivery, WebhookCounter, WebhookRepository};

/// Why the store did not do it, by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The row exists already, or somebody else changed it first. Read again and decide anew.
    #[error("the row exists already or was changed by somebody else")]
    Conflict,
    /// The database gave the unit up for another's sake: a deadlock, or two that can't be put one after the other.
    /// Nothing of it happened, and nothing is wrong with it: begin it again, at once.
    #[error("the database gave way to somebody else")]
    Aborted(#[source] anyhow::Error),
    /// What is stored can't be what was stored. A person must look.
    #[error("a stored row makes no sense: {0}")]
    Corrupt(String),
    /// The database is away, busy or restarting. Nothing happened, or all of it; repeat later.
    #[error("the database is not available")]
    Unavailable(#[source] anyhow::Error),
    /// Anything else: a bug.
    #[error("the database refused")]
    Other(#[source] anyhow::Error),
}

impl StorageError {
    /// Whether the same unit, decided anew on what is stored now, may well go through at once.
    pub fn is_worth_another_try(&self) -> bool {
        matches!(self, Self::Conflict | Self::Aborted(_))
    }
}

/// A database.
#[async_trait]
pub trait Storage: Send + Sync {
    /// A unit of work that only reads: one consistent view, takes no locks.
    async fn read(&self) -> Result<Box<dyn UnitOfWork>, StorageError>;

    /// A unit of work that writes.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StorageError>;

    /// Whether the database answers and no migration is pending.
    async fn check_ready(&self) -> Result<(), StorageError>;
}

/// One transaction. `find_…` gives an option and takes no lock; `lock_…` holds the rows, as found, until the unit
/// ends; `insert_…` gives what was stored; `update_…` writes the whole row and moves its version by one.
#[async_trait]
pub trait UnitOfWork:
    AccountRepository
    + SiteRepository
    + IntegrationRepository
    + ContentRepository
    + RunRepository
    + EventRepository
    + ReceiptRepository
    + WebhookRepository
    + PullRepository
    + Send
{
    /// Makes it durable: when this returns `Ok`, a power cut loses nothing of it.
    async fn commit(self: Box<Self>) -> Result<(), StorageError>;
}
