//! The README and the pages of docs: their commands run as they are written, and answer what they say.
//!
//! A shell block marked `runnable` is run, all those of a page in one shell; one marked `serves` too is what starts
//! the service. A block marked `answer` after it is what it prints: `…` stands for anything, digits for any others.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::harness::{Backend, Service, small_site};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const PATIENCE: Duration = Duration::from_secs(30);
/// What ends one block's output.
const END: &str = "--- the end of a block ---";

/// A fenced block of a page.
struct Block {
    marks: Vec<String>,
    text: String,
}

impl Block {
    fn is(&self, mark: &str) -> bool {
        self.marks.iter().any(|own| own == mark)
    }
}

#[tokio::test]
async fn the_commands_of_the_readme_run_as_written_and_answer_what_it_says() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let site = small_site().await?;
    let tenant = service.bootstrap("acme", &site.url)?;
    site.set_up_plugin(service.origin(), &tenant)?;
    let run = service.run(&["token", "issue", "--user", &tenant.user_id.to_string(), "--json"])?.json()?;
    let token = run["token"].as_str().context("a token")?;
    // As the demo's file `env` has it.
    let environment = [
        ("API", format!("{}/api/v1/integration", service.origin())),
        ("AUTH", format!("Authorization: Bearer {token}")),
        ("INTEGRATION", "1".to_owned()),
        ("SITE", site.url.clone()),
        ("SITE_ID", tenant.site_id.to_string()),
        ("API_KEY", tenant.api_key.clone()),
        ("WP_LOGIN", format!("{}:{}", site.editor.user, site.editor.application_password)),
    ];
    run_page("README.md", &environment)
}

#[test]
fn the_commands_of_the_other_pages_run_as_written() -> anyhow::Result<()> {
    for page in pages()? {
        run_page(&page, &[]).with_context(|| page)?;
    }
    Ok(())
}

#[test]
fn no_command_stands_in_the_readme_that_nothing_runs() -> anyhow::Result<()> {
    for block in blocks("README.md")? {
        let run_elsewhere = ["scripts/demo\n", "scripts/test\n"].contains(&&*block.text);
        ensure!(
            !block.is("sh") || block.is("runnable") || run_elsewhere,
            "mark it runnable:\n{}",
            block.text
        );
    }
    Ok(())
}

#[test]
fn the_pictures_show_the_settings_page_as_it_is() -> anyhow::Result<()> {
    let page = Command::new(Path::new(ROOT).join("scripts/screenshots")).arg("--page").output()?;
    let of = std::fs::read(Path::new(ROOT).join("docs/pictures/of"))?;
    ensure!(
        page.stdout == of,
        "the settings page has changed: run scripts/screenshots, and look at the pictures"
    );
    for picture in std::fs::read_dir(Path::new(ROOT).join("docs/pictures"))? {
        let picture = picture?;
        ensure!(picture.metadata()?.len() < 60 * 1024, "{} is too large", picture.path().display());
    }
    Ok(())
}

fn pages() -> anyhow::Result<Vec<String>> {
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(Path::new(ROOT).join("docs"))? {
        let name = PathBuf::from(entry?.file_name());
        if name.extension().is_some_and(|extension| extension == "md") {
            pages.push(format!("docs/{}", name.display()));
        }
    }
    ensure!(!pages.is_empty(), "there are pages");
    Ok(pages)
}

fn blocks(page: &str) -> anyhow::Result<Vec<Block>> {
    let text = std::fs::read_to_string(Path::new(ROOT).join(page)).context(page.to_owned())?;
    let mut blocks = Vec::new();
    for block in text.split("\n```").skip(1).step_by(2) {
        let (marks, text) = block.split_once('\n').context("a block has lines")?;
        blocks
            .push(Block { marks: marks.split(' ').map(str::to_owned).collect(), text: format!("{text}\n") });
    }
    Ok(blocks)
}

