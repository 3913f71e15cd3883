//! Single pulls.

use async_trait::async_trait;

use super::state::at_most;
use super::unit::MemoryUnit;
use crate::id::IntegrationId;
use crate::ports::storage::{Busy, PendingPull, PullRepository, StorageError, WaitingPulls};
use crate::time::{TICK, Timestamp};

/// A pull, and until when somebody works on it.
#[derive(Clone)]
pub(super) struct OpenPull {
    pub(super) pull: PendingPull,
    held_until: Option<Timestamp>,
}

#[async_trait]
impl PullRepository for MemoryUnit {
    async fn upsert_pull(&mut self, pull: &PendingPull) -> Result<(), StorageError> {
        self.write(|state| {
            state.require_integration(pull.integration_id)?;
            let name = (pull.integration_id, pull.external_id.clone());
            let open =
                state.pulls.entry(name).or_insert_with(|| OpenPull { pull: pull.clone(), held_until: None });
            let known = open.pull.due_at;
            open.pull.due_at = match open.held_until {
                Some(_) => pull.due_at.max(known + TICK),
                None => pull.due_at.min(known),
            };
            open.pull.wanted_at = open.pull.wanted_at.max(pull.wanted_at);
            open.pull.tries = pull.tries;
            Ok(())
        })
    }

    async fn claim_pulls(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        busy: &Busy,
        limit: u32,
    ) -> Result<Vec<PendingPull>, StorageError> {
        self.write(|state| {
            let is_free = |open: &&OpenPull| open.held_until.is_none_or(|until| until <= now);
            let free = state.pulls.values().filter(is_free).map(|open| &open.pull);
            let is_busy = |pull: &PendingPull| {
                busy.integrations.contains(&pull.integration_id) || busy.accounts.contains(&pull.account_id)
            };
            let is_due = |pull: &&PendingPull| pull.due_at <= now && !is_busy(pull);
            let mut due: Vec<PendingPull> = free.filter(is_due).cloned().collect();
            due.sort_by_key(|pull| (pull.due_at, pull.integration_id, pull.external_id.clone()));
            let claimed = at_most(due.into_iter(), limit);
            for pull in &claimed {
                if let Some(open) = state.pulls.get_mut(&(pull.integration_id, pull.external_id.clone())) {
                    open.held_until = Some(until);
                }
            }
            Ok(claimed)
        })
    }

    async fn waiting_pulls(&mut self, integration: IntegrationId) -> Result<WaitingPulls, StorageError> {
        let pulls = || self.state().map(|state| state.pulls.values().map(|open| &open.pull));
        let of_it = |pull: &&PendingPull| pull.integration_id == integration;
        let retried = |pull: &&PendingPull| of_it(pull) && pull.tries > 0;
        Ok(WaitingPulls {
            waiting: pulls()?.filter(of_it).count() as u64,
            retried: pulls()?.filter(retried).count() as u64,
            next_retry_at: pulls()?.filter(retried).map(|pull| pull.due_at).min(),
        })
    }

    async fn close_pull(&mut self, claimed: &PendingPull, read_at: Timestamp) -> Result<bool, StorageError> {
        self.write(|state| {
            let name = (claimed.integration_id, claimed.external_id.clone());
            let Some(open) = state.pulls.get_mut(&name) else { return Ok(true) };
            let closed = open.pull.wanted_at <= read_at && open.pull.due_at <= claimed.due_at;
            if closed {
                state.pulls.remove(&name);
            } else {
                open.held_until = None;
            }
            Ok(closed)
        })
    }

    async fn postpone_pull(&mut self, pull: &PendingPull) -> Result<(), StorageError> {
        self.write(|state| {
            if let Some(open) = state.pulls.get_mut(&(pull.integration_id, pull.external_id.clone())) {
                open.pull.due_at = pull.due_at;
                open.pull.tries = pull.tries;
                open.held_until = None;
            }
            Ok(())
        })
    }

    async fn postpone_pulls(
        &mut self,
        integration: IntegrationId,
        until: Timestamp,
    ) -> Result<(), StorageError> {
        self.write(|state| {
            let free = state.pulls.values_mut().filter(|open| open.held_until.is_none());
            for open in free.filter(|open| open.pull.integration_id == integration) {
                open.pull.due_at = open.pull.due_at.max(until);
            }
            Ok(())
        })
    }
}
