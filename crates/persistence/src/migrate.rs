//! Migrations: embedded in the binary, applied by one process at a time.

use std::collections::BTreeMap;

use anyhow::anyhow;
use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource as _, MigrationVersion};
use diesel::sql_types::Bool;
use diesel::{QueryDsl as _, QueryResult};
use diesel_async::RunQueryDsl;
#[cfg(feature = "postgres")]
use diesel_async::SimpleAsyncConnection as _;
#[cfg(feature = "postgres")]
use diesel_async::pooled_connection::deadpool::Object;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use igny8_integration_domain::ports::storage::StorageError;

#[cfg(feature = "postgres")]
use crate::conn::PgConn;
use crate::conn::{DbConn, Purpose, on_conn};
use crate::error::from_diesel;
use crate::storage::DieselStorage;

#[cfg(feature = "sqlite")]
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
#[cfg(feature = "postgres")]
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Whoever migrates a PostgreSQL database holds this advisory lock of its session; closing the session gives it back.
/// A migration may take its time: no limits.
#[cfg(feature = "postgres")]
const LOCK: &str = "SET statement_timeout = 0; SET lock_timeout = 0; \
     SET idle_in_transaction_session_timeout = 0; SELECT pg_advisory_lock(7308895159010652020);";

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

impl DieselStorage {
    /// Applies what is pending, and gives its names. Safe to repeat, and safe beside others that do the same.
    pub async fn migrate(&self) -> Result<Vec<String>, StorageError> {
        match self.get(Purpose::Write).await? {
            #[cfg(feature = "postgres")]
            DbConn::Postgres(object) => migrate_postgres(*object).await,
            #[cfg(feature = "sqlite")]
            DbConn::Sqlite(mut object) => object.spawn_blocking(migrate_sqlite).await.map_err(from_diesel)?,
        }
    }

    /// The names of those that are not applied yet, oldest first. Changes nothing.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StorageError> {
        let mut conn = self.get(Purpose::Read).await?;
        let (known, exists) = match &conn {
            #[cfg(feature = "postgres")]
            DbConn::Postgres(_) => (
                names::<diesel::pg::Pg>(&POSTGRES.migrations().map_err(other)?),
                "to_regclass('__diesel_schema_migrations') IS NOT NULL",
            ),
            #[cfg(feature = "sqlite")]
            DbConn::Sqlite(_) => (
                names::<diesel::sqlite::Sqlite>(&SQLITE.migrations().map_err(other)?),
                "EXISTS (SELECT 1 FROM sqlite_master WHERE name = '__diesel_schema_migrations')",
            ),
        };
        let exists = diesel::select(diesel::dsl::sql::<Bool>(exists));
        let mut applied: Vec<String> = Vec::new();
        if on_conn!(&mut conn, |c| exists.get_result::<bool>(c).await).map_err(from_diesel)? {
            let versions = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version);
            applied = on_conn!(&mut conn, |c| versions.load(c).await).map_err(from_diesel)?;
        }
        Ok(known
            .into_iter()
            .filter(|(version, _)| !applied.contains(version))
            .map(|(_, name)| name)
            .collect())
    }
}

/// Versions and names, oldest first.
fn names<DB: Backend>(migrations: &[Box<dyn Migration<DB>>]) -> BTreeMap<String, String> {
    migrations
        .iter()
        .map(|migration| (migration.name().version().to_string(), migration.name().to_string()))
        .collect()
}

/// The names of these versions, as `pending_migrations` gives them.
fn named(known: &BTreeMap<String, String>, versions: &[MigrationVersion<'_>]) -> Vec<String> {
    let versions = versions.iter().map(ToString::to_string);
    versions.map(|version| known.get(&version).cloned().unwrap_or(version)).collect()
}

#[cfg(feature = "postgres")]
async fn migrate_postgres(object: Object<PgConn>) -> Result<Vec<String>, StorageError> {
    // Out of its pool: its session has other limits and holds the lock until it is closed.
    let mut connection = Object::take(object);
    connection.batch_execute(LOCK).await.map_err(from_diesel)?;
    let mut harness = diesel_async::AsyncMigrationHarness::new(connection);
    let known = names::<diesel::pg::Pg>(&POSTGRES.migrations().map_err(other)?);
    let applied = harness.run_pending_migrations(POSTGRES).map_err(other)?;
    Ok(named(&known, &applied))
}

/// All of them in one transaction that begins with the write lock: a second process waits, and finds nothing to do.
#[cfg(feature = "sqlite")]
fn migrate_sqlite(
    connection: &mut diesel::SqliteConnection,
) -> QueryResult<Result<Vec<String>, StorageError>> {
    use diesel::connection::{AnsiTransactionManager, TransactionManager as _};

    AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")?;
    let applied = SQLITE.migrations().and_then(|migrations| {
        let known = names::<diesel::sqlite::Sqlite>(&migrations);
        Ok(named(&known, &connection.run_pending_migrations(SQLITE)?))
    });
    match applied.map_err(other) {
        Ok(applied) => {
            AnsiTransactionManager::commit_transaction(connection)?;
            Ok(Ok(applied))
        }
        Err(error) => {
            AnsiTransactionManager::rollback_transaction(connection)?;
            Ok(Err(error))
        }
    }
}

fn other(error: Box<dyn std::error::Error + Send + Sync>) -> StorageError {
    StorageError::Other(anyhow!(error).context("the migrations could not be applied"))
}
