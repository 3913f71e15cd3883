//! Webhook secrets to and from what is stored.

use secrecy::SecretString;

use crate::account::{Site, WebhookSecret};
use crate::ports::{CipherError, CredentialCipher, SealContext};
use crate::time::Timestamp;

impl WebhookSecret {
    /// `secret` (`whsec_…`), sealed for a site. It is bound to the instant too, which names it: an old one put back in
    /// the place of the current one opens nothing.
    pub fn seal(
        cipher: &dyn CredentialCipher,
        site: &Site,
        secret: &SecretString,
        created_at: Timestamp,
    ) -> Self {
        let mut sealed = Self {
            account_id: site.account_id,
            site_id: site.id,
            sealed: Vec::new(),
            created_at,
            expires_at: None,
        };
        sealed.sealed = sealed.with_context(|context| cipher.seal(context, secret));
        sealed
    }

    /// The secret itself (`whsec_…`). An error where it is damaged, of another row, or under a key that is not
    /// configured.
    pub fn open(&self, cipher: &dyn CredentialCipher) -> Result<SecretString, CipherError> {
        self.with_context(|context| cipher.open(context, &self.sealed))
    }

    /// What is stored already, opened and sealed under the newest key.
    pub fn reseal(&self, cipher: &dyn CredentialCipher) -> Result<Vec<u8>, CipherError> {
        let secret = self.open(cipher)?;
        Ok(self.with_context(|context| cipher.seal(context, &secret)))
    }

    fn with_context<T>(&self, act: impl FnOnce(SealContext<'_>) -> T) -> T {
        let label = format!("webhook_secret {}", self.created_at.timestamp_micros());
        act(SealContext {
            account_id: self.account_id,
            site_id: self.site_id,
            integration_id: None,
            label: &label,
        })
    }
}
