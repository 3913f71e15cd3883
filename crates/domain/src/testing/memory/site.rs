//! Sites, their keys and their webhook secrets.

use std::cmp::Reverse;

use async_trait::async_trait;

use super::state::{Table, at_most};
use super::unit::MemoryUnit;
use crate::account::{Site, SiteKey, WebhookSecret};
use crate::id::{AccountId, SiteId};
use crate::integration::SiteUrl;
use crate::ports::storage::{NewSite, SiteRepository, StorageError};
use crate::time::Timestamp;

/// Ends what would hold longer than `at`.
fn shorten(expires_at: &mut Option<Timestamp>, at: Timestamp) {
    if expires_at.is_none_or(|expires_at| expires_at > at) {
        *expires_at = Some(at);
    }
}

#[async_trait]
impl SiteRepository for MemoryUnit {
    async fn insert_site(&mut self, site: NewSite) -> Result<Site, StorageError> {
        self.write(|state| {
            state.require_account(site.account_id)?;
            let site = Site {
                id: state.next_id(Table::Sites)?,
                account_id: site.account_id,
                name: site.name,
                url: site.url,
                created_at: site.created_at,
            };
            state.sites.insert(site.id, site.clone());
            Ok(site)
        })
    }

    async fn find_site(&mut self, id: SiteId) -> Result<Option<Site>, StorageError> {
        Ok(self.state()?.sites.get(&id).cloned())
    }

    async fn lock_site(&mut self, id: SiteId) -> Result<Option<Site>, StorageError> {
        Ok(self.locked()?.sites.get(&id).cloned())
    }

    async fn find_site_by_url(
        &mut self,
        account: AccountId,
        url: &SiteUrl,
    ) -> Result<Option<Site>, StorageError> {
        let is_it = |site: &&Site| site.account_id == account && site.url == *url;
        Ok(self.state()?.sites.values().find(is_it).cloned())
    }

    async fn insert_site_key(
        &mut self,
        site: &Site,
        hash: [u8; 32],
        now: Timestamp,
    ) -> Result<SiteKey, StorageError> {
        self.write(|state| {
            state.require_site(site.account_id, site.id)?;
            if state.site_keys.values().any(|key| key.hash == hash) {
                return Err(StorageError::Conflict);
            }
            let key = SiteKey {
                id: state.next_id(Table::SiteKeys)?,
                account_id: site.account_id,
                site_id: site.id,
                hash,
                created_at: now,
                expires_at: None,
            };
            state.site_keys.insert(key.id, key.clone());
            Ok(key)
        })
    }

    async fn find_site_key(&mut self, hash: [u8; 32]) -> Result<Option<SiteKey>, StorageError> {
        Ok(self.state()?.site_keys.values().find(|key| key.hash == hash).cloned())
    }

    async fn expire_site_keys(
        &mut self,
        site: SiteId,
        keep: &SiteKey,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.write(|state| {
            let others = state.site_keys.values_mut().filter(|key| key.site_id == site && key.id != keep.id);
            others.for_each(|key| shorten(&mut key.expires_at, at));
            Ok(())
        })
    }

    async fn insert_webhook_secret(&mut self, secret: &WebhookSecret) -> Result<(), StorageError> {
        self.write(|state| {
            state.require_site(secret.account_id, secret.site_id)?;
            let name = (secret.site_id, secret.created_at);
            if state.webhook_secrets.contains_key(&name) {
                return Err(StorageError::Conflict);
            }
            state.webhook_secrets.insert(name, secret.clone());
            Ok(())
        })
    }

    async fn list_webhook_secrets(
        &mut self,
        site: SiteId,
        now: Timestamp,
    ) -> Result<Vec<WebhookSecret>, StorageError> {
        let holds =
            |secret: &&WebhookSecret| secret.site_id == site && secret.expires_at.is_none_or(|at| now < at);
        let mut secrets: Vec<_> = self.state()?.webhook_secrets.values().filter(holds).cloned().collect();
        secrets.sort_by_key(|secret| Reverse(secret.created_at));
        Ok(secrets)
    }

    async fn expire_webhook_secrets(
        &mut self,
        site: SiteId,
        made_before: Timestamp,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.write(|state| {
            let older = state
                .webhook_secrets
                .values_mut()
                .filter(|secret| secret.site_id == site && secret.created_at < made_before);
            older.for_each(|secret| shorten(&mut secret.expires_at, at));
            Ok(())
        })
    }

    async fn list_all_webhook_secrets(
        &mut self,
        after: Option<SiteId>,
        limit: u32,
    ) -> Result<Vec<WebhookSecret>, StorageError> {
        let above = self.state()?.webhook_secrets.values().filter(|secret| Some(secret.site_id) > after);
        Ok(at_most(above.cloned(), limit))
    }

    async fn reseal_webhook_secret(
        &mut self,
        secret: &WebhookSecret,
        sealed: &[u8],
    ) -> Result<bool, StorageError> {
        self.write(|state| {
            let stored = state
                .webhook_secrets
                .get_mut(&(secret.site_id, secret.created_at))
                .filter(|stored| stored.sealed == secret.sealed);
            let Some(stored) = stored else { return Ok(false) };
            stored.sealed = sealed.to_vec();
            Ok(true)
        })
    }
}
