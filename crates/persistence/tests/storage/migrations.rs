//! Migrations on both databases, and the schema that they make.

use std::path::Path;

use anyhow::{Context as _, ensure};
use igny8_integration_domain::ports::storage::{Storage as _, StorageError};
use igny8_integration_persistence::{DatabaseConfig, connect};
use rstest::rstest;

use crate::support::Backend;

/// Several nodes start at once on a new database: each comes up, and each migration is applied once.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_together_migrate_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let (url, _folder) = backend.blank().await?;
    let nodes: Vec<_> = (0..4)
        .map(|_| {
            let config = DatabaseConfig::new(url.clone());
            tokio::spawn(async move { anyhow::Ok(connect(&config)?.migrate().await?) })
        })
        .collect();
    let mut applied = Vec::new();
    for node in nodes {
        applied.extend(node.await??);
    }
    let mut once = applied.clone();
    once.sort();
    once.dedup();
    ensure!(!applied.is_empty() && applied.len() == once.len(), "{applied:?}");
    let storage = connect(&DatabaseConfig::new(url))?;
    ensure!(storage.pending_migrations().await?.is_empty());
    Ok(())
}

/// A database without its schema is not ready, says what is missing, and stays as it is when asked.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_with_pending_migrations_is_not_ready(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let (url, _folder) = backend.blank().await?;
    let storage = connect(&DatabaseConfig::new(url))?;
    let pending = storage.pending_migrations().await?;
    ensure!(pending == names("postgres")?, "{pending:?}");
    ensure!(matches!(storage.check_ready().await, Err(StorageError::Unavailable(_))));
    ensure!(storage.migrate().await? == pending);
    ensure!(storage.migrate().await?.is_empty());
    storage.check_ready().await?;
    Ok(())
}

#[test]
fn migrations_come_in_pairs() -> anyhow::Result<()> {
    ensure!(!names("sqlite")?.is_empty());
    ensure!(names("sqlite")? == names("postgres")?);
    Ok(())
}

/// A server that is not there is a database that is away, not a bug.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_is_unavailable() -> anyhow::Result<()> {
    let storage = connect(&DatabaseConfig::new("postgres://igny8@127.0.0.1:1/igny8".to_owned()))?;
    let error = storage.check_ready().await.err().context("nobody listens there")?;
    ensure!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
    Ok(())
}

fn folder(database: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(database)
}

fn names(database: &str) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder(database))? {
        names.push(
            entry?
                .file_name()
                .into_string()
                .map_err(|name| anyhow::anyhow!("{} is no text", name.display()))?,
        );
    }
    names.sort();
    Ok(names)
}
