//! Who is asking, and what that lets it reach.

use std::collections::BTreeSet;

use crate::account::Role;
use crate::event::Actor;
use crate::id::{AccountId, SiteId, SiteKeyId, UserId};

/// Which sites of its account a person reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SiteScope {
    /// Every one.
    All,
    /// Those it is a member of.
    Only(BTreeSet<SiteId>),
}

/// Who is asking. Made by an extractor from what was proved, never from what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A person's app session.
    User {
        /// The person.
        user_id: UserId,
        /// Its account.
        account_id: AccountId,
        /// Its role, as the store has it now.
        role: Role,
        /// Its sites.
        sites: SiteScope,
    },
    /// A site's plugin, with the site's key.
    SiteKey {
        /// The key.
        key_id: SiteKeyId,
        /// Whose the site is.
        account_id: AccountId,
        /// The site.
        site_id: SiteId,
    },
    /// This service itself, or whoever operates it: reaches everything.
    System(Actor),
}

/// Why a known caller is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// There is no such thing, or not for this caller: the two must not be told apart.
    #[error("there is no such thing here")]
    NotFound,
    /// The person's role is too low.
    #[error("this needs a higher role")]
    InsufficientRole,
    /// This kind of caller has no business here (a plugin where a person is needed, a person on a webhook).
    #[error("this is not for this kind of caller")]
    NotForThisCaller,
}

/// What an endpoint asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A person of this role or above.
    Person(Role),
    /// A person of this role or above, or the site's own plugin.
    PersonOrPlugin(Role),
}

impl Caller {
    /// Whether this site of this account exists for the caller.
    pub fn reaches(&self, account: AccountId, site: SiteId) -> bool {
        match self {
            Self::User { account_id, sites, .. } => {
                *account_id == account
                    && match sites {
                        SiteScope::All => true,
                        SiteScope::Only(ids) => ids.contains(&site),
                    }
            }
            Self::SiteKey { account_id, site_id, .. } => *account_id == account && *site_id == site,
            Self::System(_) => true,
        }
    }

    /// Judges in the contract's order: first whether the thing exists for the caller (404), then role and kind (403).
    pub fn authorize(&self, account: AccountId, site: SiteId, need: Need) -> Result<(), Denied> {
        if self.reaches(account, site) { self.satisfies(need) } else { Err(Denied::NotFound) }
    }

    /// Whether role and kind of the caller fit, wherever the thing is.
    pub fn satisfies(&self, need: Need) -> Result<(), Denied> {
        match (self, need) {
            (Self::System(_), _) | (Self::SiteKey { .. }, Need::PersonOrPlugin(_)) => Ok(()),
            (Self::SiteKey { .. }, Need::Person(_)) => Err(Denied::NotForThisCaller),
            (Self::User { role, .. }, Need::Person(least) | Need::PersonOrPlugin(least)) => {
                if *role >= least { Ok(()) } else { Err(Denied::InsufficientRole) }
            }
        }
    }

    /// Who goes into the history.
    pub fn actor(&self) -> Actor {
        match self {
            Self::User { user_id, .. } => Actor::user(*user_id),
            Self::SiteKey { key_id, .. } => Actor::site_key(*key_id),
            Self::System(actor) => *actor,
        }
    }

    /// The account whose rows the caller may see; none for the service itself.
    pub fn account_id(&self) -> Option<AccountId> {
        match self {
            Self::User { account_id, .. } | Self::SiteKey { account_id, .. } => Some(*account_id),
            Self::System(_) => None,
        }
    }

    /// The sites a list is narrowed to: none for every site of the account.
    pub fn site_filter(&self) -> Option<Vec<SiteId>> {
        match self {
            Self::User { sites: SiteScope::Only(ids), .. } => Some(ids.iter().copied().collect()),
            Self::SiteKey { site_id, .. } => Some(vec![*site_id]),
            Self::User { sites: SiteScope::All, .. } | Self::System(_) => None,
        }
    }
}
