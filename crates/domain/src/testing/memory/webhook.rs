//! Deliveries.

use async_trait::async_trait;

use super::state::at_most;
use super::unit::MemoryUnit;
use crate::id::{AccountId, SiteId, SiteKeyId};
use crate::ports::storage::{StorageError, StoredDelivery, WebhookCounter, WebhookRepository};
use crate::time::Timestamp;

/// What a plugin has said and done with one key.
#[derive(Clone, Copy, Default)]
pub(super) struct SiteKeyUse {
    signs_since: Option<Timestamp>,
    onboarded_at: Option<Timestamp>,
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
