//! Storage in memory that keeps the port's promises: units of work that commit whole or not at all, one writer at a
//! time, readers that see one consistent view.

mod account;
mod content;
mod event;
mod integration;
mod pull;
mod receipt;
mod run;
mod site;
mod state;
mod unit;
mod webhook;

use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;

use super::held;
use crate::ports::storage::{Storage, StorageError, UnitOfWork};
use state::State;
use unit::MemoryUnit;

/// How the next commit goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitFault {
    /// Nothing of it happens.
    Refused,
    /// All of it happens, and the answer is lost.
    AnswerLost,
}

/// A database in memory. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryStorage(Arc<Shared>);

#[derive(Default)]
struct Shared {
    committed: Mutex<Arc<State>>,
    writer: Arc<futures_util::lock::Mutex<()>>,
    faults: Mutex<Faults>,
}

#[derive(Default)]
struct Faults {
    away: bool,
    /// How many commits still pass, and what happens to the one after them.
    commit: Option<(u32, CommitFault)>,
}

impl MemoryStorage {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the database away, or brings it back. Units of work under way go on until they commit.
    pub fn set_away(&self, away: bool) {
        held(&self.0.faults).away = away;
    }

    /// Makes the next commit of a writing unit go wrong, once.
    pub fn fail_next_commit(&self, fault: CommitFault) {
        self.fail_commit(0, fault);
    }

    /// Lets so many commits of writing units pass and makes the one after them go wrong, once.
    pub fn fail_commit(&self, after: u32, fault: CommitFault) {
        held(&self.0.faults).commit = Some((after, fault));
    }
}

impl Faults {
    fn strike(&mut self) -> Option<CommitFault> {
        let (left, fault) = self.commit.take()?;
        if left == 0 {
            return Some(fault);
        }
        self.commit = Some((left - 1, fault));
        None
    }
}

impl Shared {
    fn check(&self) -> Result<(), StorageError> {
        if held(&self.faults).away { Err(unavailable("the database was taken away")) } else { Ok(()) }
    }
}

fn unavailable(reason: &'static str) -> StorageError {
    StorageError::Unavailable(anyhow::anyhow!(reason))
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn read(&self) -> Result<Box<dyn UnitOfWork>, StorageError> {
        self.0.check()?;
        Ok(Box::new(MemoryUnit::reading(Arc::clone(&self.0))))
    }

    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StorageError> {
        self.0.check()?;
        let writer = Arc::clone(&self.0.writer).lock_owned().await;
        Ok(Box::new(MemoryUnit::writing(Arc::clone(&self.0), writer)))
    }

    async fn check_ready(&self) -> Result<(), StorageError> {
        self.0.check()
    }
}
