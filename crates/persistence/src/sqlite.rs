//! SQLite: one writer and several readers of one file.

use std::path::Path;
use std::time::Duration;

use deadpool::Runtime;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncConnection as _, SimpleAsyncConnection as _};
use tokio::runtime::Handle;

use crate::config::{ConfigError, DatabaseConfig};
use crate::conn::{DbConn, Purpose, SqliteConn};
use crate::error::from_pool;
use igny8_integration_domain::ports::storage::StorageError;

/// How long a statement waits for another process's lock.
const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 5000;";

/// `synchronous = FULL`: what was answered survives a power cut, in WAL mode too.
const WRITER: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";

const READER: &str = "PRAGMA foreign_keys = ON; PRAGMA query_only = ON;";

/// The pools of one file.
pub struct SqlitePools {
    writer: Pool<SqliteConn>,
    readers: Pool<SqliteConn>,
}

impl SqlitePools {
    /// Pools that open connections as they are needed.
    pub fn new(file: &Path, config: &DatabaseConfig, runtime: &Handle) -> Result<Self, ConfigError> {
        let readers = config.max_connections.max(1);
        Ok(Self {
            writer: pool(file, WRITER, 1, config.wait_timeout, runtime)?,
            readers: pool(file, READER, readers, config.wait_timeout, runtime)?,
        })
    }

    /// A connection for a unit of work.
    pub async fn get(&self, purpose: Purpose) -> Result<DbConn, StorageError> {
        let pool = match purpose {
            Purpose::Read => {
                self.ensure_file().await?;
                &self.readers
            }
            Purpose::Write => &self.writer,
        };
        Ok(DbConn::Sqlite(Box::new(pool.get().await.map_err(from_pool)?)))
    }

    /// The first writer makes the file and turns on its WAL mode, before any reader looks.
    async fn ensure_file(&self) -> Result<(), StorageError> {
        if self.writer.status().size == 0 && self.readers.status().size == 0 {
            drop(self.writer.get().await.map_err(from_pool)?);
        }
        Ok(())
    }
}

fn pool(
    file: &Path,
    pragmas: &'static str,
    size: usize,
    wait: Duration,
    runtime: &Handle,
) -> Result<Pool<SqliteConn>, ConfigError> {
    let file = file.to_str().ok_or(ConfigError::NoFile)?;
    let runtime = runtime.clone();
    let mut manager = ManagerConfig::default();
    manager.recycling_method = RecyclingMethod::Fast;
    manager.custom_setup = Box::new(move |file| {
        let opening = runtime.spawn(open(file.to_owned(), pragmas));
        Box::pin(
            async move { opening.await.map_err(|error| ConnectionError::BadConnection(error.to_string()))? },
        )
    });
    Pool::builder(AsyncDieselConnectionManager::new_with_config(file, manager))
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(wait))
        .create_timeout(Some(wait))
        .build()
        .map_err(|error| ConfigError::Unusable(error.to_string()))
}

/// Opens one connection, on the runtime that will serve it.
async fn open(file: String, pragmas: &'static str) -> ConnectionResult<SqliteConn> {
    let mut connection = SqliteConn::establish(&file).await?;
    // First, so that turning on the WAL mode waits for another process that does the same.
    for batch in [BUSY_TIMEOUT, pragmas] {
        connection.batch_execute(batch).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    }
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use diesel::sql_types::Integer;
    use diesel_async::RunQueryDsl;

    use super::*;

    async fn pragma(connection: &mut SqliteConn, name: &str) -> anyhow::Result<i32> {
        let value = diesel::dsl::sql::<Integer>(&format!("{name} FROM pragma_{name}"));
        Ok(diesel::select(value).get_result(connection).await?)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_writer_flushes_each_commit_and_a_reader_writes_nothing() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("igny8.db").display().to_string();
        let mut writer = open(file.clone(), WRITER).await?;
        assert_eq!(pragma(&mut writer, "synchronous").await?, 2);
        assert_eq!(pragma(&mut writer, "foreign_keys").await?, 1);
        writer.batch_execute("CREATE TABLE things (id INTEGER)").await?;
        let mut reader = open(file, READER).await?;
        assert!(reader.batch_execute("INSERT INTO things VALUES (1)").await.is_err());
        Ok(())
    }
}
