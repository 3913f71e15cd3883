//! The demo: its walk shows what it says, two of them keep out of each other's way, and none leaves anything behind.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/demo");
const README: &str = include_str!("../README.md");
const PATIENCE: Duration = Duration::from_mins(2);

#[test]
fn two_demos_side_by_side_show_what_they_say_and_the_readme_shows_what_one_printed() -> anyhow::Result<()> {
    let (passing, staying) = (Place::new()?, Place::new()?);
    let mut stays = Running(staying.demo(&[]).stdout(Stdio::piped()).spawn().context(DEMO)?);
    // Either counts posts, runs and categories all along, and the other's would be among them.
    let ran = passing.demo(&["--check"]).output().context(DEMO)?;
    let said = String::from_utf8(ran.stdout)?;
    ensure!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    passing.ensure_empty()?;

    let mut walked = Vec::new();
    for line in BufReader::new(stays.0.stdout.take().context("a pipe")?).lines() {
        walked.push(line?);
        if walked.last().is_some_and(|line| line.starts_with("Both go on running")) {
            break;
        }
    }
    ensure!(without_what_varies(&walked.join("\n")).contains(&without_what_varies(&said)), "{walked:?}");
    for line in walked.iter().filter_map(|line| line.strip_prefix("    ")) {
        can_be_looked_at(line)?;
    }
    ensure!(stays.interrupt("INT")?.success(), "Ctrl-C is how it is meant to end");
    staying.ensure_empty()?;

    let (_, after) = README.split_once("```text demo\n").context("the README has the demo's output")?;
    let shown = after.split("```").next().unwrap_or_default();
    ensure!(without_what_varies(shown) == without_what_varies(&said), "put this into the README:\n{said}");
    Ok(())
}

#[test]
fn a_demo_that_is_interrupted_leaves_nothing_behind_however_early() -> anyhow::Result<()> {
    // What is there by then, in the demo's folder.
    let moments = [
        "",
        "wordpress/.lock",
        "wordpress/mysql",
        "wordpress/run/mariadb.pid",
        "wordpress/sites/s1/wp-config.php",
        "wordpress/sites/s1/site.json",
        "site.json",
        "service.pid",
        "env",
    ];
    // Two at a time: a site that comes up keeps a core busy.
    let (some, others) = moments.split_at(moments.len().div_ceil(2));
    std::thread::scope(|threads| {
        let some = threads.spawn(|| end_at(some, "TERM"));
        let others = threads.spawn(|| end_at(others, "INT"));
        some.join().expect("the test does not panic")?;
        others.join().expect("the test does not panic")
    })
}

#[test]
fn a_demo_that_was_killed_is_cleared_up_as_the_readme_says() -> anyhow::Result<()> {
    let place = Place::new()?;
    let mut demo = Running(place.demo(&["--check"]).stdout(Stdio::null()).spawn().context(DEMO)?);
    place.wait_for("env", &mut demo)?;
    send("KILL", &format!("-{}", demo.0.id()))?;
    demo.0.wait()?;
    ensure!(!of_the_folder(place.0.path())?.is_empty(), "both go on running");

    let (_, after) = README.split_once("folder=").context("the README says how")?;
    let (_, commands) = after.split("```").next().unwrap_or_default().split_once('\n').context("lines")?;
    let cleared = Command::new("bash")
        .args(["-ec", commands])
        .env("folder", place.folder()?.context("its folder stays")?)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .status()?;
    ensure!(cleared.success(), "{cleared}: {commands}");
    // The service was told to end, and is given no more than it takes.
    let deadline = Instant::now() + PATIENCE;
    while !of_the_folder(place.0.path())?.is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    place.ensure_empty()
}

fn end_at(moments: &[&str], signal: &str) -> anyhow::Result<()> {
    for moment in moments {
        let place = Place::new()?;
        let mut demo = Running(place.demo(&["--check"]).stdout(Stdio::null()).spawn().context(DEMO)?);
        place.wait_for(moment, &mut demo).with_context(|| (*moment).to_owned())?;
        let status = demo.interrupt(signal)?;
        ensure!(!status.success(), "{moment}: it did not come to its end");
        place.ensure_empty().with_context(|| format!("after {signal} at {moment:?}"))?;
    }
    Ok(())
}

