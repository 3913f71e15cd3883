//! Empty storages.

use igny8_integration_persistence::{DatabaseConfig, DieselStorage, connect};
use tempfile::TempDir;

/// An SQLite database in a folder of its own.
pub async fn sqlite() -> anyhow::Result<(DieselStorage, TempDir)> {
    let folder = tempfile::tempdir()?;
    let config = DatabaseConfig::new(format!("sqlite://{}/igny8.db", folder.path().display()));
    let storage = connect(&config)?;
    storage.migrate().await?;
    Ok((storage, folder))
}

/// A PostgreSQL database of its own.
pub async fn postgres() -> anyhow::Result<(DieselStorage, ())> {
    let config = DatabaseConfig {
        max_connections: 8,
        ..DatabaseConfig::new(crate::postgres::fresh_database().await?)
    };
    Ok((connect(&config)?, ()))
}