/// Runs what is marked on a page; `cargo run` is the binary that was built.
fn run_page(page: &str, environment: &[(&'static str, String)]) -> anyhow::Result<()> {
    let blocks = blocks(page)?;
    let folder = tempfile::tempdir()?;
    let shell = Shell { folder: folder.path().to_owned(), environment: environment.to_vec() };
    shell.write_cargo()?;
    let mut script = String::from("set -euo pipefail\n");
    let mut serving = Vec::new();
    let mut answers = Vec::new();
    for block in &blocks {
        if block.is("serves") {
            serving.push(shell.serve(&block.text)?);
        } else if block.is("runnable") {
            script = script + &block.text + "echo '" + END + "'\n";
            answers.push(None);
        } else if block.is("answer") {
            *answers.last_mut().context("an answer stands after its command")? = Some(&block.text);
        }
    }
    let printed = shell.bash(&script)?;
    for (printed, answer) in printed.split(END).zip(answers) {
        if let Some(answer) = answer {
            check(printed, answer)?;
        }
    }
    Ok(())
}

/// Where a page's commands run.
struct Shell {
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
}

/// A service that a page starts, ended with the test.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Shell {
    /// `cargo run -- ARGUMENTS` is the binary: building it again with other features would take minutes.
    fn write_cargo(&self) -> anyhow::Result<()> {
        let binary = env!("CARGO_BIN_EXE_igny8-integration");
        let file = self.folder.join("bin/cargo");
        std::fs::create_dir(self.folder.join("bin"))?;
        let script = format!(
            "#!/bin/sh\n[ \"$1\" = run ] || exit 1\nshift\n[ \"$1\" != -- ] || shift\nexec {binary} \"$@\"\n"
        );
        std::fs::write(&file, script)?;
        Ok(std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755))?)
    }

    fn command(&self, script: &str) -> anyhow::Result<Command> {
        let mut command = Command::new("bash");
        let path = std::env::var("PATH")?;
        command
            .args(["-c", script])
            .stdin(Stdio::null())
            .env("PATH", format!("{}/bin:{path}", self.folder.display()));
        // From the repository, as a reader would, but with any port and a data folder of its own.
        command
            .current_dir(ROOT)
            .env("IGNY8_BIND", "127.0.0.1:0")
            .env("IGNY8_DATA_DIR", self.folder.join("data"));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// What it prints, if it succeeds.
    fn bash(&self, script: &str) -> anyhow::Result<String> {
        let ran = self.command(script)?.output()?;
        let printed = String::from_utf8(ran.stdout)?;
        ensure!(ran.status.success(), "{script}\n{printed}\n{}", String::from_utf8_lossy(&ran.stderr));
        Ok(printed)
    }

    /// Starts what stays, and waits until it has said how to go on.
    fn serve(&self, script: &str) -> anyhow::Result<Serving> {
        let said = self.folder.join("said");
        let file = File::create(&said)?;
        let mut command = self.command(&format!("exec {script}"))?;
        let serving = Serving(command.stdout(file.try_clone()?).stderr(file).spawn()?);
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if std::fs::read_to_string(&said)?.contains("bootstrap --account") {
                return Ok(serving);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("{script} does not start: {}", std::fs::read_to_string(&said)?)
    }
}

/// Whether what was printed is what the page says, piece by piece.
fn check(printed: &str, answer: &str) -> anyhow::Result<()> {
    let (printed, wanted) = (plain(printed), plain(answer));
    let mut rest = printed.as_str();
    for (number, piece) in wanted.split('…').enumerate() {
        let at = rest.find(piece).filter(|at| number > 0 || *at == 0);
        let at = at.with_context(|| format!("the page says {piece} of {printed}"))?;
        rest = &rest[at + piece.len()..];
    }
    Ok(())
}

/// Without spaces, and with one digit for any number.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for sign in text.chars().filter(|sign| !sign.is_whitespace()) {
        let sign = if sign.is_ascii_digit() { '0' } else { sign };
        if sign != '0' || !plain.ends_with('0') {
            plain.push(sign);
        }
    }
    plain
}
