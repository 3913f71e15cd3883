//! Empty storages, and the rows that tests begin with.

use chrono::{DateTime, TimeDelta};
use igny8_integration_domain::account::{Account, Site};
use igny8_integration_domain::integration::{
    ConflictPolicy, Integration, NewIntegration, PlatformName, SiteUrl,
};
use igny8_integration_domain::ports::storage::{NewSite, Storage};
use igny8_integration_domain::time::Timestamp;
use igny8_integration_persistence::{DatabaseConfig, DieselStorage, connect};
use tempfile::TempDir;

/// The two databases.
#[derive(Clone, Copy, Debug)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A storage with what it lives in.
pub struct Database {
    pub storage: DieselStorage,
    pub config: DatabaseConfig,
    pub folder: Option<TempDir>,
}

impl Backend {
    /// The URL of a database without a schema, and the folder it may live in.
    pub async fn blank(self) -> anyhow::Result<(String, Option<TempDir>)> {
        Ok(match self {
            Self::Sqlite => {
                let folder = tempfile::tempdir()?;
                (format!("sqlite://{}/igny8.db", folder.path().display()), Some(folder))
            }
            Self::Postgres => (crate::postgres::blank_database().await?, None),
        })
    }

    /// An empty, migrated database.
    pub async fn database(self) -> anyhow::Result<Database> {
        let (url, folder) = match self {
            Self::Sqlite => self.blank().await?,
            Self::Postgres => (crate::postgres::fresh_database().await?, None),
        };
        let config = DatabaseConfig { max_connections: 8, ..DatabaseConfig::new(url) };
        let storage = connect(&config)?;
        if matches!(self, Self::Sqlite) {
            storage.migrate().await?;
        }
        Ok(Database { storage, config, folder })
    }
}

/// For the contract.
pub async fn sqlite() -> anyhow::Result<(DieselStorage, Option<TempDir>)> {
    let database = Backend::Sqlite.database().await?;
    Ok((database.storage, database.folder))
}

/// For the contract.
pub async fn postgres() -> anyhow::Result<(DieselStorage, Option<TempDir>)> {
    let database = Backend::Postgres.database().await?;
    Ok((database.storage, database.folder))
}

/// So many seconds after a fixed instant.
pub fn at(seconds: i64) -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_767_268_800 + seconds)
}

/// An account with a site.
pub async fn make_site(storage: &dyn Storage, name: &str) -> anyhow::Result<(Account, Site)> {
    let mut unit = storage.begin().await?;
    let account = unit.insert_account(name, ConflictPolicy::Ask, at(0)).await?;
    let url = SiteUrl::try_from("https://shop.example".to_owned()).map_err(anyhow::Error::msg)?;
    let site = NewSite { account_id: account.id, name: name.to_owned(), url, created_at: at(0) };
    let site = unit.insert_site(site).await?;
    unit.commit().await?;
    Ok((account, site))
}

/// A site's integration.
pub async fn make_integration(storage: &dyn Storage, site: &Site) -> anyhow::Result<Integration> {
    let mut unit = storage.begin().await?;
    let integration = unit
        .insert_integration(&NewIntegration {
            account_id: site.account_id,
            site_id: site.id,
            platform: PlatformName::Wordpress,
            site_url: site.url.clone(),
            is_active: true,
            sync_enabled: true,
            conflict_policy: ConflictPolicy::Ask,
            platform_state: serde_json::json!({}),
            next_sync_at: None,
            created_at: at(0),
        })
        .await?;
    unit.commit().await?;
    Ok(integration)
}
