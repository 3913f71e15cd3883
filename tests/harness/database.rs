//! A database for each test: a SQLite file in its own folder, or a PostgreSQL database made from a template
//! on one server that ends with this process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, ensure};
use tokio::sync::OnceCell;
use tokio_postgres::NoTls;

use super::binary::{Finished, igny8};

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// The database of one test.
#[derive(Clone, Debug)]
pub enum Database {
    Sqlite,
    Postgres(String),
}

/// Keys that every PostgreSQL node of a test shares; no node makes its own there.
pub const JWT_SECRET: &str = "a-secret-of-the-black-box-tests-0123456789";
pub const CREDENTIAL_KEY: &str = "1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

const TEMPLATE: &str = "igny8_template";

struct Server {
    /// Of its maintenance database.
    url: String,
    /// The server ends when this does.
    _lifeline: ChildStdin,
}

static SERVER: OnceCell<Server> = OnceCell::const_new();
static NUMBER: AtomicUsize = AtomicUsize::new(1);

impl Database {
    pub async fn new(backend: Backend) -> anyhow::Result<Self> {
        if backend == Backend::Sqlite {
            return Ok(Self::Sqlite);
        }
        let server = SERVER.get_or_try_init(Server::start).await?;
        let name = format!("igny8_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        server.execute(&format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await?;
        Ok(Self::Postgres(server.url_of(&name)))
    }

    /// The variables that lead a process to it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Sqlite => Vec::new(),
            Self::Postgres(url) => vec![
                ("IGNY8_DATABASE_URL", url.clone()),
                ("IGNY8_JWT_SECRETS", JWT_SECRET.to_owned()),
                ("IGNY8_CREDENTIAL_KEYS", CREDENTIAL_KEY.to_owned()),
            ],
        }
    }

    /// Everything that is stored, to look for what must not be there.
    pub async fn dump(&self, data_dir: &Path) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Sqlite => dump_files(data_dir),
            Self::Postgres(url) => dump_tables(url).await,
        }
    }
}

/// The database's files with their journal; the generated keys beside them are no rows.
fn dump_files(data_dir: &Path) -> anyhow::Result<Vec<u8>> {
    let mut dump = Vec::new();
    for entry in std::fs::read_dir(data_dir)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("igny8.db")) {
            dump.extend(std::fs::read(path)?);
        }
    }
    ensure!(!dump.is_empty(), "there is a database in {}", data_dir.display());
    Ok(dump)
}

async fn dump_tables(url: &str) -> anyhow::Result<Vec<u8>> {
    let client = connect(url).await?;
    let tables = client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", &[]).await?;
    ensure!(!tables.is_empty(), "there are tables");
    let mut dump = Vec::new();
    for table in tables {
        let name: String = table.get(0);
        for row in client.query(&format!("SELECT t::text FROM \"{name}\" t"), &[]).await? {
            dump.extend(row.get::<_, String>(0).into_bytes());
        }
    }
    Ok(dump)
}

pub async fn connect(url: &str) -> anyhow::Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

impl Server {
    async fn start() -> anyhow::Result<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/postgres");
        let mut child = Command::new(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| script.to_owned())?;
        let lifeline = child.stdin.take().context("a pipe")?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().context("a pipe")?).read_line(&mut url)?;
        ensure!(!url.is_empty(), "no PostgreSQL for the tests: run scripts/install-test-tools");
        let server = Self { url: url.trim().to_owned(), _lifeline: lifeline };
        server.make_template().await?;
        Ok(server)
    }

    /// Migrated once, by the binary itself; each test's database is a copy.
    async fn make_template(&self) -> anyhow::Result<()> {
        self.execute(&format!("CREATE DATABASE {TEMPLATE}")).await?;
        let template = Database::Postgres(self.url_of(TEMPLATE));
        let migrated = Finished::of(igny8(&["migrate", "--json"]).envs(template.environment()))?;
        migrated.json().map(drop)
    }

    fn url_of(&self, name: &str) -> String {
        let base = self.url.rsplit_once('/').map_or(self.url.as_str(), |(base, _)| base);
        format!("{base}/{name}?sslmode=disable")
    }

    async fn execute(&self, statement: &str) -> anyhow::Result<()> {
        Ok(connect(&self.url).await?.batch_execute(statement).await?)
    }
}
