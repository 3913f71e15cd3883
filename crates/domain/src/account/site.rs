//! Sites and what their plugins prove themselves with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use crate::id::{AccountId, SiteId, SiteKeyId};
use crate::integration::SiteUrl;
use crate::ports::{CipherError, CredentialCipher, Random, SealContext};
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

impl WebhookSecret {
    /// A new one, in the form of Standard Webhooks.
    pub fn generate(random: &dyn Random) -> SecretString {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        format!("whsec_{}", STANDARD.encode(bytes)).into()
    }

    /// A secret of a site, sealed for that site and instant: it opens nowhere else.
    pub fn sealed(cipher: &dyn CredentialCipher, site: &Site, secret: &SecretString, now: Timestamp) -> Self {
        let mut made = Self {
            account_id: site.account_id,
            site_id: site.id,
            sealed: Vec::new(),
            created_at: now,
            expires_at: None,
        };
        made.sealed = made.with_context(|context| cipher.seal(context, secret));
        made
    }

    /// The secret itself.
    pub fn open(&self, cipher: &dyn CredentialCipher) -> Result<SecretString, CipherError> {
        self.with_context(|context| cipher.open(context, &self.sealed))
    }

    /// What is stored already, under the newest key.
    pub fn reseal(&self, cipher: &dyn CredentialCipher) -> Result<Vec<u8>, CipherError> {
        let secret = self.open(cipher)?;
        Ok(self.with_context(|context| cipher.seal(context, &secret)))
    }

    fn with_context<T>(&self, act: impl FnOnce(SealContext<'_>) -> T) -> T {
        let label = format!("webhook_secret:{}", self.created_at.timestamp_micros());
        act(SealContext {
            account_id: self.account_id,
            site_id: self.site_id,
            integration_id: None,
            label: &label,
        })
    }
}
