//! Which database, and how much of it.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `sqlite://path/to/file.db`, or `postgres://…` with `sslmode` and `sslrootcert` as libpq has them.
    pub url: SecretString,
    /// How many connections are open at most; on SQLite, for reading.
    pub max_connections: usize,
    /// How long a caller waits for one.
    pub wait_timeout: Duration,
}

impl DatabaseConfig {
    /// The database at `url`, with what fits a node: 16 connections, a wait of 10 s.
    pub fn new(url: impl Into<SecretString>) -> Self {
        Self { url: url.into(), max_connections: 16, wait_timeout: Duration::from_secs(10) }
    }

    /// What the URL names.
    pub(crate) fn target(&self) -> Result<Target, ConfigError> {
        let url = self.url.expose_secret();
        if let Some(path) = url.strip_prefix("sqlite://") {
            return sqlite_file(path).map(Target::Sqlite);
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Target::Postgres(self.url.clone()));
        }
        Err(ConfigError::UnknownScheme)
    }
}

/// A database by its kind.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(SecretString),
}

/// Why a database can't be used as configured. Never shows the URL: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not a database that is known.
    #[error("the database URL must begin with sqlite:// or postgres://")]
    UnknownScheme,
    /// A database of its own for each connection, or none.
    #[error("the database URL must name a file, as in sqlite:///var/lib/igny8/igny8.db")]
    NoFile,
    /// Built without it.
    #[error("this binary was built without {0}")]
    NotBuilt(&'static str),
    /// PostgreSQL's driver or the certificates do not take it.
    #[error("the database URL is not usable: {0}")]
    Unusable(String),
    /// Futures of SQLite connections can't be dropped safely on a current-thread runtime.
    #[error("the database needs a multi-thread Tokio runtime")]
    NoRuntime,
}

/// A file of the disk: `:memory:` and the like are another database for each connection.
fn sqlite_file(path: &str) -> Result<PathBuf, ConfigError> {
    if path.is_empty() || path.starts_with(':') || path.contains(['?', '\0']) {
        return Err(ConfigError::NoFile);
    }
    let path = PathBuf::from(path);
    // A plain path, never one that SQLite reads as a URI or a name of its own.
    Ok(if path.is_absolute() { path } else { PathBuf::from(".").join(path) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, ConfigError> {
        DatabaseConfig::new(url.to_owned()).target()
    }

    #[rstest::rstest]
    #[case("sqlite:///var/lib/igny8.db", "/var/lib/igny8.db")]
    #[case("sqlite://./data/igny8.db", "./data/igny8.db")]
    #[case("sqlite://data/igny8.db", "./data/igny8.db")]
    fn a_sqlite_url_names_a_file(#[case] url: &str, #[case] file: &str) {
        let Ok(Target::Sqlite(path)) = target(url) else { panic!("not a file: {url}") };
        assert_eq!(path, PathBuf::from(file));
    }

    #[rstest::rstest]
    #[case("sqlite://")]
    #[case("sqlite://:memory:")]
    #[case("sqlite://igny8.db?mode=memory")]
    fn a_database_that_is_no_file_is_refused(#[case] url: &str) {
        assert!(matches!(target(url), Err(ConfigError::NoFile)));
    }

    #[test]
    fn another_scheme_is_refused_without_showing_the_url() {
        let error = target("mysql://root:secret@db").expect_err("refused");
        assert!(!error.to_string().contains("secret"));
    }
}
