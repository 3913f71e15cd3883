//! People and what they reach.

use super::{AccountService, taken, unknown};
use crate::account::{Email, Role, User};
use crate::id::{AccountId, SiteId, UserId};
use crate::ports::storage::{NewUser, UnitOfWork};
use crate::service::ServiceError;
use crate::validation::FieldError;

/// A person to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUserCommand {
    /// Whose.
    pub account_id: AccountId,
    /// Unique within the account, whatever the letter case.
    pub email: Email,
    /// What it may do.
    pub role: Role,
}

/// A change of a person. None leaves a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// Whether it is let in.
    pub is_active: Option<bool>,
    /// What it may do.
    pub role: Option<Role>,
}

impl AccountService {
    /// Makes a person.
    pub async fn create_user(&self, command: &NewUserCommand) -> Result<User, ServiceError> {
        let mut unit = self.storage.begin().await?;
        if unit.find_account(command.account_id).await?.is_none() {
            return Err(unknown("account", command.account_id).into());
        }
        let user = unit
            .insert_user(NewUser {
                account_id: command.account_id,
                email: command.email.clone(),
                role: command.role,
                created_at: self.clock.now(),
            })
            .await
            .map_err(|error| taken(error, "email", "the account has a person of this address already"))?;
        unit.commit().await?;
        Ok(user)
    }

    /// A person.
    pub async fn get_user(&self, id: UserId) -> Result<User, ServiceError> {
        let found = self.storage.read().await?.find_user(id).await?;
        Ok(found.ok_or_else(|| unknown("user", id))?)
    }

    /// Switches a person on or off, or changes its role.
    pub async fn set_user(&self, id: UserId, change: UserChange) -> Result<User, ServiceError> {
        let mut unit = self.storage.begin().await?;
        let mut user = unit.find_user(id).await?.ok_or_else(|| unknown("user", id))?;
        user.is_active = change.is_active.unwrap_or(user.is_active);
        user.role = change.role.unwrap_or(user.role);
        unit.update_user(&user).await?;
        unit.commit().await?;
        Ok(user)
    }

    /// Lets a person reach a site of its account; once more is fine.
    pub async fn grant(&self, user: UserId, site: SiteId) -> Result<(), ServiceError> {
        let mut unit = self.storage.begin().await?;
        let account = shared_account(&mut *unit, user, site).await?;
        unit.grant(account, user, site).await?;
        Ok(unit.commit().await?)
    }

    /// Ends that; where there was nothing to end that is fine.
    pub async fn revoke(&self, user: UserId, site: SiteId) -> Result<(), ServiceError> {
        let mut unit = self.storage.begin().await?;
        shared_account(&mut *unit, user, site).await?;
        unit.revoke(user, site).await?;
        Ok(unit.commit().await?)
    }
}

async fn shared_account(
    unit: &mut dyn UnitOfWork,
    user: UserId,
    site: SiteId,
) -> Result<AccountId, ServiceError> {
    let person = unit.find_user(user).await?.ok_or_else(|| unknown("user", user))?;
    let account = unit.find_site(site).await?.ok_or_else(|| unknown("site", site))?.account_id;
    if account == person.account_id {
        Ok(account)
    } else {
        let message = format!("site {site} belongs to another account than user {user}");
        Err(FieldError::new("site", "other_account", message).into())
    }
}
