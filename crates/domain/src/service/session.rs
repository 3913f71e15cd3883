//! Who is calling: from what was proved to what it may reach, as the store has it now.

use std::sync::Arc;

use secrecy::SecretString;
use subtle::ConstantTimeEq as _;

use crate::account::{Caller, SiteKey, SiteScope};
use crate::id::{AccountId, UserId};
use crate::ports::Clock;
use crate::ports::storage::{Storage, StorageError, UnitOfWork};
use crate::service::ServiceError;
use crate::service::account::hash_site_key;
use crate::time::Timestamp;

/// Why there is no caller.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Nobody is known by that; a key that has expired included.
    #[error("nobody is known by these credentials")]
    NotAuthenticated,
    /// The person or the account is switched off.
    #[error("this account is switched off")]
    Inactive,
    /// The store could not be asked.
    #[error("the session could not be looked up")]
    Failed(#[source] ServiceError),
}

impl From<StorageError> for SessionError {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

/// Makes callers. Nothing is remembered here: whoever caches answers for at most 5 s.
pub struct SessionService {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
}

impl SessionService {
    /// A new one.
    pub fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Self {
        Self { storage, clock }
    }

    /// The person whose id a valid token named.
    pub async fn user_caller(&self, id: UserId) -> Result<Caller, SessionError> {
        let mut unit = self.storage.read().await?;
        let user = unit.find_user(id).await?.ok_or(SessionError::NotAuthenticated)?;
        if !user.is_active || !is_account_active(&mut *unit, user.account_id).await? {
            return Err(SessionError::Inactive);
        }
        let sites = if user.role.reaches_every_site() {
            SiteScope::All
        } else {
            SiteScope::Only(unit.list_memberships(id).await?.into_iter().collect())
        };
        Ok(Caller::User { user_id: id, account_id: user.account_id, role: user.role, sites })
    }

    /// The plugin that holds this key.
    pub async fn site_key_caller(&self, key: &SecretString) -> Result<Caller, SessionError> {
        let mut unit = self.storage.read().await?;
        let key =
            find_valid_key(&mut *unit, key, self.clock.now()).await?.ok_or(SessionError::NotAuthenticated)?;
        if !is_account_active(&mut *unit, key.account_id).await? {
            return Err(SessionError::Inactive);
        }
        Ok(Caller::SiteKey { key_id: key.id, account_id: key.account_id, site_id: key.site_id })
    }
}

pub(crate) async fn is_account_active(
    unit: &mut dyn UnitOfWork,
    id: AccountId,
) -> Result<bool, StorageError> {
    Ok(unit.find_account(id).await?.is_some_and(|account| account.is_active))
}

/// The stored key that `key` is, where it still opens its site. An unknown key takes the same look-up and the same
/// comparison as a known one.
pub(crate) async fn find_valid_key(
    unit: &mut (dyn UnitOfWork + '_),
    key: &SecretString,
    now: Timestamp,
) -> Result<Option<SiteKey>, StorageError> {
    let hash = hash_site_key(key);
    let found = unit.find_site_key(hash).await?;
    let stored = found.as_ref().map_or([0; 32], |key| key.hash);
    let same = bool::from(stored.ct_eq(&hash));
    Ok(found.filter(|key| same && key.is_valid(now)))
}
