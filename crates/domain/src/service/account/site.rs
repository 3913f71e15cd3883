//! Sites, their keys and their webhook secrets.

use chrono::TimeDelta;
use secrecy::SecretString;

use super::secrets::{hash_site_key, new_site_key, new_webhook_secret};
use super::{AccountService, name_of, unknown};
use crate::account::{Account, Site, WebhookSecret};
use crate::id::{AccountId, SiteId};
use crate::integration::SiteUrl;
use crate::ports::storage::{NewSite, UnitOfWork};
use crate::service::ServiceError;
use crate::service::race::retrying;
use crate::time::Timestamp;

/// How long a key or secret still holds after another took its place.
const GRACE: TimeDelta = TimeDelta::hours(24);

/// A site to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSiteCommand {
    /// Whose.
    pub account_id: AccountId,
    /// What people call it.
    pub name: String,
    /// Its address; need not be unique.
    pub url: SiteUrl,
}

/// A key of a site, shown once: only its hash is kept.
#[derive(Clone, Debug)]
pub struct IssuedSiteKey {
    /// The site it opens.
    pub site_id: SiteId,
    /// The key.
    pub api_key: SecretString,
}

impl AccountService {
    /// Makes a site with its first key and webhook secret.
    pub async fn create_site(&self, command: &NewSiteCommand) -> Result<IssuedSiteKey, ServiceError> {
        let name = name_of("name", &command.name)?;
        let mut unit = self.storage.begin().await?;
        let account = unit
            .find_account(command.account_id)
            .await?
            .ok_or_else(|| unknown("account", command.account_id))?;
        let issued = self.add_site(&mut *unit, &account, name, command.url.clone()).await?;
        unit.commit().await?;
        Ok(issued)
    }

    /// Gives a site another key. The old ones hold for another 24 hours, or end at once.
    pub async fn rotate_site_key(
        &self,
        id: SiteId,
        end_old_now: bool,
    ) -> Result<IssuedSiteKey, ServiceError> {
        retrying!(self.try_rotate_site_key(id, end_old_now))
    }

    /// The site is held: of two who rotate at once the later one must see, and end, the other's key.
    async fn try_rotate_site_key(
        &self,
        id: SiteId,
        end_old_now: bool,
    ) -> Result<IssuedSiteKey, ServiceError> {
        let now = self.clock.now();
        let api_key = new_site_key(&*self.random);
        let mut unit = self.storage.begin().await?;
        let site = unit.lock_site(id).await?.ok_or_else(|| unknown("site", id))?;
        let key = unit.insert_site_key(&site, hash_site_key(&api_key), now).await?;
        unit.expire_site_keys(id, &key, end_of_old(now, end_old_now)).await?;
        unit.commit().await?;
        Ok(IssuedSiteKey { site_id: id, api_key })
    }

    /// Gives a site another webhook secret. The old ones hold for another 24 hours, or end at once.
    pub async fn rotate_webhook_secret(
        &self,
        id: SiteId,
        end_old_now: bool,
    ) -> Result<SecretString, ServiceError> {
        retrying!(self.try_rotate_webhook_secret(id, end_old_now))
    }

    async fn try_rotate_webhook_secret(
        &self,
        id: SiteId,
        end_old_now: bool,
    ) -> Result<SecretString, ServiceError> {
        let now = self.clock.now();
        let mut unit = self.storage.begin().await?;
        let site = unit.lock_site(id).await?.ok_or_else(|| unknown("site", id))?;
        let newest = unit.list_webhook_secrets(id, now).await?.into_iter().map(|old| old.created_at).max();
        // The instant names the secret, so no two share one, whatever the clock does.
        let made_at = newest.map_or(now, |newest| now.max(newest + TimeDelta::microseconds(1)));
        let secret = new_webhook_secret(&*self.random);
        unit.insert_webhook_secret(&WebhookSecret::seal(&*self.cipher, &site, &secret, made_at)).await?;
        unit.expire_webhook_secrets(id, made_at, end_of_old(now, end_old_now)).await?;
        unit.commit().await?;
        Ok(secret)
    }

    pub(super) async fn add_site(
        &self,
        unit: &mut dyn UnitOfWork,
        account: &Account,
        name: String,
        url: SiteUrl,
    ) -> Result<IssuedSiteKey, ServiceError> {
        let now = self.clock.now();
        let api_key = new_site_key(&*self.random);
        let new = NewSite { account_id: account.id, name, url, created_at: now };
        let site: Site = unit.insert_site(new).await?;
        unit.insert_site_key(&site, hash_site_key(&api_key), now).await?;
        let secret = new_webhook_secret(&*self.random);
        unit.insert_webhook_secret(&WebhookSecret::seal(&*self.cipher, &site, &secret, now)).await?;
        Ok(IssuedSiteKey { site_id: site.id, api_key })
    }
}

fn end_of_old(now: Timestamp, at_once: bool) -> Timestamp {
    if at_once { now } else { now + GRACE }
}
