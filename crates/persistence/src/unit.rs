//! A unit of work: one transaction on one connection.
//!
//! A connection goes back to its pool only after a commit or a rollback that was answered. Whatever is in doubt (a
//! statement whose future was dropped, a commit that failed) is closed instead, so that nobody else inherits it.

use anyhow::anyhow;
use async_trait::async_trait;
use igny8_integration_domain::ports::storage::{StorageError, UnitOfWork};
use tokio::runtime::Handle;

use crate::conn::{DbConn, Purpose};
use crate::error::from_diesel;

/// One transaction.
pub struct DieselUnitOfWork {
    /// None once it has ended.
    conn: Option<DbConn>,
    purpose: Purpose,
    /// No statement failed, and none was abandoned on its way.
    sound: bool,
    runtime: Handle,
}

/// Runs one statement in a unit of work. While it is on its way the unit counts as unsound: if its future is dropped,
/// nobody knows what the database did. PostgreSQL answers a COMMIT after a failed statement with a silent ROLLBACK, so
/// a failure is remembered, too.
macro_rules! run {
    ($unit:expr, |$c:ident $(, $db:ident)?| $body:expr) => {{
        let connection = $unit.start_statement()?;
        let result: diesel::QueryResult<_> = $crate::conn::on_conn!(connection, |$c $(, $db)?| $body);
        $unit.end_statement(result)
    }};
}

/// Runs one statement that changes something.
macro_rules! change {
    ($unit:expr, |$c:ident $(, $db:ident)?| $body:expr) => {{
        $unit.require_writer()?;
        $crate::unit::run!($unit, |$c $(, $db)?| $body)
    }};
}

/// Runs a query whose rows are held until the unit ends. SQLite's writer is alone anyway. PostgreSQL locks each row
/// against changes and deletion, but not against rows that refer to it: FOR UPDATE would let a unit that holds an
/// integration stop everybody who adds a content or a run to it.
macro_rules! hold {
    ($unit:expr, $query:expr $(, $skip:ident)?) => {{
        $unit.require_writer()?;
        let result: diesel::QueryResult<Vec<_>> = match $unit.start_statement()? {
            #[cfg(feature = "postgres")]
            $crate::conn::DbConn::Postgres(object) => {
                let connection: &mut $crate::conn::PgConn = object;
                $query.for_no_key_update()$(.$skip())?.load(connection).await
            }
            #[cfg(feature = "sqlite")]
            $crate::conn::DbConn::Sqlite(object) => {
                let connection: &mut $crate::conn::SqliteConn = object;
                $query.load(connection).await
            }
        };
        $unit.end_statement(result)
    }};
}
pub(crate) use {change, hold, run};

impl DieselUnitOfWork {
    /// Begins one on a connection.
    pub async fn begin(conn: DbConn, purpose: Purpose, runtime: Handle) -> Result<Self, StorageError> {
        // Unsound until the answer is there: the connection is closed if this future is dropped.
        let mut unit = Self { conn: Some(conn), purpose, sound: false, runtime };
        let connection = unit.conn.as_mut().ok_or_else(ended)?;
        connection.begin(purpose).await.map_err(from_diesel)?;
        unit.sound = true;
        Ok(unit)
    }

    /// The connection, for a statement that is about to be sent.
    pub(crate) fn start_statement(&mut self) -> Result<&mut DbConn, StorageError> {
        if !self.sound {
            return Err(StorageError::Other(anyhow!("a statement of this unit of work failed before")));
        }
        self.sound = false;
        self.conn.as_mut().ok_or_else(ended)
    }

    /// Refuses to change or hold rows in a unit that only reads.
    pub(crate) fn require_writer(&mut self) -> Result<(), StorageError> {
        if self.purpose == Purpose::Write {
            return Ok(());
        }
        self.sound = false;
        Err(StorageError::Other(anyhow!("a unit of work that only reads can't change or hold rows")))
    }

    /// Whether a row was there to be changed; if not, somebody else was first, and the unit can't be committed.
    pub(crate) fn expect_row<T>(&mut self, row: Option<T>) -> Result<T, StorageError> {
        if row.is_none() {
            self.sound = false;
        }
        row.ok_or(StorageError::Conflict)
    }

    /// Takes note of a statement's answer.
    pub(crate) fn end_statement<T>(&mut self, result: diesel::QueryResult<T>) -> Result<T, StorageError> {
        match result {
            // Nothing found is an answer.
            Err(diesel::result::Error::NotFound) | Ok(_) => self.sound = true,
            Err(_) => {}
        }
        result.map_err(from_diesel)
    }
}

fn ended() -> StorageError {
    StorageError::Other(anyhow!("the unit of work has ended"))
}

#[async_trait]
impl UnitOfWork for DieselUnitOfWork {
    async fn commit(mut self: Box<Self>) -> Result<(), StorageError> {
        let connection = self.start_statement()?;
        connection.commit().await.map_err(from_diesel)?;
        // Committed and answered: the connection is as good as new. On any other way out it is closed.
        self.conn = None;
        Ok(())
    }
}

impl Drop for DieselUnitOfWork {
    fn drop(&mut self) {
        let Some(mut conn) = self.conn.take() else { return };
        if !self.sound {
            // Closing can wait for a disk.
            drop(self.runtime.spawn_blocking(move || conn.close()));
            return;
        }
        drop(self.runtime.spawn(async move {
            if let Err(error) = conn.roll_back().await {
                tracing::debug!(error = %error, "a rollback failed, the connection is closed");
                conn.close();
            }
        }));
    }
}
