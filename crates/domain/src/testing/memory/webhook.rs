//! Deliveries and single pulls.

use async_trait::async_trait;

use super::state::at_most;
use super::unit::MemoryUnit;
use crate::id::{AccountId, IntegrationId, SiteId, SiteKeyId};
use crate::ports::storage::{
    Busy, PendingPull, StorageError, StoredDelivery, WaitingPulls, WebhookCounter, WebhookRepository,
};
use crate::time::{TICK, Timestamp};

/// What a plugin has said and done with one key.
#[derive(Clone, Copy, Default)]
pub(super) struct SiteKeyUse {
    signs_since: Option<Timestamp>,
    onboarded_at: Option<Timestamp>,
}

/// A pull, and until when somebody works on it.
#[derive(Clone)]
pub(super) struct OpenPull {
    pub(super) pull: PendingPull,
    held_until: Option<Timestamp>,
}

#[async_trait]
impl WebhookRepository for MemoryUnit {
    async fn find_delivery(
        &mut self,
        site: SiteId,
        key: &str,
        since: Timestamp,
    ) -> Result<Option<StoredDelivery>, StorageError> {
        let found = self.state()?.deliveries.get(&(site, key.to_owned()));
        Ok(found.filter(|delivery| delivery.received_at > since).cloned())
    }

    async fn insert_delivery(&mut self, delivery: &StoredDelivery) -> Result<(), StorageError> {
        self.write(|state| {
            state.require_site(delivery.account_id, delivery.site_id)?;
            let name = (delivery.site_id, delivery.key.clone());
            let a_week_before = delivery.received_at - chrono::TimeDelta::days(7);
            if state.deliveries.get(&name).is_some_and(|known| known.received_at > a_week_before) {
                return Err(StorageError::Conflict);
            }
            state.deliveries.insert(name, delivery.clone());
            Ok(())
        })
    }

    async fn count_webhook(
        &mut self,
        account: AccountId,
        site: SiteId,
        kind: &str,
        note: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.write(|state| {
            state.require_site(account, site)?;
            let name = (site, kind.to_owned());
            let counter = state.webhook_counters.entry(name).or_insert_with(|| WebhookCounter {
                kind: kind.to_owned(),
                count: 0,
                last_at: now,
                note: None,
            });
            counter.count += 1;
            counter.last_at = now;
            counter.note = note.map(str::to_owned);
            Ok(())
        })
    }

    async fn list_webhook_counters(&mut self, site: SiteId) -> Result<Vec<WebhookCounter>, StorageError> {
        let counters = self.state()?.webhook_counters.iter();
        Ok(counters.filter(|((of, _), _)| *of == site).map(|(_, counter)| counter.clone()).collect())
    }

    async fn raise_sequence(
        &mut self,
        account: AccountId,
        site: SiteId,
        sequence: i64,
    ) -> Result<Option<i64>, StorageError> {
        self.write(|state| {
            state.require_site(account, site)?;
            let before = state.sequences.get(&site).copied();
            state.sequences.insert(site, before.map_or(sequence, |before| before.max(sequence)));
            Ok(before)
        })
    }

    async fn require_signatures(&mut self, key: SiteKeyId, now: Timestamp) -> Result<(), StorageError> {
        self.write(|state| {
            state.site_key_uses.entry(key).or_default().signs_since.get_or_insert(now);
            Ok(())
        })
    }

    async fn record_onboarded(&mut self, key: SiteKeyId, now: Timestamp) -> Result<(), StorageError> {
        self.write(|state| {
            state.site_key_uses.entry(key).or_default().onboarded_at = Some(now);
            Ok(())
        })
    }

    async fn must_sign(&mut self, key: SiteKeyId) -> Result<bool, StorageError> {
        let state = self.state()?;
        let Some(asked) = state.site_keys.get(&key) else { return Ok(false) };
        let of_site = state.site_keys.values().filter(|other| other.site_id == asked.site_id);
        let signs = of_site.filter_map(|other| state.site_key_uses.get(&other.id)?.signs_since);
        let Some(since) = signs.max() else { return Ok(false) };
        let onboarded = state.site_key_uses.get(&key).and_then(|used| used.onboarded_at);
        Ok(!(asked.created_at > since && onboarded.is_some_and(|at| at > since)))
    }

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

    async fn purge_deliveries(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.write(|state| {
            let old = state.deliveries.iter().filter(|(_, delivery)| delivery.received_at < before);
            let names = at_most(old.map(|(name, _)| name.clone()), limit);
            for name in &names {
                state.deliveries.remove(name);
            }
            Ok(names.len() as u64)
        })
    }
}
