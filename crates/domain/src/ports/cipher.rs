//! Secrets at rest.

use secrecy::SecretString;

use crate::id::{AccountId, IntegrationId, SiteId};

/// What a sealed secret is bound to: it opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealContext<'a> {
    /// The account: each has a key of its own.
    pub account_id: AccountId,
    /// The site.
    pub site_id: SiteId,
    /// The integration, for its credentials.
    pub integration_id: Option<IntegrationId>,
    /// What it is: `credentials`, or `webhook_secret` and when it was made.
    pub label: &'a str,
}

/// Why a secret can't be opened or sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// Damaged, cut, or of another row.
    #[error("the secret is damaged or belongs to another row")]
    Unreadable,
    /// Sealed with a key that is not configured.
    #[error("the key {0} that sealed the secret is not configured")]
    UnknownKey(u32),
}

/// Seals and opens secrets with authenticated encryption.
pub trait CredentialCipher: Send + Sync {
    /// Seals under the newest key. Two seals of one secret differ.
    fn seal(&self, context: SealContext<'_>, secret: &SecretString) -> Vec<u8>;

    /// Opens what was sealed for the very same context. Never panics, whatever the bytes.
    fn open(&self, context: SealContext<'_>, sealed: &[u8]) -> Result<SecretString, CipherError>;

    /// Whether the newest key sealed it.
    fn is_current(&self, sealed: &[u8]) -> bool;
}
