//! A run as server-sent events.
//!
//! The id of an event is made from what it says. Who comes back with the last one is told nothing twice, whichever node
//! answers, and the newest state of the run whatever else was missed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use igny8_integration_domain::sync::SyncRun;
use sha2::{Digest as _, Sha256};

use super::run::RunResponse;

/// A comment: it keeps proxies from closing a connection on which nothing is said.
pub const HEARTBEAT: &[u8] = b": the run goes on\n\n";

const PROGRESS: &str = "progress";
const FINISHED: &str = "finished";

/// One event, written down.
#[derive(Debug, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub text: String,
}

/// What there is to say of a run to a client whose last event was `told`: how it goes on, and once that it has ended.
pub fn events(run: SyncRun, told: Option<&str>) -> Vec<Event> {
    let is_final = run.status.is_final();
    let data = serde_json::to_string(&RunResponse::full(run)).unwrap_or_default();
    let digest = Sha256::digest(&data);
    let state = URL_SAFE_NO_PAD.encode(digest.get(..12).unwrap_or_default());
    let event = |kind: &str| {
        let id = format!("{kind}-{state}");
        Event { text: format!("id: {id}\nevent: {kind}\ndata: {data}\n\n"), id }
    };
    let progress = (!is_final || told.is_none()).then(|| event(PROGRESS));
    let finished = is_final.then(|| event(FINISHED));
    progress.into_iter().chain(finished).filter(|event| Some(event.id.as_str()) != told).collect()
}
