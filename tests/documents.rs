//! The README and the pages of docs: their commands run as they are written, and answer what they say.
//!
//! A shell block marked `runnable` is run, all those of a page in one shell; one marked `serves` too is what starts
//! the service. One that is not run says why, after `not-run:`. A block marked `answer` is what the one before it
//! prints: `…` stands for anything, and a number for any other, but for 0 and the status of an answer.

use std::collections::BTreeSet;
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

    /// Whether it is no command, or is run, or says why it is not.
    fn is_accounted_for(&self) -> bool {
        let is_command = ["", "sh", "bash", "shell", "console"].iter().any(|language| self.is(language));
        let why = self.marks.iter().skip_while(|mark| *mark != "not-run:").nth(1);
        !is_command || self.is("runnable") || why.is_some()
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
    let files = tempfile::tempdir()?;
    let file = |name: &str, line: String| {
        let file = files.path().join(name);
        std::fs::write(&file, line).map(|()| file.display().to_string())
    };
    let person = format!("{}:{}", site.editor.user, site.editor.application_password);
    // As the demo's file `env` has it.
    let environment = [
        ("API", format!("{}/api/v1/integration", service.origin())),
        ("OWNER", file("owner", format!("header = \"Authorization: Bearer {token}\"\n"))?),
        ("WP_EDITOR", file("editor", format!("user = \"{person}\"\n"))?),
        ("INTEGRATION", "1".to_owned()),
        ("SITE", site.url.clone()),
        ("SITE_ID", tenant.site_id.to_string()),
        ("API_KEY", tenant.api_key.clone()),
    ];
    run_page("README.md", &environment)
}

#[test]
fn the_commands_of_the_other_pages_run_as_written() -> anyhow::Result<()> {
    for page in pages()?.iter().filter(|page| *page != "README.md") {
        run_page(page, &[]).with_context(|| page.clone())?;
    }
    Ok(())
}

#[test]
fn every_command_of_a_page_is_run_or_says_why_not() -> anyhow::Result<()> {
    for page in pages()? {
        for block in blocks(&page)? {
            ensure!(block.is_accounted_for(), "{page}: mark it, as this test's file says:\n{}", block.text);
        }
    }
    Ok(())
}

#[test]
fn a_command_without_a_mark_is_noticed() {
    let accounted = |marks: Vec<&str>| {
        let marks = marks.into_iter().map(str::to_owned).collect();
        Block { marks, text: String::new() }.is_accounted_for()
    };
    assert!(
        accounted(vec!["sh", "runnable"]) && accounted(vec!["sh", "not-run:", "it", "takes", "a", "week"])
    );
    assert!(accounted(vec!["json", "answer"]) && accounted(vec!["text", "demo"]));
    for marks in
        [vec!["sh"], vec!["bash"], vec!["console"], vec![""], vec!["sh", "not-run:"], vec!["sh", "answer"]]
    {
        assert!(!accounted(marks.clone()), "{marks:?}");
    }
}

#[tokio::test]
async fn the_pictures_show_the_settings_page_as_it_is() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let site = small_site().await?;
    site.connect(service.origin(), &service.bootstrap("pictures", &site.url)?)?;
    site.tell_changes()?;
    let script = std::fs::read_to_string(at("scripts/screenshots.d/page.php"))?;
    let page = site.eval(script.trim_start_matches("<?php"))?;
    let page = page.as_str().context("the page")?;
    let of = std::fs::read_to_string(at("docs/pictures/of"))?;
    let differs = page.lines().zip(of.lines()).find(|(now, then)| now != then);
    ensure!(
        page == of,
        "the settings page has changed ({differs:?}): run scripts/screenshots, and look at the pictures"
    );
    Ok(())
}

#[test]
fn every_picture_that_a_page_shows_is_there_and_no_other() -> anyhow::Result<()> {
    let mut shown = BTreeSet::new();
    for page in pages()? {
        let text = std::fs::read_to_string(at(&page))?;
        for address in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let address = Path::new(address);
            if address.extension().is_some_and(|extension| extension == "png") {
                shown.insert(at(&page).with_file_name("").join(address));
            }
        }
    }
    ensure!(!shown.is_empty(), "pages show pictures");
    let mut there = BTreeSet::new();
    for entry in std::fs::read_dir(at("docs/pictures"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "png") {
            let picture = std::fs::read(&path)?;
            ensure!(picture.starts_with(b"\x89PNG"), "{} is no picture", path.display());
            ensure!(picture.len() < 60 * 1024, "{} is too large", path.display());
            there.insert(path);
        }
    }
    assert_eq!(shown, there);
    Ok(())
}

fn at(path: &str) -> PathBuf {
    Path::new(ROOT).join(path)
}

/// The README and everything below docs.
fn pages() -> anyhow::Result<Vec<String>> {
    let mut pages = vec!["README.md".to_owned()];
    let mut folders = vec!["docs".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(at(&folder))? {
            let entry = entry?;
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                folders.push(name);
            } else if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
                pages.push(name);
            }
        }
    }
    ensure!(pages.len() > 1, "there are pages");
    Ok(pages)
}

fn blocks(page: &str) -> anyhow::Result<Vec<Block>> {
    let text = std::fs::read_to_string(at(page)).context(page.to_owned())?;
    for line in text.lines().filter(|line| ["```", "~~~"].iter().any(|mark| line.trim().starts_with(mark))) {
        ensure!(line.starts_with("```"), "{page}: a block that this test does not see: {line}");
    }
    let mut blocks = Vec::new();
    for block in text.split("\n```").skip(1).step_by(2) {
        let (marks, text) = block.split_once('\n').context("a block has lines")?;
        let marks = marks.split(' ').map(str::to_owned).collect();
        blocks.push(Block { marks, text: format!("{text}\n") });
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
    ensure!(rest.is_empty() || wanted.ends_with('…'), "the page does not say {rest}");
    Ok(())
}

/// Without spaces, and with 1 for any number but 0 and the status of an answer.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let digits = rest.len() - rest.trim_start_matches(|sign: char| sign.is_ascii_digit()).len();
        let (piece, after) = rest.split_at(digits.max(first.len_utf8()));
        let is_status = ["status", "status\":", "HTTP/1.1"].iter().any(|before| plain.ends_with(before));
        let any = digits > 0 && !is_status && piece.contains(|sign| sign != '0');
        plain.push_str(if any { "1" } else { piece });
        rest = after.trim_start();
    }
    plain
}

#[test]
fn an_answer_that_is_not_what_the_page_says_is_noticed() -> anyhow::Result<()> {
    check(r#"{"id": 12, "failed": 0, "x": [7]}"#, r#"{"id": 3, "failed": 0, "x": …}"#)?;
    check("{\"status\": 409,\n \"title\": \"Ours\"}\n", r#"{"status": 409, "title": "Ours"}"#)?;
    for (printed, page) in [
        (r#"{"failed": 1}"#, r#"{"failed": 0}"#),
        (r#"{"created": 0}"#, r#"{"created": 4}"#),
        (r#"{"status": 404}"#, r#"{"status": 409}"#),
        ("HTTP/1.1 500", "HTTP/1.1 200"),
        (r#"{"a": 1} and more"#, r#"{"a": 1}"#),
        (r#"{"a": 1}"#, r#"{"a": 1}, …"#),
        (r#"{"b": 1, "a": 1}"#, r#"{"a": 1}"#),
    ] {
        ensure!(check(printed, page).is_err(), "{printed} passes for {page}");
    }
    Ok(())
}
