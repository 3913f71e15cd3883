//! One run of the binary to its end.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// The binary with no environment but what every process needs.
pub fn igny8(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_igny8-integration"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.args(arguments).stdin(Stdio::null());
    // A configuration file of the folder that the tests are started in is none of theirs.
    command.current_dir(std::env::temp_dir());
    command
}

/// A command that ended.
#[derive(Debug)]
pub struct Finished {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    pub fn of(command: &mut Command) -> anyhow::Result<Self> {
        let Output { status, stdout, stderr } = command.output().context("the binary starts")?;
        Ok(Self {
            status: status.code(),
            stdout: String::from_utf8(stdout)?,
            stderr: String::from_utf8(stderr)?,
        })
    }

    /// The one JSON object that it printed, after it succeeded.
    pub fn json(&self) -> anyhow::Result<Value> {
        ensure!(self.status == Some(0), "it failed: {self:?}");
        serde_json::from_str(&self.stdout).with_context(|| format!("one JSON object: {self:?}"))
    }

    /// The one line that says why it failed.
    pub fn failure(&self) -> anyhow::Result<&str> {
        ensure!(self.status == Some(1), "it did not fail with status 1: {self:?}");
        let line = self.stderr.lines().last().unwrap_or_default();
        line.strip_prefix("error: ").with_context(|| format!("one line of error: {self:?}"))
    }
}

/// One run in a data folder of its own, on the embedded database.
pub fn run_in(data_dir: &Path, arguments: &[&str]) -> anyhow::Result<Finished> {
    Finished::of(igny8(arguments).env("IGNY8_DATA_DIR", data_dir))
}

/// Whether `needle` is somewhere in `haystack`.
pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
