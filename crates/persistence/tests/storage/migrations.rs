//! Migrations on both databases, and the schema that they make.

use std::collections::BTreeMap;
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
    ensure!(storage.migrate().await?.len() == pending.len());
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

/// Both databases have the same tables and columns, absent where the other's may be, and every table but the
/// accounts' begins its composite indexes with the account.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_have_the_same_schema() -> anyhow::Result<()> {
    let (sqlite, postgres) = (columns("sqlite")?, columns("postgres")?);
    ensure!(!sqlite.is_empty());
    ensure!(sqlite == postgres);
    for (table, columns) in &sqlite {
        ensure!(table == "accounts" || columns.iter().any(|(name, _)| name == "account_id"), "{table}");
    }
    for statement in ["sqlite", "postgres"].map(up).into_iter().collect::<anyhow::Result<Vec<_>>>()? {
        for index in statement.split("INDEX ").skip(1) {
            let listed =
                index.split_once('(').and_then(|(_, rest)| rest.split_once(')')).context("columns")?.0;
            ensure!(!listed.contains(',') || listed.starts_with("account_id,"), "{listed}");
        }
    }
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

fn up(database: &str) -> anyhow::Result<String> {
    let files = names(database)?;
    let texts = files.iter().map(|name| std::fs::read_to_string(folder(database).join(name).join("up.sql")));
    Ok(texts.collect::<Result<Vec<_>, _>>()?.concat())
}

type Columns = BTreeMap<String, Vec<(String, bool)>>;

/// The columns of each table, and whether one may be absent.
fn columns(database: &str) -> anyhow::Result<Columns> {
    let mut tables = Columns::new();
    for table in up(database)?.split("CREATE TABLE ").skip(1) {
        let (name, body) = table.split_once(" (").context("a table's name")?;
        let body = body.split_once("\n)").context("a table's end")?.0;
        let lines = body.lines().filter(|line| line.starts_with("    ") && !line.trim().starts_with("--"));
        let columns = lines
            .filter_map(|line| line.trim().split_once(' '))
            .filter(|(name, _)| name.chars().all(|letter| letter.is_lowercase() || letter == '_'))
            .map(|(name, kind)| {
                let required = kind.contains("NOT NULL") || kind.contains("PRIMARY KEY");
                (name.to_owned(), !required)
            });
        tables.insert(name.to_owned(), columns.collect());
    }
    Ok(tables)
}
