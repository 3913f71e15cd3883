//! The storage port on a pool.

use anyhow::anyhow;
use async_trait::async_trait;
use igny8_integration_domain::ports::storage::{Storage, StorageError, UnitOfWork};
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::config::{ConfigError, DatabaseConfig, Target};
use crate::conn::{DbConn, Purpose};
#[cfg(feature = "postgres")]
use crate::postgres::PostgresPool;
#[cfg(feature = "sqlite")]
use crate::sqlite::SqlitePools;
use crate::unit::DieselUnitOfWork;

/// A database, reached through pools of connections that are opened as they are needed.
pub struct DieselStorage {
    pools: Pools,
    runtime: Handle,
}

enum Pools {
    #[cfg(feature = "postgres")]
    Postgres(PostgresPool),
    #[cfg(feature = "sqlite")]
    Sqlite(SqlitePools),
}

/// Prepares the storage of `config`. Call it on the multi-thread runtime that serves every connection: connections
/// live and die with it. The database itself is not reached yet: [`DieselStorage::migrate`] or
/// [`Storage::check_ready`] does that.
pub fn connect(config: &DatabaseConfig) -> Result<DieselStorage, ConfigError> {
    let runtime = multi_thread_runtime().ok_or(ConfigError::NoRuntime)?;
    let pools = match config.target()? {
        #[cfg(feature = "sqlite")]
        Target::Sqlite(file) => Pools::Sqlite(SqlitePools::new(&file, config, &runtime)?),
        #[cfg(not(feature = "sqlite"))]
        Target::Sqlite(_) => return Err(ConfigError::NotBuilt("SQLite")),
        #[cfg(feature = "postgres")]
        Target::Postgres(url) => Pools::Postgres(PostgresPool::new(&url, config, &runtime)?),
        #[cfg(not(feature = "postgres"))]
        Target::Postgres(_) => return Err(ConfigError::NotBuilt("PostgreSQL")),
    };
    Ok(DieselStorage { pools, runtime })
}

fn multi_thread_runtime() -> Option<Handle> {
    Handle::try_current().ok().filter(|handle| handle.runtime_flavor() != RuntimeFlavor::CurrentThread)
}

impl DieselStorage {
    /// A connection. Refused on a current-thread runtime (each worker of actix-web is one): there a dropped future of
    /// an SQLite statement panics, and so does whoever gets that connection next.
    pub(crate) async fn get(&self, purpose: Purpose) -> Result<DbConn, StorageError> {
        if multi_thread_runtime().is_none() {
            return Err(StorageError::Other(anyhow!(
                "storage must be used on a multi-thread Tokio runtime: spawn the use case on its handle"
            )));
        }
        match &self.pools {
            #[cfg(feature = "postgres")]
            Pools::Postgres(pool) => pool.get().await,
            #[cfg(feature = "sqlite")]
            Pools::Sqlite(pools) => pools.get(purpose).await,
        }
    }

    async fn unit(&self, purpose: Purpose) -> Result<Box<dyn UnitOfWork>, StorageError> {
        let conn = self.get(purpose).await?;
        Ok(Box::new(DieselUnitOfWork::begin(conn, purpose, self.runtime.clone()).await?))
    }
}

#[async_trait]
impl Storage for DieselStorage {
    async fn read(&self) -> Result<Box<dyn UnitOfWork>, StorageError> {
        self.unit(Purpose::Read).await
    }

    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StorageError> {
        self.unit(Purpose::Write).await
    }

    async fn check_ready(&self) -> Result<(), StorageError> {
        let pending = self.pending_migrations().await?;
        if pending.is_empty() {
            Ok(())
        } else {
            Err(StorageError::Unavailable(anyhow!("{} migrations are pending", pending.len())))
        }
    }
}
