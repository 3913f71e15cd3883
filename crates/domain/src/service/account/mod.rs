//! What whoever operates the service does with tenants, people, sites and the secrets of sites. It takes no caller:
//! only commands on the machine reach it.

mod bootstrap;
mod secrets;
mod site;
mod user;

use std::sync::Arc;

pub use bootstrap::{Bootstrap, Bootstrapped};
pub(crate) use secrets::{hash_site_key, new_webhook_secret};
pub use site::{IssuedSiteKey, NewSiteCommand};
pub use user::{NewUserCommand, UserChange};

use crate::account::Account;
use crate::id::AccountId;
use crate::integration::ConflictPolicy;
use crate::ports::storage::{Storage, StorageError};
use crate::ports::{Clock, CredentialCipher, Random};
use crate::service::ServiceError;
use crate::validation::FieldError;

/// The longest name of an account or a site, in characters.
const MAX_NAME: usize = 200;

/// Keeps accounts, people and sites. What an argument names and is not there is a [`ServiceError::Invalid`] on that
/// argument, code `not_found`; what is there already has the code `already_exists`.
pub struct AccountService {
    storage: Arc<dyn Storage>,
    cipher: Arc<dyn CredentialCipher>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// A change of an account. None leaves a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// Whether its people and plugins are let in.
    pub is_active: Option<bool>,
    /// What its integrations do about conflicts unless they say otherwise.
    pub conflict_policy: Option<ConflictPolicy>,
}

impl AccountService {
    /// A new one.
    pub fn new(
        storage: Arc<dyn Storage>,
        cipher: Arc<dyn CredentialCipher>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { storage, cipher, clock, random }
    }

    /// Makes an account. Its name is unique.
    pub async fn create_account(&self, name: &str) -> Result<Account, ServiceError> {
        let name = name_of("name", name)?;
        let mut unit = self.storage.begin().await?;
        let account = unit
            .insert_account(&name, ConflictPolicy::default(), self.clock.now())
            .await
            .map_err(|error| taken(error, "name", "there is an account of this name already"))?;
        unit.commit().await?;
        Ok(account)
    }

    /// Switches an account on or off, or changes what it does about conflicts.
    pub async fn set_account(&self, id: AccountId, change: AccountChange) -> Result<Account, ServiceError> {
        let mut unit = self.storage.begin().await?;
        let mut account = unit.find_account(id).await?.ok_or_else(|| unknown("account", id))?;
        account.is_active = change.is_active.unwrap_or(account.is_active);
        account.conflict_policy = change.conflict_policy.unwrap_or(account.conflict_policy);
        unit.update_account(&account).await?;
        unit.commit().await?;
        Ok(account)
    }
}

/// A name as it is kept.
fn name_of(field: &str, text: &str) -> Result<String, FieldError> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
        let message = format!("a name is 1 to {MAX_NAME} characters without control characters");
        return Err(FieldError::new(field, "invalid_name", message));
    }
    Ok(text.to_owned())
}

/// Whoever operates the service may know what there is: an id that names nothing is a mistake in that argument.
fn unknown(field: &str, id: impl std::fmt::Display) -> FieldError {
    FieldError::new(field, "not_found", format!("there is no {field} {id}"))
}

fn taken(error: StorageError, field: &str, message: &str) -> ServiceError {
    match error {
        StorageError::Conflict => FieldError::new(field, "already_exists", message).into(),
        error => error.into(),
    }
}
