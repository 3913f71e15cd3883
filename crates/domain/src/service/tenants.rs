//! What operators do: accounts, people, sites, their keys and webhook secrets.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use super::{Conflict, ServiceError};
use crate::account::{Account, Denied, Email, Role, Site, User, WebhookSecret};
use crate::id::{AccountId, SiteId, UserId};
use crate::integration::{ConflictPolicy, SiteUrl};
use crate::ports::storage::{NewSite, NewUser, Storage, StorageError, UnitOfWork};
use crate::ports::{Clock, CredentialCipher, Random};
use crate::time::Timestamp;
use crate::validation::FieldError;

/// How long an old key or webhook secret holds beside the new one.
pub const ROTATION_GRACE: Duration = Duration::from_hours(24);

/// Administration of tenants. Its caller is whoever operates the service, so it judges no access.
pub struct TenantService {
    storage: Arc<dyn Storage>,
    cipher: Arc<dyn CredentialCipher>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// What a first start makes, or finds.
#[derive(Debug)]
pub struct Bootstrapped {
    /// The account.
    pub account: Account,
    /// Its owner.
    pub user: User,
    /// Its site.
    pub site: Site,
    /// The site's key, where the site was made just now: it is shown once.
    pub api_key: Option<SecretString>,
}

/// What changes of an account.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountPatch {
    /// The switch.
    pub is_active: Option<bool>,
    /// What its integrations do about conflicts.
    pub conflict_policy: Option<ConflictPolicy>,
}

/// What changes of a person.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserPatch {
    /// The switch.
    pub is_active: Option<bool>,
    /// The role.
    pub role: Option<Role>,
}

impl TenantService {
    /// Over these ports.
    pub fn new(
        storage: Arc<dyn Storage>,
        cipher: Arc<dyn CredentialCipher>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { storage, cipher, clock, random }
    }

    /// An account, its owner and a site, each found by its name where it is there. Safe to repeat; two at once may
    /// make one of them fail as unavailable, which a repeat mends.
    pub async fn bootstrap(
        &self,
        account: &str,
        email: &str,
        site_url: &str,
    ) -> Result<Bootstrapped, ServiceError> {
        let name = valid_name("account", account)?;
        let email = Email::parse(email)?;
        let url = SiteUrl::parse("site_url", site_url)?;
        let now = self.clock.now();
        let mut unit = self.storage.begin().await?;
        let account = match unit.find_account_by_name(name).await? {
            Some(account) => account,
            None => unit.insert_account(name, ConflictPolicy::default(), now).await?,
        };
        let user = if let Some(user) = unit.find_user_by_email(account.id, &email).await? {
            user
        } else {
            let owner = NewUser { account_id: account.id, email, role: Role::Owner, created_at: now };
            unit.insert_user(owner).await?
        };
        let (site, api_key) = if let Some(site) = unit.find_site_by_url(account.id, &url).await? {
            (site, None)
        } else {
            let name = url.identity();
            let site = NewSite { account_id: account.id, name, url, created_at: now };
            let (site, key) = self.insert_site(unit.as_mut(), site).await?;
            (site, Some(key))
        };
        unit.commit().await?;
        Ok(Bootstrapped { account, user, site, api_key })
    }

    /// A new account; its name must be free.
    pub async fn create_account(&self, name: &str) -> Result<Account, ServiceError> {
        let name = valid_name("name", name)?;
        let mut unit = self.storage.begin().await?;
        let account = unit.insert_account(name, ConflictPolicy::default(), self.clock.now()).await;
        let account = account.map_err(taken)?;
        unit.commit().await?;
        Ok(account)
    }

    /// Changes an account.
    pub async fn set_account(&self, id: AccountId, patch: AccountPatch) -> Result<Account, ServiceError> {
        let mut unit = self.storage.begin().await?;
        let mut account = unit.find_account(id).await?.ok_or(Denied::NotFound)?;
        account.is_active = patch.is_active.unwrap_or(account.is_active);
        account.conflict_policy = patch.conflict_policy.unwrap_or(account.conflict_policy);
        unit.update_account(&account).await?;
        unit.commit().await?;
        Ok(account)
    }

    /// A new person; its address must be free in the account.
    pub async fn create_user(
        &self,
        account: AccountId,
        email: &str,
        role: Role,
    ) -> Result<User, ServiceError> {
        let email = Email::parse(email)?;
        let mut unit = self.storage.begin().await?;
        let account = unit.find_account(account).await?.ok_or(Denied::NotFound)?;
        let user = NewUser { account_id: account.id, email, role, created_at: self.clock.now() };
        let user = unit.insert_user(user).await.map_err(taken)?;
        unit.commit().await?;
        Ok(user)
    }

    /// Changes a person.
    pub async fn set_user(&self, id: UserId, patch: UserPatch) -> Result<User, ServiceError> {
        let mut unit = self.storage.begin().await?;
        let mut user = unit.find_user(id).await?.ok_or(Denied::NotFound)?;
        user.is_active = patch.is_active.unwrap_or(user.is_active);
        user.role = patch.role.unwrap_or(user.role);
        unit.update_user(&user).await?;
        unit.commit().await?;
        Ok(user)
    }

