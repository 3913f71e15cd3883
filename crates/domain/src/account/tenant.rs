//! Accounts and their people.

use crate::account::Role;
use crate::id::{AccountId, UserId};
use crate::integration::ConflictPolicy;
use crate::time::Timestamp;
use crate::validation::FieldError;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name, unique.
    pub name: String,
    /// An inactive account's people and plugins are answered with `inactive`.
    pub is_active: bool,
    /// What its integrations do about conflicts unless they say otherwise.
    pub conflict_policy: ConflictPolicy,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A person of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id: `sub` of an app session.
    pub id: UserId,
    /// Whose it is.
    pub account_id: AccountId,
    /// Unique within the account, as it was typed.
    pub email: Email,
    /// What it may do.
    pub role: Role,
    /// An inactive person is answered with `inactive` at once.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An e-mail address. Compared without regard to letter case.
#[derive(Clone, Debug)]
pub struct Email(String);

impl Email {
    /// The address, where `text` looks like one: something, `@`, something with a dot or `localhost`, no white space.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        let plausible = text.len() <= 254
            && !text.chars().any(|c| c.is_whitespace() || c.is_control())
            && text.rsplit_once('@').is_some_and(|(local, host)| {
                !local.is_empty() && !host.is_empty() && !host.starts_with('.') && !host.ends_with('.')
            });
        if plausible {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldError::new("email", "invalid_email", "this is not an e-mail address"))
        }
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two spellings of one address share.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Email {}
