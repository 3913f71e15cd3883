//! The site: by the checks of a connection test, with credentials where they are at hand.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use igny8_integration_domain::id::{IntegrationId, SiteId};
use igny8_integration_domain::integration::{Credentials, Integration, PlatformName, SiteUrl};
use igny8_integration_domain::ports::platform::{Connection, ConnectionReport, Platform as _};
use igny8_integration_domain::ports::storage::Storage;
use igny8_integration_wordpress::WordPressPlatform;
use igny8_integration_wordpress::guard::Outbound;
use secrecy::SecretString;
use serde_json::Value;

use super::report::Site;
use crate::cli::DoctorArgs;
use crate::keys::Keys;
use crate::system::SystemClock;

pub async fn look(
    arguments: &DoctorArgs,
    outbound: Outbound,
    storage: Option<Arc<dyn Storage>>,
    keys: Option<Keys>,
) -> anyhow::Result<Option<Site>> {
    let platform = WordPressPlatform::new(outbound, Arc::new(SystemClock));
    if let Some(id) = arguments.integration {
        let connection = stored(id, storage, keys).await?;
        return Ok(Some(test(&platform, &connection).await));
    }
    let Some(url) = &arguments.url else { return Ok(None) };
    let site_url =
        SiteUrl::parse("URL", url).map_err(|error| anyhow::anyhow!("{}: {}", error.field, error.message))?;
    let credentials = given(arguments)?;
    if credentials.api_key.is_none() && credentials.application_password.is_none() {
        let report = for_operators(platform.examine(&site_url).await);
        return Ok(Some(Site { url: site_url.as_str().to_owned(), signed_in: false, report }));
    }
    Ok(Some(test(&platform, &connection(site_url, credentials)?).await))
}

async fn test(platform: &WordPressPlatform, connection: &Connection) -> Site {
    let report = for_operators(platform.test_connection(connection).await);
    Site { url: connection.site_url.as_str().to_owned(), signed_in: true, report }
}

/// Whoever runs the service can open addresses that a customer cannot.
fn for_operators(mut report: ConnectionReport) -> ConnectionReport {
    for finding in &mut report.findings {
        let setting = match finding.code.as_str() {
            "address_not_allowed" | "port_not_allowed" => {
                "IGNY8_OUTBOUND_ALLOW (127.0.0.1/32 is this machine)"
            }
            "http_not_allowed" => "IGNY8_OUTBOUND_HTTP=allow",
            _ => continue,
        };
        finding.fix = format!("{}, or open it with {setting}.", finding.fix.trim_end_matches('.'));
    }
    report
}

/// Credentials from files: on the command line everybody on the machine could read them.
fn given(arguments: &DoctorArgs) -> anyhow::Result<Credentials> {
    let read = |file: &Option<std::path::PathBuf>| file.as_deref().map(secret).transpose();
    Ok(Credentials {
        api_key: read(&arguments.api_key_file)?,
        username: arguments.username.clone(),
        application_password: read(&arguments.application_password_file)?,
    })
}

fn secret(file: &Path) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?;
    Ok(text.trim().into())
}

/// A site that need not be one of ours; its id is sent nowhere by a test.
fn connection(site_url: SiteUrl, credentials: Credentials) -> anyhow::Result<Connection> {
    let site_id = SiteId::new(1).context("an id")?;
    Ok(Connection { integration_id: None, site_id, site_url, credentials, state: Value::Null })
}

async fn stored(
    id: IntegrationId,
    storage: Option<Arc<dyn Storage>>,
    keys: Option<Keys>,
) -> anyhow::Result<Connection> {
    let (Some(storage), Some(keys)) = (storage, keys) else {
        bail!("integration {id} can't be read: the service itself has to be well first");
    };
    let found = storage.read().await?.find_integration(id).await?;
    let integration: Integration = found.with_context(|| format!("there is no integration {id}"))?;
    if integration.platform != PlatformName::Wordpress {
        bail!("integration {id} is of another platform");
    }
    let credentials = Credentials::open(&keys.credential, &integration)
        .map_err(|_| anyhow::anyhow!("the credentials of integration {id} can't be opened"))?;
    Ok(Connection {
        integration_id: Some(id),
        site_id: integration.site_id,
        site_url: integration.site_url,
        credentials,
        state: Value::Null,
    })
}
