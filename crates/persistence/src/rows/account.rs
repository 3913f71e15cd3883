//! Accounts and people.

use diesel::prelude::{Insertable, Queryable, Selectable};
use igny8_integration_domain::account::{Account, Email, User};
use igny8_integration_domain::integration::ConflictPolicy;
use igny8_integration_domain::ports::storage::{NewUser, StorageError};
use igny8_integration_domain::time::Timestamp;

use super::{corrupt, number, word};
use crate::schema::{accounts, users};
use crate::types::At;

#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub struct AccountRow {
    id: i64,
    name: String,
    is_active: bool,
    conflict_policy: String,
    created_at: At,
}

#[derive(Insertable)]
#[diesel(table_name = accounts, treat_none_as_default_value = false)]
pub struct NewAccountRow {
    name: String,
    is_active: bool,
    conflict_policy: &'static str,
    created_at: At,
}

impl NewAccountRow {
    pub fn new(name: &str, policy: ConflictPolicy, now: Timestamp) -> Self {
        Self { name: name.to_owned(), is_active: true, conflict_policy: policy.as_str(), created_at: At(now) }
    }
}

impl TryFrom<AccountRow> for Account {
    type Error = StorageError;

    fn try_from(row: AccountRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: number(row.id, "accounts.id")?,
            name: row.name,
            is_active: row.is_active,
            conflict_policy: word(
                &row.conflict_policy,
                ConflictPolicy::from_word,
                "accounts.conflict_policy",
            )?,
            created_at: row.created_at.0,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct UserRow {
    id: i64,
    account_id: i64,
    email: String,
    role: String,
    is_active: bool,
    created_at: At,
}

#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub struct NewUserRow {
    account_id: i64,
    email: String,
    email_key: String,
    role: &'static str,
    is_active: bool,
    created_at: At,
}

impl From<&NewUser> for NewUserRow {
    fn from(user: &NewUser) -> Self {
        Self {
            account_id: user.account_id.get(),
            email: user.email.as_str().to_owned(),
            email_key: user.email.key(),
            role: user.role.as_str(),
            is_active: true,
            created_at: At(user.created_at),
        }
    }
}

impl TryFrom<UserRow> for User {
    type Error = StorageError;

    fn try_from(row: UserRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: number(row.id, "users.id")?,
            account_id: number(row.account_id, "users.account_id")?,
            email: Email::parse(&row.email).map_err(|error| corrupt("users.email", &error.message))?,
            role: row.role.parse().map_err(|_| corrupt("users.role", &row.role))?,
            is_active: row.is_active,
            created_at: row.created_at.0,
        })
    }
}
