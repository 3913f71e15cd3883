//! Tenants, people and sites.

use async_trait::async_trait;

use super::StorageError;
use crate::account::{Account, Email, Role, Site, SiteKey, User, WebhookSecret};
use crate::id::{AccountId, SiteId, UserId};
use crate::integration::{ConflictPolicy, SiteUrl};
use crate::time::Timestamp;

/// A person that is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// Whose.
    pub account_id: AccountId,
    /// Unique within the account, whatever the letter case.
    pub email: Email,
    /// What it may do.
    pub role: Role,
    /// Now.
    pub created_at: Timestamp,
}

/// A site that is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSite {
    /// Whose.
    pub account_id: AccountId,
    /// What people call it.
    pub name: String,
    /// Its address.
    pub url: SiteUrl,
    /// Now.
    pub created_at: Timestamp,
}

/// Accounts and people.
#[async_trait]
pub trait AccountRepository {
    /// Makes an account. [`StorageError::Conflict`] where the name is taken.
    async fn insert_account(
        &mut self,
        name: &str,
        policy: ConflictPolicy,
        now: Timestamp,
    ) -> Result<Account, StorageError>;
    /// An account.
    async fn find_account(&mut self, id: AccountId) -> Result<Option<Account>, StorageError>;
    /// The account of that very name.
    async fn find_account_by_name(&mut self, name: &str) -> Result<Option<Account>, StorageError>;
    /// Writes switch and policy.
    async fn update_account(&mut self, account: &Account) -> Result<(), StorageError>;
    /// Makes a person. [`StorageError::Conflict`] where the account has that address.
    async fn insert_user(&mut self, user: NewUser) -> Result<User, StorageError>;
    /// A person.
    async fn find_user(&mut self, id: UserId) -> Result<Option<User>, StorageError>;
    /// The person of that address.
    async fn find_user_by_email(
        &mut self,
        account: AccountId,
        email: &Email,
    ) -> Result<Option<User>, StorageError>;
    /// Writes switch and role.
    async fn update_user(&mut self, user: &User) -> Result<(), StorageError>;
    /// Makes a person a member of a site; once more is fine.
    async fn grant(&mut self, account: AccountId, user: UserId, site: SiteId) -> Result<(), StorageError>;
    /// Ends a membership; none is fine.
    async fn revoke(&mut self, user: UserId, site: SiteId) -> Result<(), StorageError>;
    /// The sites that a person is a member of.
    async fn list_memberships(&mut self, user: UserId) -> Result<Vec<SiteId>, StorageError>;
}

/// Sites, their keys and their webhook secrets.
#[async_trait]
pub trait SiteRepository {
    /// Makes a site.
    async fn insert_site(&mut self, site: NewSite) -> Result<Site, StorageError>;
    /// A site.
    async fn find_site(&mut self, id: SiteId) -> Result<Option<Site>, StorageError>;
    /// One, held until the unit ends: its keys and secrets are changed by one at a time.
    async fn lock_site(&mut self, id: SiteId) -> Result<Option<Site>, StorageError>;
    /// The account's oldest site of that address.
    async fn find_site_by_url(
        &mut self,
        account: AccountId,
        url: &SiteUrl,
    ) -> Result<Option<Site>, StorageError>;
    /// Stores a key's hash.
    async fn insert_site_key(
        &mut self,
        site: &Site,
        hash: [u8; 32],
        now: Timestamp,
    ) -> Result<SiteKey, StorageError>;
    /// The key with that hash, expired or not.
    async fn find_site_key(&mut self, hash: [u8; 32]) -> Result<Option<SiteKey>, StorageError>;
    /// Ends every key of the site that would hold longer, but `keep`.
    async fn expire_site_keys(
        &mut self,
        site: SiteId,
        keep: &SiteKey,
        at: Timestamp,
    ) -> Result<(), StorageError>;
    /// Stores a webhook secret.
    async fn insert_webhook_secret(&mut self, secret: &WebhookSecret) -> Result<(), StorageError>;
    /// The site's secrets that hold at `now`, newest first.
    async fn list_webhook_secrets(
        &mut self,
        site: SiteId,
        now: Timestamp,
    ) -> Result<Vec<WebhookSecret>, StorageError>;
    /// Ends every secret of the site made before `made_before` that would hold longer.
    async fn expire_webhook_secrets(
        &mut self,
        site: SiteId,
        made_before: Timestamp,
        at: Timestamp,
    ) -> Result<(), StorageError>;
    /// Secrets of sites above `after`, by site and age, for re-encryption.
    async fn list_all_webhook_secrets(
        &mut self,
        after: Option<SiteId>,
        limit: u32,
    ) -> Result<Vec<WebhookSecret>, StorageError>;
    /// Replaces the sealed text of the secret made then, where it still is `old`; says whether it was.
    async fn reseal_webhook_secret(
        &mut self,
        secret: &WebhookSecret,
        sealed: &[u8],
    ) -> Result<bool, StorageError>;
}
