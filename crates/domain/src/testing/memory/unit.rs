//! One transaction on a copy of everything.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::lock::OwnedMutexGuard;

use super::state::State;
use super::{CommitFault, Shared, unavailable};
use crate::ports::storage::{StorageError, UnitOfWork};
use crate::testing::held;

/// Works on its own copy and puts it in the place of the committed one at the end: rows are shared until they are
/// written, so a copy costs little, and dropping it is the rollback.
pub(super) struct MemoryUnit {
    shared: Arc<Shared>,
    state: Arc<State>,
    writer: Option<OwnedMutexGuard<()>>,
    failed: bool,
}

impl MemoryUnit {
    pub(super) fn reading(shared: Arc<Shared>) -> Self {
        let state = Arc::clone(&held(&shared.committed));
        Self { shared, state, writer: None, failed: false }
    }

    pub(super) fn writing(shared: Arc<Shared>, writer: OwnedMutexGuard<()>) -> Self {
        Self { writer: Some(writer), ..Self::reading(shared) }
    }

    /// For a statement that reads.
    pub(super) fn state(&self) -> Result<&State, StorageError> {
        self.require_sound()?;
        Ok(&self.state)
    }

    /// For a row that is held until the end: only a unit that writes may.
    pub(super) fn locked(&mut self) -> Result<&State, StorageError> {
        self.require_writer()?;
        self.state()
    }

    /// A statement that writes; after one that failed there is no other, and commit refuses.
    pub(super) fn write<T>(
        &mut self,
        statement: impl FnOnce(&mut State) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        self.require_writer()?;
        self.require_sound()?;
        let outcome = statement(Arc::make_mut(&mut self.state));
        self.failed |= outcome.is_err();
        outcome
    }

    fn require_sound(&self) -> Result<(), StorageError> {
        if self.failed {
            return Err(StorageError::Other(anyhow::anyhow!(
                "a statement of this unit of work failed before"
            )));
        }
        Ok(())
    }

    fn require_writer(&mut self) -> Result<(), StorageError> {
        if self.writer.is_some() {
            return Ok(());
        }
        self.failed = true;
        Err(StorageError::Other(anyhow::anyhow!("a unit of work that only reads can't write or hold rows")))
    }
}

#[async_trait]
impl UnitOfWork for MemoryUnit {
    async fn commit(self: Box<Self>) -> Result<(), StorageError> {
        self.require_sound()?;
        if self.writer.is_none() {
            return Ok(());
        }
        self.shared.check()?;
        let fault = held(&self.shared.faults).strike();
        if fault == Some(CommitFault::Refused) {
            return Err(unavailable("the commit was refused"));
        }
        *held(&self.shared.committed) = Arc::clone(&self.state);
        if fault == Some(CommitFault::AnswerLost) {
            return Err(unavailable("the answer to the commit was lost"));
        }
        Ok(())
    }
}
