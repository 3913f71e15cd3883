//! From an integration to an open session with its site.

use std::sync::Arc;

use crate::integration::{Credentials, Integration};
use crate::ports::platform::{Connection, PlatformError, PlatformSession, Platforms, Trouble};
use crate::ports::{CipherError, CredentialCipher};
use crate::service::integration::UNREADABLE;

/// Where and how to reach an integration's site.
pub(crate) fn connection_of(
    cipher: &dyn CredentialCipher,
    integration: &Integration,
) -> Result<Connection, CipherError> {
    Ok(Connection {
        integration_id: Some(integration.id),
        site_id: integration.site_id,
        site_url: integration.site_url.clone(),
        credentials: Credentials::open(cipher, integration)?,
        state: integration.platform_state.clone(),
    })
}

/// Opens a session. What stands in the way before any call is told in the same words as what the site says.
pub(crate) async fn open_session(
    platforms: &Platforms,
    cipher: &dyn CredentialCipher,
    integration: &Integration,
) -> Result<Arc<dyn PlatformSession>, PlatformError> {
    let lacking =
        |code: &str, message: String| PlatformError::Unauthorized(Trouble { code: code.to_owned(), message });
    let platform = platforms
        .find(integration.platform)
        .ok_or_else(|| lacking("platform_not_supported", "this platform has no adapter yet".to_owned()))?;
    let connection =
        connection_of(cipher, integration).map_err(|error| lacking(UNREADABLE, error.to_string()))?;
    platform.open(&connection).await
}
