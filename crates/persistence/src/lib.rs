//! The storage port on SQLite and PostgreSQL, from one set of queries, and the cipher for secrets at rest.
//!
//! [`connect`] prepares a database's storage, [`DieselStorage::migrate`] brings it up to date, and
//! [`cipher::Keyset`] seals what is stored in it. All of it belongs on a multi-thread Tokio runtime.

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("choose at least one of the features `sqlite` and `postgres`");

pub mod cipher;
mod config;
mod conn;
mod error;
mod migrate;
#[cfg(feature = "postgres")]
mod postgres;
mod repositories;
mod rows;
mod schema;
mod search;
#[cfg(feature = "sqlite")]
mod sqlite;
mod storage;
mod types;
mod unit;

pub use config::{ConfigError, DatabaseConfig};
pub use storage::{DieselStorage, connect};