/// A demo that ends with the test, whatever comes of it.
struct Running(Child);

impl Running {
    /// A signal as it comes in life: Ctrl-C to the whole group of the terminal, another to the one process.
    fn interrupt(&mut self, signal: &str) -> anyhow::Result<ExitStatus> {
        let id = self.0.id();
        send(signal, &if signal == "INT" { format!("-{id}") } else { id.to_string() })?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            ensure!(Instant::now() < deadline, "it does not end by {signal}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn send(signal: &str, whom: &str) -> anyhow::Result<()> {
    let sent = Command::new("kill").args([&format!("-{signal}"), "--", whom]).status()?;
    ensure!(sent.success(), "there is no {whom}");
    Ok(())
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            let _ = self.interrupt("TERM");
        }
    }
}

/// Where a demo makes its folder.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        // The web server's user goes through it to the site.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o711))?;
        Ok(Self(folder))
    }

    fn demo(&self, options: &[&str]) -> Command {
        // Who runs the tests in the background has them ignore Ctrl-C, which a shell can't undo.
        let mut demo = Command::new("env");
        demo.args(["--default-signal=INT", DEMO, "--binary", env!("CARGO_BIN_EXE_igny8-integration")])
            .args(options);
        demo.stdin(Stdio::null()).stderr(Stdio::piped()).env("TMPDIR", self.0.path()).process_group(0);
        demo
    }

    /// The demo's folder, once it is there.
    fn folder(&self) -> anyhow::Result<Option<PathBuf>> {
        for entry in std::fs::read_dir(self.0.path())? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with("igny8-demo.") {
                return Ok(Some(entry.path()));
            }
        }
        Ok(None)
    }

    fn wait_for(&self, path: &str, demo: &mut Running) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !self.folder()?.is_some_and(|folder| folder.join(path).exists()) {
            ensure!(demo.0.try_wait()?.is_none(), "the demo ended by itself");
            ensure!(Instant::now() < deadline, "it took too long");
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Neither a file nor a process is left of what was here.
    fn ensure_empty(&self) -> anyhow::Result<()> {
        let left: Vec<_> = std::fs::read_dir(self.0.path())?.collect::<Result<_, _>>()?;
        ensure!(left.is_empty(), "{left:?} is left");
        let processes = of_the_folder(self.0.path())?;
        ensure!(processes.is_empty(), "{processes:?} still run");
        Ok(())
    }
}

/// An address, or a line for the shell, that the walk gives to look for oneself.
fn can_be_looked_at(line: &str) -> anyhow::Result<()> {
    let command =
        if line.starts_with("http") { format!("curl -sf {line}") } else { line.replacen("-sK", "-sfK", 1) };
    let looked = Command::new("bash").args(["-o", "pipefail", "-c", &command]).output()?;
    ensure!(looked.status.success(), "{line}: {}", looked.status);
    Ok(())
}

/// Addresses, durations, WordPress's version, the folder's name and how far a run had come when it was killed differ
/// from one time to the next. Whatever else is counted does not.
fn without_what_varies(text: &str) -> String {
    let mut plain = String::new();
    let mut before = "";
    for word in text.split_whitespace() {
        let varies = word.contains("http://")
            || word.starts_with('(')
            || word.matches('.').count() == 2
            || (before == "when" && word.parse::<u32>().is_ok());
        let kept = match (word.contains("igny8-demo."), varies) {
            (true, _) => "FOLDER".to_owned(),
            (false, true) => word.replace(|sign: char| sign.is_ascii_digit(), ""),
            (false, false) => word.to_owned(),
        };
        plain = plain + &kept + "\n";
        before = word;
    }
    plain
}

/// The command lines of the processes that work in a folder.
fn of_the_folder(folder: &Path) -> anyhow::Result<Vec<String>> {
    let folder = folder.to_string_lossy();
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc")? {
        // A process may end while it is looked at, and not every entry is one.
        let command = std::fs::read(process?.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        if command.contains(&*folder) {
            found.push(command);
        }
    }
    Ok(found)
}
