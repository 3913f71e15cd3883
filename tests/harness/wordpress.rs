//! Real WordPress sites, brought up by the project's own script and ended with this process. A test takes a
//! site of its own from a shared set, so tests run side by side and none waits for another's site.

use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use super::service::Tenant;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/wordpress");
/// Notes what is asked of a site, and slows it down on demand.
const OBSERVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/wordpress/observe.php");

/// A set of sites with servers of its own.
pub struct WordPress {
    /// Those that nobody has taken.
    sites: Vec<Site>,
    /// The servers end when this does.
    _lifeline: ChildStdin,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Site {
    pub name: String,
    pub url: String,
    pub admin: Person,
    pub editor: Person,
    pub author: Person,
    pub contributor: Person,
    #[serde(skip)]
    dir: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Person {
    pub user: String,
    pub password: String,
    pub application_password: String,
}

/// Small sites, for tests that need few posts: another batch whenever the last one is used up.
static SMALL: Mutex<Vec<WordPress>> = Mutex::const_new(Vec::new());

impl WordPress {
    /// Sites as the script's options say.
    pub fn up(options: &[&str]) -> anyhow::Result<Self> {
        let up = Command::new(SCRIPT)
            .args(["up", "--mu-plugin", OBSERVE])
            .args(options)
            .stderr(Stdio::inherit())
            .output();
        let up = up.with_context(|| SCRIPT.to_owned())?;
        ensure!(up.status.success(), "no WordPress for the tests: run scripts/install-test-tools");
        let said: Value = serde_json::from_slice(&up.stdout)?;
        let dir = PathBuf::from(said["dir"].as_str().context("dir")?);
        let mut sites: Vec<Site> = serde_json::from_value(said["sites"].clone())?;
        for site in &mut sites {
            site.dir.clone_from(&dir);
        }
        Ok(Self { sites, _lifeline: ended_with_this_process(&dir)? })
    }

    /// A site that no other test has.
    pub fn take(&mut self) -> anyhow::Result<Site> {
        self.sites.pop().context("every site is taken")
    }
}

/// A site of ten posts and a few pages and books, with the plugin and pretty permalinks.
pub async fn small_site() -> anyhow::Result<Site> {
    let mut batches = SMALL.lock().await;
    if let Some(site) = batches.last_mut().and_then(|batch| batch.take().ok()) {
        return Ok(site);
    }
    let mut batch = WordPress::up(&["--sites", "24", "--posts", "10", "--pages", "3", "--books", "2"])?;
    let site = batch.take()?;
    batches.push(batch);
    Ok(site)
}

/// A process of its own ends the servers, once the other end of its input is gone: however this one ends.
fn ended_with_this_process(dir: &Path) -> anyhow::Result<ChildStdin> {
    let mut watcher = Command::new("setsid")
        .args(["sh", "-c", "cat >/dev/null; exec \"$0\" down --dir \"$1\" --delete", SCRIPT])
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    watcher.stdin.take().context("a pipe")
}

impl Site {
    /// Runs PHP in the site, signed in as its administrator; answers what the code returns.
    pub fn eval(&self, php: &str) -> anyhow::Result<Value> {
        let ran = Command::new(SCRIPT)
            .args(["eval", "--dir"])
            .arg(&self.dir)
            .args(["--site", &self.name, php])
            .output()?;
        let error = String::from_utf8_lossy(&ran.stderr).into_owned();
        ensure!(ran.status.success(), "{php}: {error}");
        if ran.stdout.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&ran.stdout)
            .with_context(|| format!("{php}: {}", String::from_utf8_lossy(&ran.stdout)))
    }
}

impl Site {
    /// What was asked of the site since it was brought up, one line a request.
    pub fn requests(&self) -> anyhow::Result<Vec<String>> {
        match std::fs::read_to_string(self.content().join("requests.log")) {
            Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// From now on every request takes so much longer.
    pub fn slow_down(&self, by: Duration) -> anyhow::Result<()> {
        Ok(std::fs::write(self.content().join("delay"), by.as_micros().to_string())?)
    }

    pub fn full_speed(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.content().join("delay"))?)
    }

    /// Its `wp-content` folder.
    pub fn content(&self) -> PathBuf {
        self.dir.join("sites").join(&self.name).join("wp-content")
    }

    /// Adds PHP that runs in every request from now on.
    pub fn must_use(&self, name: &str, php: &str) -> anyhow::Result<()> {
        let file = self.content().join("mu-plugins").join(format!("{name}.php"));
        Ok(std::fs::write(file, format!("<?php\n{php}\n"))?)
    }

    /// Sets the plugin up for a service, without pressing its button. It tells of no change yet: what a run is to find
    /// would be here before it.
    pub fn set_up_plugin(&self, service: &str, tenant: &Tenant) -> anyhow::Result<()> {
        self.eval(&format!(
            "update_option( Igny8_Bridge_Options::SERVICE_URL, '{service}' );
             update_option( Igny8_Bridge_Options::SITE_ID, '{}' );
             update_option( Igny8_Bridge_Options::API_KEY, '{}' );
             update_option( Igny8_Bridge_Options::TWO_WAY_SYNC, '0' );
             update_option( Igny8_Bridge_Options::USER, get_user_by( 'login', 'igny8_editor' )->ID );",
            tenant.site_id, tenant.api_key
        ))
        .map(drop)
    }

    /// From now on the plugin tells of every change.
    pub fn tell_changes(&self) -> anyhow::Result<()> {
        self.eval("update_option( Igny8_Bridge_Options::TWO_WAY_SYNC, '1' );").map(drop)
    }

    /// Connects the site as its Connect button does; answers the integration's id.
    pub fn connect(&self, service: &str, tenant: &Tenant) -> anyhow::Result<i64> {
        self.set_up_plugin(service, tenant)?;
        let report = self.eval("return Igny8_Bridge_Onboarding::connect();")?;
        ensure!(report["outcome"] == "connected", "{report}");
        report["integration_id"].as_i64().with_context(|| report.to_string())
    }
}
