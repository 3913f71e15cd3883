//! The schema that the migrations make, as each database has it, beside the one that the queries are checked against.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use diesel::sql_types::{Bool, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection};
use secrecy::ExposeSecret as _;
use tokio_postgres::NoTls;

use crate::support::{Backend, Database};

/// Tables, their columns, and whether a column may be null.
type Tables = BTreeMap<String, BTreeMap<String, bool>>;

/// Indexes: their tables, and their columns in order.
type Indexes = BTreeSet<(String, Vec<String>)>;

const SQLITE_COLUMNS: &str = "SELECT tables.name AS table_name, columns.name AS column_name, \
     columns.\"notnull\" = 0 AND columns.pk = 0 AS nullable \
     FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns \
     WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%'";

const SQLITE_INDEXES: &str = "SELECT tables.name AS table_name, \
     (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(indexes.name) ORDER BY seqno)) AS column_name, \
     FALSE AS nullable \
     FROM sqlite_master AS tables, pragma_index_list(tables.name) AS indexes WHERE tables.type = 'table'";

const POSTGRES_COLUMNS: &str = "SELECT table_name::text, column_name::text, is_nullable = 'YES' \
     FROM information_schema.columns WHERE table_schema = current_schema()";

const POSTGRES_INDEXES: &str = "SELECT tables.relname::text, \
     (SELECT string_agg(attname::text, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = indexes.indexrelid) \
     FROM pg_index AS indexes JOIN pg_class AS tables ON tables.oid = indexes.indrelid \
     WHERE tables.relnamespace = current_schema()::regnamespace";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

/// Names and nullability of every column, and the list of tables, are the same three times.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_databases_have_the_schema_that_the_queries_know() -> anyhow::Result<()> {
    let known = known()?;
    ensure!(known.len() > 10, "{known:?}");
    for (backend, (tables, _)) in [("SQLite", sqlite().await?), ("PostgreSQL", postgres().await?)] {
        for (name, columns) in &known {
            ensure!(
                tables.get(name) == Some(columns),
                "{backend}: {name}: {:?}, not {columns:?}",
                tables.get(name)
            );
        }
        ensure!(tables.keys().eq(known.keys()), "{backend}: {:?}", tables.keys());
    }
    Ok(())
}

/// Every table but the accounts' belongs to one, and its composite indexes begin with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_can_be_told_apart_by_account() -> anyhow::Result<()> {
    let ((tables, sqlite), (_, postgres)) = (sqlite().await?, postgres().await?);
    for (table, columns) in &tables {
        ensure!(table == "accounts" || columns.contains_key("account_id"), "{table}");
    }
    for (table, columns) in sqlite.union(&postgres) {
        let is_composite = columns.len() > 1;
        ensure!(
            !is_composite || columns.first().is_some_and(|first| first == "account_id"),
            "{table}: {columns:?}"
        );
    }
    // SQLite has no index for a key that is the row's own number.
    let composite =
        |indexes: Indexes| -> Indexes { indexes.into_iter().filter(|(_, c)| c.len() > 1).collect() };
    let (sqlite, postgres) = (composite(sqlite), composite(postgres));
    ensure!(!sqlite.is_empty() && sqlite == postgres, "{:?}", sqlite.symmetric_difference(&postgres));
    Ok(())
}

/// What `schema.rs` says.
fn known() -> anyhow::Result<Tables> {
    let mut tables = Tables::new();
    for table in include_str!("../../src/schema.rs").split("diesel::table! {").skip(1) {
        let (head, body) = table.split_once(") {\n").context("a table's columns")?;
        let name = head
            .rsplit_once(" (")
            .and_then(|(name, _)| name.split_whitespace().last())
            .context("a table's name")?;
        let lines =
            body.lines().take_while(|line| line.trim() != "}").filter_map(|line| line.split_once(" -> "));
        let columns = lines.map(|(name, kind)| (name.trim().to_owned(), kind.starts_with("Nullable<")));
        tables.insert(name.to_owned(), columns.collect());
    }
    Ok(tables)
}

async fn sqlite() -> anyhow::Result<(Tables, Indexes)> {
    let Database { storage, config, folder: _folder } = Backend::Sqlite.database().await?;
    drop(storage);
    let path = config.url.expose_secret().strip_prefix("sqlite://").context("a file")?.to_owned();
    let mut connection = SqliteConnection::establish(&path)?;
    let mut read = |query: &str| diesel::sql_query(query).load::<Line>(&mut connection);
    let columns =
        read(SQLITE_COLUMNS)?.into_iter().map(|line| (line.table_name, line.column_name, line.nullable));
    let indexes = read(SQLITE_INDEXES)?.into_iter().map(|line| (line.table_name, line.column_name));
    Ok((tables_of(columns), indexes_of(indexes)))
}

async fn postgres() -> anyhow::Result<(Tables, Indexes)> {
    let database = Backend::Postgres.database().await?;
    let (client, connection) = tokio_postgres::connect(database.config.url.expose_secret(), NoTls).await?;
    tokio::spawn(connection);
    let columns = client.query(POSTGRES_COLUMNS, &[]).await?;
    let indexes = client.query(POSTGRES_INDEXES, &[]).await?;
    let columns = columns.iter().map(|row| (row.get(0), row.get(1), row.get(2)));
    Ok((tables_of(columns), indexes_of(indexes.iter().map(|row| (row.get(0), row.get(1))))))
}

fn tables_of(columns: impl Iterator<Item = (String, String, bool)>) -> Tables {
    let mut tables = Tables::new();
    for (table, column, nullable) in columns.filter(|(table, ..)| is_ours(table)) {
        tables.entry(table).or_default().insert(column, nullable);
    }
    tables
}

fn indexes_of(indexes: impl Iterator<Item = (String, String)>) -> Indexes {
    let ours = indexes.filter(|(table, _)| is_ours(table));
    ours.map(|(table, columns)| (table, columns.split(',').map(str::to_owned).collect())).collect()
}

/// The migrations keep their own list.
fn is_ours(table: &str) -> bool {
    table != "__diesel_schema_migrations"
}
