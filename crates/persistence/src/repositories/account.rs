//! Accounts and people.

use async_trait::async_trait;
use diesel::SelectableHelper as _;
use diesel::prelude::{
    ExpressionMethods as _, NullableExpressionMethods as _, OptionalExtension as _, QueryDsl as _,
};
use diesel_async::RunQueryDsl;
use igny8_integration_domain::account::{Account, Email, User};
use igny8_integration_domain::id::{AccountId, SiteId, UserId};
use igny8_integration_domain::integration::ConflictPolicy;
use igny8_integration_domain::ports::storage::{AccountRepository, NewUser, StorageError};
use igny8_integration_domain::time::Timestamp;

use crate::rows::{AccountRow, NewAccountRow, NewUserRow, UserRow, number};
use crate::schema::{accounts, memberships, users};
use crate::unit::{DieselUnitOfWork, change, run};

#[async_trait]
impl AccountRepository for DieselUnitOfWork {
    async fn insert_account(
        &mut self,
        name: &str,
        policy: ConflictPolicy,
        now: Timestamp,
    ) -> Result<Account, StorageError> {
        let new = NewAccountRow::new(name, policy, now);
        let row: Option<AccountRow> = change!(self, |c| diesel::insert_into(accounts::table)
            .values(new)
            .on_conflict_do_nothing()
            .returning(AccountRow::as_returning())
            .get_result(c)
            .await
            .optional())?;
        self.expect_row(row)?.try_into()
    }

    async fn find_account(&mut self, id: AccountId) -> Result<Option<Account>, StorageError> {
        let row: Option<AccountRow> = run!(self, |c| accounts::table
            .find(id.get())
            .select(AccountRow::as_select())
            .get_result(c)
            .await
            .optional())?;
        row.map(Account::try_from).transpose()
    }

    async fn find_account_by_name(&mut self, name: &str) -> Result<Option<Account>, StorageError> {
        let row: Option<AccountRow> = run!(self, |c| accounts::table
            .filter(accounts::name.eq(name))
            .select(AccountRow::as_select())
            .get_result(c)
            .await
            .optional())?;
        row.map(Account::try_from).transpose()
    }

    async fn update_account(&mut self, account: &Account) -> Result<(), StorageError> {
        change!(self, |c| diesel::update(accounts::table.find(account.id.get()))
            .set((
                accounts::is_active.eq(account.is_active),
                accounts::conflict_policy.eq(account.conflict_policy.as_str()),
            ))
            .execute(c)
            .await)?;
        Ok(())
    }

    async fn insert_user(&mut self, user: NewUser) -> Result<User, StorageError> {
        let new = NewUserRow::from(&user);
        let row: Option<UserRow> = change!(self, |c| diesel::insert_into(users::table)
            .values(new)
            .on_conflict_do_nothing()
            .returning(UserRow::as_returning())
            .get_result(c)
            .await
            .optional())?;
        self.expect_row(row)?.try_into()
    }

    async fn find_user(&mut self, id: UserId) -> Result<Option<User>, StorageError> {
        let row: Option<UserRow> = run!(self, |c| users::table
            .find(id.get())
            .select(UserRow::as_select())
            .get_result(c)
            .await
            .optional())?;
        row.map(User::try_from).transpose()
    }

    async fn find_user_by_email(
        &mut self,
        account: AccountId,
        email: &Email,
    ) -> Result<Option<User>, StorageError> {
        let row: Option<UserRow> = run!(self, |c| users::table
            .filter(users::account_id.eq(account.get()))
            .filter(users::email_key.eq(email.key()))
            .select(UserRow::as_select())
            .get_result(c)
            .await
            .optional())?;
        row.map(User::try_from).transpose()
    }

    async fn update_user(&mut self, user: &User) -> Result<(), StorageError> {
        change!(self, |c| diesel::update(users::table.find(user.id.get()))
            .set((users::is_active.eq(user.is_active), users::role.eq(user.role.as_str())))
            .execute(c)
            .await)?;
        Ok(())
    }

    async fn grant(&mut self, account: AccountId, user: UserId, site: SiteId) -> Result<(), StorageError> {
        change!(self, |c| diesel::insert_into(memberships::table)
            .values((
                memberships::account_id.eq(account.get()),
                memberships::user_id.eq(user.get()),
                memberships::site_id.eq(site.get()),
            ))
            .on_conflict_do_nothing()
            .execute(c)
            .await)?;
        Ok(())
    }

    async fn revoke(&mut self, user: UserId, site: SiteId) -> Result<(), StorageError> {
        let account = users::table.find(user.get()).select(users::account_id).single_value();
        change!(self, |c| diesel::delete(memberships::table)
            .filter(memberships::account_id.nullable().eq(account))
            .filter(memberships::user_id.eq(user.get()))
            .filter(memberships::site_id.eq(site.get()))
            .execute(c)
            .await)?;
        Ok(())
    }

    async fn list_memberships(&mut self, user: UserId) -> Result<Vec<SiteId>, StorageError> {
        let account = users::table.find(user.get()).select(users::account_id).single_value();
        let ids: Vec<i64> = run!(self, |c| memberships::table
            .filter(memberships::account_id.nullable().eq(account))
            .filter(memberships::user_id.eq(user.get()))
            .order(memberships::site_id)
            .select(memberships::site_id)
            .load(c)
            .await)?;
        ids.into_iter().map(|id| number(id, "memberships.site_id")).collect()
    }
}
