//! One PostgreSQL server for all tests of this process, a database of its own for each.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, ensure};
use igny8_integration_persistence::{DatabaseConfig, connect};
use tokio::sync::OnceCell;
use tokio_postgres::NoTls;

const TEMPLATE: &str = "migrated";

static SERVER: OnceCell<Server> = OnceCell::const_new();

struct Server {
    /// Of its maintenance database.
    url: String,
    databases: AtomicU32,
}

/// The URL of an empty, migrated database.
pub async fn fresh_database() -> anyhow::Result<String> {
    let server = SERVER.get_or_try_init(Server::start).await?;
    server.create_from(TEMPLATE).await
}

/// The URL of a database without a schema.
pub async fn blank_database() -> anyhow::Result<String> {
    let server = SERVER.get_or_try_init(Server::start).await?;
    server.create_from("template0").await
}

impl Server {
    /// The script ends the server when this process ends, however it does: then its standard input ends.
    async fn start() -> anyhow::Result<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/postgres");
        let mut child = Command::new(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{script} does not run"))?;
        let stdout = child.stdout.take().context("the script has no output")?;
        let mut url = String::new();
        BufReader::new(stdout).read_line(&mut url)?;
        ensure!(!url.is_empty(), "no PostgreSQL for the tests: run scripts/install-test-tools");
        std::mem::forget(child.stdin.take());
        let server = Self { url: url.trim().to_owned(), databases: AtomicU32::new(0) };
        server.execute(&format!("CREATE DATABASE {TEMPLATE}")).await?;
        {
            let storage = connect(&DatabaseConfig::new(server.url_of(TEMPLATE)))?;
            storage.migrate().await?;
        }
        server.wait_until_unused(TEMPLATE).await?;
        Ok(server)
    }

    async fn create_from(&self, template: &str) -> anyhow::Result<String> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
        Ok(self.url_of(&name))
    }

    /// A template can't be copied while somebody is connected to it.
    async fn wait_until_unused(&self, name: &str) -> anyhow::Result<()> {
        let client = self.client().await?;
        client
            .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", &[&name])
            .await?;
        loop {
            let row = client
                .query_one("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", &[&name])
                .await?;
            if row.get::<_, i64>(0) == 0 {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }

    async fn execute(&self, sql: &str) -> anyhow::Result<()> {
        self.client().await?.batch_execute(sql).await.with_context(|| sql.to_owned())
    }

    async fn client(&self) -> anyhow::Result<tokio_postgres::Client> {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    fn url_of(&self, database: &str) -> String {
        let (server, _) = self.url.rsplit_once('/').unwrap_or((&self.url, ""));
        format!("{server}/{database}")
    }
}
