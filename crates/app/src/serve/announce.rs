//! What a started service says: where it listens, what to read, how to go on.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use igny8_integration_api::BASE_PATH;
use serde_json::json;

use crate::config::Config;
use crate::output::Output;

pub fn announce(
    address: SocketAddr,
    config: &Config,
    ready_file: Option<&Path>,
    output: Output,
) -> anyhow::Result<()> {
    tracing::info!(%address, "listening");
    let url = format!("http://{address}");
    let bootstrap = format!(
        "{}{} bootstrap --account NAME --email YOU@EXAMPLE.COM --site-url https://YOUR.SITE",
        program(),
        config.flags_to_repeat(),
    );
    let docs = format!("{url}{BASE_PATH}docs/");
    let json = json!({ "address": address.to_string(), "url": url, "docs": docs, "bootstrap": bootstrap });
    let words = format!("igny8-integration listens on {url}\nRead: {docs}\nGo on with: {bootstrap}");
    output.print(&json, &words);
    if let Some(path) = ready_file {
        write_whole(path, &format!("{address}\n"))
            .with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(())
}

/// The program as it was called, so that the line can be copied.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| env!("CARGO_PKG_NAME").to_owned())
}

/// Whoever waits for the file must never read half of it.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    std::fs::write(&draft, text)?;
    std::fs::rename(&draft, path)
}
