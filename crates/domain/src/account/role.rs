//! What a person may do, low to high.

use serde::{Deserialize, Serialize};

/// A person's role in its account. Ordered: a higher one may do what a lower one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads the sites it is a member of.
    Viewer,
    /// Reads and changes the sites it is a member of.
    Editor,
    /// Reaches every site of the account.
    Admin,
    /// Reaches every site of the account.
    Owner,
    /// Reaches every site of the account.
    Developer,
}

impl Role {
    /// Owner, admin and developer reach every site of their account, the others those they are members of.
    pub fn reaches_every_site(self) -> bool {
        self >= Self::Admin
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
            Self::Owner => "owner",
            Self::Developer => "developer",
        }
    }
}

/// Not one of the five roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of developer, owner, admin, editor, viewer")]
pub struct UnknownRole;

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        [Self::Viewer, Self::Editor, Self::Admin, Self::Owner, Self::Developer]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownRole)
    }
}
