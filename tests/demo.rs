//! The demo: its walk shows what it says, and it leaves nothing behind.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/demo");
const README: &str = include_str!("../README.md");

fn demo() -> Command {
    let mut demo = Command::new(DEMO);
    demo.args(["--check", "--binary", env!("CARGO_BIN_EXE_igny8-integration")]).stdin(Stdio::null());
    demo
}

#[test]
fn the_demo_shows_what_it_says_and_the_readme_shows_what_it_printed() -> anyhow::Result<()> {
    let ran = demo().output().context(DEMO)?;
    let said = String::from_utf8(ran.stdout)?;
    ensure!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    let (_, after) = README.split_once("```text demo\n").context("the README has the demo's output")?;
    let shown = after.split("```").next().unwrap_or_default();
    ensure!(without_numbers(shown) == without_numbers(&said), "put this into the README:\n{said}");
    Ok(())
}

#[test]
fn a_demo_that_is_interrupted_leaves_nothing_behind() -> anyhow::Result<()> {
    let folders = tempfile::tempdir()?;
    // The web server's user goes through it to the site.
    std::fs::set_permissions(folders.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711))?;
    let mut child = demo().env("TMPDIR", folders.path()).stdout(Stdio::piped()).spawn().context(DEMO)?;
    let mut lines = BufReader::new(child.stdout.take().context("a pipe")?).lines();
    lines
        .find(|line| line.as_ref().is_ok_and(|line| line.contains("Start the service")))
        .context("a step")??;
    ensure!(!of_the_folder(folders.path())?.is_empty(), "servers are running");

    Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
    ensure!(!child.wait()?.success(), "it did not come to its end");
    assert_eq!(of_the_folder(folders.path())?, Vec::<String>::new());
    ensure!(std::fs::read_dir(folders.path())?.next().is_none(), "the demo's folder is gone");
    Ok(())
}

/// Ports, durations, counts and the folder's name differ from one time to the next.
fn without_numbers(text: &str) -> String {
    let mut plain = String::new();
    for word in text.split_whitespace() {
        let word = if word.contains("igny8-demo.") { "FOLDER" } else { word };
        plain.push_str(&word.replace(|sign: char| sign.is_ascii_digit(), ""));
        plain.push('\n');
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
