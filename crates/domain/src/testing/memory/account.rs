//! Accounts and people.

use async_trait::async_trait;

use super::state::Table;
use super::unit::MemoryUnit;
use crate::account::{Account, Email, User};
use crate::id::{AccountId, SiteId, UserId};
use crate::integration::ConflictPolicy;
use crate::ports::storage::{AccountRepository, NewUser, StorageError};
use crate::time::Timestamp;

#[async_trait]
impl AccountRepository for MemoryUnit {
    async fn insert_account(
        &mut self,
        name: &str,
        policy: ConflictPolicy,
        now: Timestamp,
    ) -> Result<Account, StorageError> {
        self.write(|state| {
            if state.accounts.values().any(|account| account.name == name) {
                return Err(StorageError::Conflict);
            }
            let account = Account {
                id: state.next_id(Table::Accounts)?,
                name: name.to_owned(),
                is_active: true,
                conflict_policy: policy,
                created_at: now,
            };
            state.accounts.insert(account.id, account.clone());
            Ok(account)
        })
    }

    async fn find_account(&mut self, id: AccountId) -> Result<Option<Account>, StorageError> {
        Ok(self.state()?.accounts.get(&id).cloned())
    }

    async fn find_account_by_name(&mut self, name: &str) -> Result<Option<Account>, StorageError> {
        Ok(self.state()?.accounts.values().find(|account| account.name == name).cloned())
    }

    async fn update_account(&mut self, account: &Account) -> Result<(), StorageError> {
        self.write(|state| {
            let stored = state.accounts.get_mut(&account.id).ok_or(StorageError::Conflict)?;
            stored.is_active = account.is_active;
            stored.conflict_policy = account.conflict_policy;
            Ok(())
        })
    }

    async fn insert_user(&mut self, user: NewUser) -> Result<User, StorageError> {
        self.write(|state| {
            state.require_account(user.account_id)?;
            let taken = state
                .users
                .values()
                .any(|other| other.account_id == user.account_id && other.email == user.email);
            if taken {
                return Err(StorageError::Conflict);
            }
            let user = User {
                id: state.next_id(Table::Users)?,
                account_id: user.account_id,
                email: user.email,
                role: user.role,
                is_active: true,
                created_at: user.created_at,
            };
            state.users.insert(user.id, user.clone());
            Ok(user)
        })
    }

    async fn find_user(&mut self, id: UserId) -> Result<Option<User>, StorageError> {
        Ok(self.state()?.users.get(&id).cloned())
    }

    async fn find_user_by_email(
        &mut self,
        account: AccountId,
        email: &Email,
    ) -> Result<Option<User>, StorageError> {
        let is_it = |user: &&User| user.account_id == account && user.email == *email;
        Ok(self.state()?.users.values().find(is_it).cloned())
    }

    async fn update_user(&mut self, user: &User) -> Result<(), StorageError> {
        self.write(|state| {
            let stored = state.users.get_mut(&user.id).ok_or(StorageError::Conflict)?;
            stored.is_active = user.is_active;
            stored.role = user.role;
            Ok(())
        })
    }

    async fn grant(&mut self, account: AccountId, user: UserId, site: SiteId) -> Result<(), StorageError> {
        self.write(|state| {
            state.require_site(account, site)?;
            if !state.users.contains_key(&user) {
                return Err(StorageError::Other(anyhow::anyhow!("the membership's person is not there")));
            }
            state.memberships.insert((user, site));
            Ok(())
        })
    }

    async fn revoke(&mut self, user: UserId, site: SiteId) -> Result<(), StorageError> {
        self.write(|state| {
            state.memberships.remove(&(user, site));
            Ok(())
        })
    }

    async fn list_memberships(&mut self, user: UserId) -> Result<Vec<SiteId>, StorageError> {
        let of_user = self.state()?.memberships.iter().filter(|(member, _)| *member == user);
        Ok(of_user.map(|(_, site)| *site).collect())
    }
}
