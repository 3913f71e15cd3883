//! Credentials to and from what is stored.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, IntegrationId, SiteId};
use crate::integration::{Credentials, Integration, SealedCredentials};
use crate::ports::{CipherError, CredentialCipher, SealContext};

/// What is sealed: the one place where credentials are written out.
#[derive(Serialize, Deserialize)]
struct Plain<'a> {
    #[serde(borrow)]
    api_key: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    username: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    application_password: Option<std::borrow::Cow<'a, str>>,
}

fn context(account_id: AccountId, site_id: SiteId, integration_id: IntegrationId) -> SealContext<'static> {
    SealContext { account_id, site_id, integration_id: Some(integration_id), label: "credentials" }
}

impl Credentials {
    /// Sealed for one integration: they open nowhere else.
    pub fn seal(&self, cipher: &dyn CredentialCipher, integration: &Integration) -> SealedCredentials {
        let plain = Plain {
            api_key: self.api_key.as_ref().map(|key| key.expose_secret().into()),
            username: self.username.as_deref().map(Into::into),
            application_password: self.application_password.as_ref().map(|word| word.expose_secret().into()),
        };
        let text = serde_json::json!(plain).to_string();
        let context = context(integration.account_id, integration.site_id, integration.id);
        SealedCredentials(cipher.seal(context, &SecretString::from(text)))
    }

    /// The credentials of an integration. An error where they are damaged, of another row, or under a key that is not
    /// configured.
    pub fn open(cipher: &dyn CredentialCipher, integration: &Integration) -> Result<Self, CipherError> {
        let context = context(integration.account_id, integration.site_id, integration.id);
        let text = cipher.open(context, &integration.credentials.0)?;
        let plain: Plain<'_> =
            serde_json::from_str(text.expose_secret()).map_err(|_| CipherError::Unreadable)?;
        Ok(Self {
            api_key: plain.api_key.map(|key| SecretString::from(key.into_owned())),
            username: plain.username.map(std::borrow::Cow::into_owned),
            application_password: plain
                .application_password
                .map(|word| SecretString::from(word.into_owned())),
        })
    }

    /// What is stored already, opened and sealed under the newest key.
    pub fn reseal(
        cipher: &dyn CredentialCipher,
        integration: &Integration,
    ) -> Result<SealedCredentials, CipherError> {
        Self::open(cipher, integration).map(|credentials| credentials.seal(cipher, integration))
    }
}
