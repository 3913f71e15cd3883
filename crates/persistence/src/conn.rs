//! One connection of either database, and how a query is sent over it.

use diesel::QueryResult;
use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AsyncConnection, TransactionManager};

#[cfg(feature = "postgres")]
pub type PgConn = diesel_async::AsyncPgConnection;
#[cfg(feature = "sqlite")]
pub type SqliteConn = diesel_async::sync_connection_wrapper::SyncConnectionWrapper<diesel::SqliteConnection>;

/// A connection out of a pool.
pub enum DbConn {
    #[cfg(feature = "postgres")]
    Postgres(Box<Object<PgConn>>),
    #[cfg(feature = "sqlite")]
    Sqlite(Box<Object<SqliteConn>>),
}

/// Runs one piece of code on whichever connection it is: written once, checked against both databases. `$db` names the
/// backend inside, where a boxed query needs it. `as_select()` and the like pin the backend, so the whole query is
/// built inside.
macro_rules! on_conn {
    ($conn:expr, |$c:ident| $body:expr) => {
        $crate::conn::on_conn!($conn, |$c, _Db| $body)
    };
    ($conn:expr, |$c:ident, $db:ident| $body:expr) => {
        match $conn {
            #[cfg(feature = "postgres")]
            $crate::conn::DbConn::Postgres(object) => {
                #[expect(clippy::allow_attributes, reason = "not every piece of code names the backend")]
                #[allow(dead_code)]
                type $db = diesel::pg::Pg;
                let $c: &mut $crate::conn::PgConn = object;
                $body
            }
            #[cfg(feature = "sqlite")]
            $crate::conn::DbConn::Sqlite(object) => {
                #[expect(clippy::allow_attributes, reason = "not every piece of code names the backend")]
                #[allow(dead_code)]
                type $db = diesel::sqlite::Sqlite;
                let $c: &mut $crate::conn::SqliteConn = object;
                $body
            }
        }
    };
}
pub(crate) use on_conn;

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// One consistent view, no locks.
    Read,
    /// Changes.
    Write,
}

impl DbConn {
    /// Begins a transaction. SQLite's writers take their lock at once: one that reads first and writes later would fail
    /// as soon as somebody else wrote between. PostgreSQL's readers get one view for all their statements.
    pub async fn begin(&mut self, purpose: Purpose) -> QueryResult<()> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(object) => {
                let sql = match purpose {
                    Purpose::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                    Purpose::Write => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
                };
                diesel_async::AnsiTransactionManager::begin_transaction_sql::<PgConn>(object, sql).await
            }
            #[cfg(feature = "sqlite")]
            Self::Sqlite(object) => {
                let sql = match purpose {
                    Purpose::Read => "BEGIN DEFERRED",
                    Purpose::Write => "BEGIN IMMEDIATE",
                };
                object
                    .spawn_blocking(move |connection| {
                        diesel::connection::AnsiTransactionManager::begin_transaction_sql(connection, sql)
                    })
                    .await
            }
        }
    }

    /// Makes the transaction durable.
    pub async fn commit(&mut self) -> QueryResult<()> {
        on_conn!(self, |c| commit(c).await)
    }

    /// Undoes the transaction.
    pub async fn roll_back(&mut self) -> QueryResult<()> {
        on_conn!(self, |c| roll_back(c).await)
    }

    /// Closes the connection, which undoes what was not committed; the pool makes another when it needs one.
    pub fn close(self) {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(object) => drop(Object::take(*object)),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(object) => drop(Object::take(*object)),
        }
    }
}

async fn commit<C: AsyncConnection>(connection: &mut C) -> QueryResult<()> {
    C::TransactionManager::commit_transaction(connection).await
}

async fn roll_back<C: AsyncConnection>(connection: &mut C) -> QueryResult<()> {
    C::TransactionManager::rollback_transaction(connection).await
}
