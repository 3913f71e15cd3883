//! The configured database, and whether a command may use it as it is.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use igny8_integration_domain::ports::storage::StorageError;
use igny8_integration_persistence::{DatabaseConfig, DieselStorage, connect};
use secrecy::SecretString;

use crate::config;
use crate::data_dir;

/// What a command does about migrations that are pending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    Apply,
    Refuse,
    /// They are what the command is about.
    Leave,
}

pub struct Database {
    storage: Arc<DieselStorage>,
}

impl Database {
    /// Must be called on the main runtime: connections live and die with it.
    pub fn connect(database: &config::Database) -> anyhow::Result<Self> {
        let url = match database {
            config::Database::Postgres(url) => url.clone(),
            config::Database::Sqlite(path) => {
                data_dir::create_private(path.parent().unwrap_or(Path::new(".")))?;
                SecretString::from(format!("sqlite://{}", path.display()))
            }
        };
        let storage = connect(&DatabaseConfig::new(url)).context("IGNY8_DATABASE_URL")?;
        Ok(Self { storage: Arc::new(storage) })
    }

    pub fn storage(&self) -> Arc<DieselStorage> {
        Arc::clone(&self.storage)
    }

    pub async fn bring_up(&self, pending: Pending) -> anyhow::Result<()> {
        match pending {
            Pending::Leave => Ok(()),
            Pending::Apply => self.migrate().await.map(drop),
            Pending::Refuse => match self.pending_migrations().await?.as_slice() {
                [] => Ok(()),
                names => bail!("migrations are pending ({}): run `migrate` first", names.join(", ")),
            },
        }
    }

    pub async fn pending_migrations(&self) -> anyhow::Result<Vec<String>> {
        self.storage.pending_migrations().await.map_err(unusable)
    }

    /// Safe beside other nodes that do the same.
    pub async fn migrate(&self) -> anyhow::Result<Vec<String>> {
        let applied = self.storage.migrate().await.map_err(unusable)?;
        if !applied.is_empty() {
            tracing::info!(migrations = applied.join(", "), "the database was brought up to date");
        }
        Ok(applied)
    }
}

fn unusable(error: StorageError) -> anyhow::Error {
    anyhow::Error::from(error).context("the database can't be used")
}
