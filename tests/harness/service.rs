//! The service as a process, with a data folder of its own.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use super::binary::{Finished, igny8};
use super::database::{Backend, Database};
use super::http::Client;

const PATIENCE: Duration = Duration::from_secs(30);

/// An account with an owner and a site, as `bootstrap` makes it.
#[derive(Clone)]
pub struct Tenant {
    pub account_id: i64,
    pub user_id: i64,
    pub site_id: i64,
    /// The site's key.
    pub api_key: String,
    /// The owner.
    pub owner: Client,
    /// The site's plugin.
    pub plugin: Client,
}

pub struct ServiceBuilder {
    backend: Backend,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
}

/// One `serve`, ended with the test.
pub struct Service {
    child: Child,
    origin: String,
    database: Database,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    folder: tempfile::TempDir,
}

impl ServiceBuilder {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    pub async fn start(self) -> anyhow::Result<Service> {
        let database = Database::new(self.backend).await?;
        let folder = tempfile::tempdir()?;
        let mut environment: Vec<_> =
            database.environment().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        environment.extend(self.environment);
        let child = spawn(folder.path(), &environment, &self.arguments)?;
        let mut service = Service {
            child,
            origin: String::new(),
            database,
            environment,
            arguments: self.arguments,
            folder,
        };
        service.wait_until_ready()?;
        Ok(service)
    }
}

impl Service {
    /// A service whose outbound calls may reach this machine and which syncs nothing by itself.
    pub fn on(backend: Backend) -> ServiceBuilder {
        ServiceBuilder { backend, environment: Vec::new(), arguments: Vec::new() }
            .env("IGNY8_OUTBOUND_ALLOW", "127.0.0.1/32")
            .env("IGNY8_SYNC_SCHEDULE", "off")
            // Tests ask how a run goes on more often than a person would.
            .env("IGNY8_THROTTLE_INTEGRATION", "off")
            .env("IGNY8_RUN_LEASE", "2s")
    }

    pub async fn start(backend: Backend) -> anyhow::Result<Self> {
        Self::on(backend).start().await
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn data_dir(&self) -> std::path::PathBuf {
        data_dir(self.folder())
    }

    pub fn anonymous(&self) -> anyhow::Result<Client> {
        Client::anonymous(&self.origin)
    }

    /// Another command of the binary beside this service, on the same data.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = igny8(arguments);
        command.env("IGNY8_DATA_DIR", self.data_dir());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<Finished> {
        Finished::of(&mut self.command(arguments))
    }

    /// A new account with an owner and a site.
    pub fn bootstrap(&self, account: &str, site_url: &str) -> anyhow::Result<Tenant> {
        let email = "owner@example.com";
        let made = self.run(&[
            "bootstrap",
            "--account",
            account,
            "--email",
            email,
            "--site-url",
            site_url,
            "--json",
        ])?;
        let made = made.json()?;
        let anonymous = self.anonymous()?;
        let api_key = text(&made, "api_key")?;
        Ok(Tenant {
            account_id: id(&made, "account_id")?,
            user_id: id(&made, "user_id")?,
            site_id: id(&made, "site_id")?,
            owner: anonymous.bearer(&text(&made, "token")?),
            plugin: anonymous.bearer(&api_key),
            api_key,
        })
    }

    /// Somebody of that role in the tenant's account, a member of its site.
    pub fn member(&self, tenant: &Tenant, email: &str, role: &str) -> anyhow::Result<Client> {
        let (account, site) = (tenant.account_id.to_string(), tenant.site_id.to_string());
        let user =
            self.run(&["user", "create", "--account", &account, "--email", email, "--role", role, "--json"])?;
        let user = id(&user.json()?, "user_id")?.to_string();
        self.run(&["user", "grant", &user, "--site", &site, "--json"])?.json()?;
        let token = self.run(&["token", "issue", "--user", &user, "--json"])?.json()?;
        Ok(self.anonymous()?.bearer(&text(&token, "token")?))
    }

    /// What it logged so far, of every start.
    pub fn log(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.folder().join("log"))?)
    }

    pub async fn stored(&self) -> anyhow::Result<Vec<u8>> {
        self.database.dump(&self.data_dir()).await
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again on the same data, at another address.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.child = spawn(self.folder(), &self.environment, &self.arguments)?;
        self.wait_until_ready()
    }

    /// What its environment says from the next start on.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// A worker alone, beside this service; killed when it is dropped.
    pub fn worker(&self) -> anyhow::Result<Worker> {
        let log = File::options().create(true).append(true).open(self.folder().join("log"))?;
        let child = self.command(&["worker"]).stdout(Stdio::null()).stderr(log).spawn()?;
        Ok(Worker(child))
    }

    /// Asks it to end, and waits.
    pub fn terminate(&mut self) -> anyhow::Result<ExitStatus> {
        let sent = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status()?;
        ensure!(sent.success(), "the signal was sent");
        self.wait()
    }

    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("it did not end: {}", self.log()?)
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Ok(address) = std::fs::read_to_string(ready_file(self.folder.path()))
                && address.ends_with('\n')
            {
                self.origin = format!("http://{}", address.trim());
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended at once with {status}: {}", self.log()?);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("it did not get ready: {}", self.log()?)
    }
}

/// A `worker` process.
pub struct Worker(Child);

impl Drop for Service {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

/// It may have ended already, and then there is nothing to do.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn data_dir(folder: &Path) -> std::path::PathBuf {
    folder.join("data")
}

fn ready_file(folder: &Path) -> std::path::PathBuf {
    folder.join("ready")
}

fn spawn(folder: &Path, environment: &[(String, String)], arguments: &[String]) -> anyhow::Result<Child> {
    let ready = ready_file(folder);
    match std::fs::remove_file(&ready) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let log = File::options().create(true).append(true).open(folder.join("log"))?;
    let mut command = igny8(&["serve", "--ready-file"]);
    command.arg(ready).args(arguments);
    command
        .env("IGNY8_BIND", "127.0.0.1:0")
        .env("IGNY8_DATA_DIR", data_dir(folder))
        .env("IGNY8_LOG_FORMAT", "json");
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdout(log.try_clone()?).stderr(log).spawn().context("the binary starts")
}

fn id(object: &Value, field: &str) -> anyhow::Result<i64> {
    object[field].as_i64().with_context(|| format!("{field} in {object}"))
}

fn text(object: &Value, field: &str) -> anyhow::Result<String> {
    Ok(object[field].as_str().with_context(|| format!("{field} in {object}"))?.to_owned())
}
