//! PostgreSQL: one pool, over TLS as `sslmode` says.

mod tls;
mod url;

use deadpool::Runtime;
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::SimpleAsyncConnection as _;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use igny8_integration_domain::ports::storage::StorageError;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use self::url::PostgresUrl;
use crate::config::{ConfigError, DatabaseConfig};
use crate::conn::{DbConn, PgConn};
use crate::error::from_pool;

/// No statement waits for ever, and a node that hangs in the middle of a unit of work gives its locks back. `public`
/// holds the tables whatever the server's own search path says.
const SESSION: &str = "SET lock_timeout = '10s'; SET statement_timeout = '60s'; \
     SET idle_in_transaction_session_timeout = '60s';";

/// The pool of one server.
pub struct PostgresPool {
    pool: Pool<PgConn>,
}

impl PostgresPool {
    /// A pool that opens connections as they are needed.
    pub fn new(url: &SecretString, config: &DatabaseConfig, runtime: &Handle) -> Result<Self, ConfigError> {
        let url = PostgresUrl::parse(url.expose_secret())?;
        let tls = url.sslmode.client_config(url.sslrootcert.as_deref())?;
        let runtime = runtime.clone();
        let mut manager = ManagerConfig::default();
        manager.recycling_method = RecyclingMethod::Verified;
        manager.custom_setup = Box::new(move |_| {
            let opening = runtime.spawn(open(url.clone(), tls.clone()));
            Box::pin(async move {
                opening.await.map_err(|error| ConnectionError::BadConnection(error.to_string()))?
            })
        });
        let pool = Pool::builder(AsyncDieselConnectionManager::new_with_config("", manager))
            .max_size(config.max_connections.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(config.wait_timeout))
            .create_timeout(Some(config.wait_timeout))
            .recycle_timeout(Some(config.wait_timeout))
            .build()
            .map_err(|error| ConfigError::Unusable(error.to_string()))?;
        Ok(Self { pool })
    }

    /// A connection for a unit of work.
    pub async fn get(&self) -> Result<DbConn, StorageError> {
        Ok(DbConn::Postgres(Box::new(self.pool.get().await.map_err(from_pool)?)))
    }
}

/// Opens one connection, on the runtime that will drive it.
async fn open(url: PostgresUrl, tls: Option<MakeRustlsConnect>) -> ConnectionResult<PgConn> {
    let opened = match tls {
        None => open_plain(&url).await,
        Some(tls) => match url.driver.connect(tls).await {
            Ok((client, connection)) => PgConn::try_from_client_and_connection(client, connection).await,
            // As libpq has it: `prefer` means that a failed handshake is followed by an attempt without TLS.
            Err(error) if url.sslmode.may_be_plain() && is_tls(&error) => open_plain(&url).await,
            Err(error) => Err(refused(error)),
        },
    };
    let mut connection = opened?;
    connection.batch_execute(SESSION).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

async fn open_plain(url: &PostgresUrl) -> ConnectionResult<PgConn> {
    let mut driver = url.driver.clone();
    driver.ssl_mode(SslMode::Disable);
    let (client, connection) = driver.connect(tokio_postgres::NoTls).await.map_err(refused)?;
    PgConn::try_from_client_and_connection(client, connection).await
}

fn is_tls(error: &tokio_postgres::Error) -> bool {
    error.to_string().starts_with("error performing TLS handshake")
}

/// The driver's own text says too little: why it failed is in its sources.
fn refused(error: tokio_postgres::Error) -> ConnectionError {
    ConnectionError::BadConnection(format!("{:#}", anyhow::Error::from(error)))
}
