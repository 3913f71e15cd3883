//! Where an integration's syncing stands.

use serde::{Deserialize, Serialize};

use crate::words::words;

/// What the last run left, or what the current one does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SyncStatus {
    /// No run yet.
    #[default]
    Never,
    /// A run waits for a worker.
    Queued,
    /// A run is under way.
    Syncing,
    /// The last run did everything.
    Success,
    /// The last run left something undone.
    Partial,
    /// The last run, or the last connection test, failed.
    Failed,
}

words!(SyncStatus {
    Never => "never", Queued => "queued", Syncing => "syncing", Success => "success", Partial => "partial",
    Failed => "failed",
});

/// Why it is not well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusError {
    /// A stable word.
    pub code: String,
    /// For a person.
    pub message: String,
}

impl StatusError {
    /// A new one.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}