    /// A person.
    pub async fn get_user(&self, id: UserId) -> Result<User, ServiceError> {
        let mut unit = self.storage.read().await?;
        Ok(unit.find_user(id).await?.ok_or(Denied::NotFound)?)
    }

    /// Lets a person reach a site of its account; once more is fine.
    pub async fn grant(&self, user: UserId, site: SiteId) -> Result<(), ServiceError> {
        let mut unit = self.storage.begin().await?;
        let user = unit.find_user(user).await?.ok_or(Denied::NotFound)?;
        let site = unit.find_site(site).await?.filter(|site| site.account_id == user.account_id);
        let site = site.ok_or(Denied::NotFound)?;
        unit.grant(user.account_id, user.id, site.id).await?;
        Ok(unit.commit().await?)
    }

    /// Lets a person no longer reach a site; once more is fine.
    pub async fn revoke(&self, user: UserId, site: SiteId) -> Result<(), ServiceError> {
        let mut unit = self.storage.begin().await?;
        let user = unit.find_user(user).await?.ok_or(Denied::NotFound)?;
        unit.revoke(user.id, site).await?;
        Ok(unit.commit().await?)
    }

    /// A new site and its key, which is shown once.
    pub async fn create_site(
        &self,
        account: AccountId,
        name: &str,
        url: &str,
    ) -> Result<(Site, SecretString), ServiceError> {
        let name = valid_name("name", name)?.to_owned();
        let url = SiteUrl::parse("url", url)?;
        let mut unit = self.storage.begin().await?;
        let account = unit.find_account(account).await?.ok_or(Denied::NotFound)?;
        let site = NewSite { account_id: account.id, name, url, created_at: self.clock.now() };
        let made = self.insert_site(unit.as_mut(), site).await?;
        unit.commit().await?;
        Ok(made)
    }

    /// A new key of a site, shown once. The old ones hold for [`ROTATION_GRACE`], or end `at_once`.
    pub async fn rotate_site_key(&self, site: SiteId, at_once: bool) -> Result<SecretString, ServiceError> {
        let now = self.clock.now();
        let key = self.new_api_key();
        let mut unit = self.storage.begin().await?;
        let site = unit.find_site(site).await?.ok_or(Denied::NotFound)?;
        let kept = unit.insert_site_key(&site, key_hash(&key), now).await?;
        unit.expire_site_keys(site.id, &kept, old_ones_end(now, at_once)).await?;
        unit.commit().await?;
        Ok(key)
    }

    /// A new webhook secret of a site, shown once. The old ones hold for [`ROTATION_GRACE`], or end `at_once`.
    pub async fn rotate_webhook_secret(
        &self,
        site: SiteId,
        at_once: bool,
    ) -> Result<SecretString, ServiceError> {
        let now = self.clock.now();
        let secret = WebhookSecret::generate(self.random.as_ref());
        let mut unit = self.storage.begin().await?;
        let site = unit.find_site(site).await?.ok_or(Denied::NotFound)?;
        let stored = WebhookSecret::sealed(self.cipher.as_ref(), &site, &secret, now);
        unit.insert_webhook_secret(&stored).await?;
        unit.expire_webhook_secrets(site.id, now, old_ones_end(now, at_once)).await?;
        unit.commit().await?;
        Ok(secret)
    }

    async fn insert_site(
        &self,
        unit: &mut dyn UnitOfWork,
        site: NewSite,
    ) -> Result<(Site, SecretString), StorageError> {
        let now = site.created_at;
        let site = unit.insert_site(site).await?;
        let key = self.new_api_key();
        unit.insert_site_key(&site, key_hash(&key), now).await?;
        Ok((site, key))
    }

    fn new_api_key(&self) -> SecretString {
        format!("igny8_{}", URL_SAFE_NO_PAD.encode(self.random_bytes())).into()
    }

    fn random_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes);
        bytes
    }
}

/// What a site key is looked up by.
pub fn key_hash(key: &SecretString) -> [u8; 32] {
    Sha256::digest(key.expose_secret().as_bytes()).into()
}

fn old_ones_end(now: Timestamp, at_once: bool) -> Timestamp {
    let grace = TimeDelta::from_std(ROTATION_GRACE).unwrap_or_default();
    if at_once { now } else { now + grace }
}

fn taken(error: StorageError) -> ServiceError {
    match error {
        StorageError::Conflict => Conflict::AlreadyExists.into(),
        other => other.into(),
    }
}

fn valid_name<'a>(field: &str, text: &'a str) -> Result<&'a str, FieldError> {
    let name = text.trim();
    if (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        Ok(name)
    } else {
        Err(FieldError::new(field, "invalid_name", "a name has 1 to 200 characters and no control character"))
    }
}
