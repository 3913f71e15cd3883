//! A first start.

use secrecy::SecretString;

use super::{AccountService, MAX_NAME, name_of};
use crate::account::{Account, Email, Role, User};
use crate::id::{AccountId, SiteId, UserId};
use crate::integration::{ConflictPolicy, SiteUrl};
use crate::ports::storage::{NewUser, UnitOfWork};
use crate::service::ServiceError;
use crate::service::race::retrying;

/// What a first start needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// Name of the account.
    pub account: String,
    /// The owner's address.
    pub email: Email,
    /// The site's address.
    pub site_url: SiteUrl,
}

/// What there is after it.
#[derive(Clone, Debug)]
pub struct Bootstrapped {
    /// The account.
    pub account_id: AccountId,
    /// The owner.
    pub user_id: UserId,
    /// The site.
    pub site_id: SiteId,
    /// The site's key; none where the site was there already, for it was shown once.
    pub api_key: Option<SecretString>,
}

impl AccountService {
    /// Makes an account, its owner and a site, each unless it is there under that name. Safe to repeat.
    pub async fn bootstrap(&self, command: &Bootstrap) -> Result<Bootstrapped, ServiceError> {
        let name = name_of("account", &command.account)?;
        retrying!(self.try_bootstrap(&name, command))
    }

    async fn try_bootstrap(&self, name: &str, command: &Bootstrap) -> Result<Bootstrapped, ServiceError> {
        let mut unit = self.storage.begin().await?;
        let account = self.account_of(&mut *unit, name).await?;
        let user = self.owner_of(&mut *unit, &account, &command.email).await?;
        let (site_id, api_key) = self.site_of(&mut *unit, &account, &command.site_url).await?;
        unit.commit().await?;
        Ok(Bootstrapped { account_id: account.id, user_id: user.id, site_id, api_key })
    }

    async fn account_of(&self, unit: &mut dyn UnitOfWork, name: &str) -> Result<Account, ServiceError> {
        match unit.find_account_by_name(name).await? {
            Some(account) => Ok(account),
            None => Ok(unit.insert_account(name, ConflictPolicy::default(), self.clock.now()).await?),
        }
    }

    async fn owner_of(
        &self,
        unit: &mut dyn UnitOfWork,
        account: &Account,
        email: &Email,
    ) -> Result<User, ServiceError> {
        if let Some(user) = unit.find_user_by_email(account.id, email).await? {
            return Ok(user);
        }
        let new = NewUser {
            account_id: account.id,
            email: email.clone(),
            role: Role::Owner,
            created_at: self.clock.now(),
        };
        Ok(unit.insert_user(new).await?)
    }

    async fn site_of(
        &self,
        unit: &mut dyn UnitOfWork,
        account: &Account,
        url: &SiteUrl,
    ) -> Result<(SiteId, Option<SecretString>), ServiceError> {
        if let Some(site) = unit.find_site_by_url(account.id, url).await? {
            return Ok((site.id, None));
        }
        // What people call a site that came without a name.
        let name = url.identity().chars().take(MAX_NAME).collect();
        let issued = self.add_site(unit, account, name, url.clone()).await?;
        Ok((issued.site_id, Some(issued.api_key)))
    }
}
