//! What a person is shown.

use secrecy::SecretString;

use crate::integration::{Credentials, Integration, StatusError};
use crate::ports::CredentialCipher;
use crate::ports::storage::ContentTotals;
use crate::sync::SyncRun;

/// An integration with what is told of its credentials.
#[derive(Clone, Debug)]
pub struct IntegrationView {
    /// The integration; its `sync_error` says so where the credentials can't be opened.
    pub integration: Integration,
    /// Its key, where there is one that can be read.
    pub api_key: Option<SecretString>,
    /// The user that the application password belongs to.
    pub username: Option<String>,
    /// Whether there is an application password.
    pub has_application_password: bool,
    /// The credentials can't be opened: damaged, or under a key that is not configured.
    pub unreadable: bool,
}

impl IntegrationView {
    /// How an integration is shown. One that can't be opened is shown too: it never breaks a list.
    pub(crate) fn of(mut integration: Integration, cipher: &dyn CredentialCipher) -> Self {
        let opened = Credentials::open(cipher, &integration);
        if let Err(error) = &opened {
            tracing::warn!(integration.id = %integration.id, %error, "stored credentials can't be opened");
            integration.sync_error = Some(unreadable());
        }
        let is_unreadable = opened.is_err();
        let credentials = opened.unwrap_or_default();
        Self {
            integration,
            api_key: credentials.api_key,
            username: credentials.username,
            has_application_password: credentials.application_password.is_some(),
            unreadable: is_unreadable,
        }
    }
}

/// The code of that.
pub(crate) const UNREADABLE: &str = "credentials_unreadable";

/// Why an integration can't be used whose credentials can't be opened.
pub(crate) fn unreadable() -> StatusError {
    StatusError::new(
        UNREADABLE,
        "the stored credentials can't be decrypted: configure the key they were encrypted with, or save them again",
    )
}

/// Where an integration's syncing stands.
#[derive(Clone, Debug)]
pub struct SyncOverview {
    /// The integration; its `sync_error` says so where the credentials can't be opened.
    pub integration: Integration,
    /// How many contents of the site stand where.
    pub totals: ContentTotals,
    /// The run that is queued or running.
    pub current_run: Option<SyncRun>,
    /// The newest run that has ended.
    pub last_run: Option<SyncRun>,
}
