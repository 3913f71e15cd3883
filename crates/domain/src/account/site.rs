//! Sites and what their plugins prove themselves with.

use crate::id::{AccountId, SiteId, SiteKeyId};
use crate::integration::SiteUrl;
use crate::time::Timestamp;

/// A website of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Whose it is.
    pub account_id: AccountId,
    /// What people call it.
    pub name: String,
    /// Its address; need not be unique.
    pub url: SiteUrl,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key of a site's plugin (`wp_api_key`). Only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteKey {
    /// Its id.
    pub id: SiteKeyId,
    /// Whose the site is.
    pub account_id: AccountId,
    /// The site it opens.
    pub site_id: SiteId,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// From then on it opens nothing; none while it is the current one.
    pub expires_at: Option<Timestamp>,
}

impl SiteKey {
    /// Whether it still opens the site.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|at| now < at)
    }
}

/// A secret that a site's plugin signs its webhooks with, encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSecret {
    /// Whose the site is.
    pub account_id: AccountId,
    /// The site that signs with it.
    pub site_id: SiteId,
    /// The secret, sealed by the cipher port.
    pub sealed: Vec<u8>,
    /// When it was made: with the site it names the secret.
    pub created_at: Timestamp,
    /// From then on nothing signed with it holds; none while it is the current one.
    pub expires_at: Option<Timestamp>,
}
