//! A real browser, driven over `WebDriver`: what can be tested of a page only by using it.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use super::http::Client;

const PATIENCE: Duration = Duration::from_secs(30);

/// Keys, as `WebDriver` spells them.
pub const TAB: &str = "\u{E004}";
pub const ENTER: &str = "\u{E007}";
pub const SPACE: &str = " ";

/// One window without a head; the browser ends with it.
pub struct Chromium {
    driver: Child,
    http: Client,
    session: String,
    /// Its profile.
    _folder: tempfile::TempDir,
}

impl Chromium {
    pub async fn open() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .current_dir(folder.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("no Chromium for the tests: run scripts/install-test-tools")?;
        let port = port_of(&mut driver)?;
        let http = Client::anonymous(&format!("http://127.0.0.1:{port}"))?;
        let mut chromium = Self { driver, http, session: "/session".to_owned(), _folder: folder };
        let options = json!({ "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
            "--disable-background-networking", "--lang=en",
        ] });
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        let made = chromium.ask("", json!({ "capabilities": { "alwaysMatch": wanted } })).await?;
        chromium.session = format!("/session/{}", made["sessionId"].as_str().context("a session")?);
        Ok(chromium)
    }

    /// As wide as that from now on.
    pub async fn resize(&self, width: u32) -> anyhow::Result<()> {
        let metrics = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500 });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics });
        self.ask("/goog/cdp/execute", command).await.map(drop)
    }

    pub async fn go(&self, url: &str) -> anyhow::Result<()> {
        self.ask("/url", json!({ "url": url })).await.map(drop)
    }

    /// What a function of that body returns in the page.
    pub async fn script(&self, body: &str) -> anyhow::Result<Value> {
        self.ask("/execute/sync", json!({ "script": body, "args": [] })).await
    }

    /// Types, wherever the keyboard's focus is.
    pub async fn keys(&self, text: &str) -> anyhow::Result<()> {
        let mut actions = Vec::new();
        for sign in text.chars() {
            actions.push(json!({ "type": "keyDown", "value": sign.to_string() }));
            actions.push(json!({ "type": "keyUp", "value": sign.to_string() }));
        }
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.ask("/actions", json!({ "actions": [keyboard] })).await.map(drop)
    }

    /// Waits until that expression is true in the page, over loads of other pages too.
    pub async fn until(&self, expression: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            // A page that is just being left answers nothing.
            if self.script(&format!("return !!({expression});")).await.is_ok_and(|holds| holds == true) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let shown = self.script("return document.body.innerText;").await?;
        bail!("it never was so: {expression}\n{shown}")
    }

    async fn ask(&self, command: &str, body: Value) -> anyhow::Result<Value> {
        let answer = self.http.post(&format!("{}{command}", self.session), &body).await?;
        ensure!(answer.status == 200, "{command}: {}", answer.text);
        Ok(answer.body["value"].clone())
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // With the browser, which the driver would leave behind.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.driver.id())]).status();
        let _ = self.driver.wait();
    }
}

fn port_of(driver: &mut Child) -> anyhow::Result<u16> {
    let said = BufReader::new(driver.stdout.take().context("a pipe")?);
    for line in said.lines() {
        if let Some((_, port)) = line?.split_once("successfully on port ") {
            return Ok(port.trim_end_matches('.').parse()?);
        }
    }
    bail!("chromedriver ended at once")
}
