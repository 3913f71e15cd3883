//! Where a run goes on after a page, a pause or a crash. Stored with each committed page.

use serde::{Deserialize, Serialize};

use crate::id::ContentId;
use crate::sync::DeleteCandidate;
use crate::time::Timestamp;

/// How a type is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "since")]
pub enum PullMode {
    /// Everything.
    Full,
    /// What changed after this instant of the site's clock.
    Since(Timestamp),
}

/// How far one type is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeProgress {
    /// The type's name.
    pub name: String,
    /// How it is read.
    pub mode: PullMode,
    /// The platform's own cursor of the next page; none at the beginning.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Whether every page was read.
    #[serde(default)]
    pub listed: bool,
    /// The site's `Date` at the first page.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// Items that the site counted at the first page.
    #[serde(default)]
    pub total: Option<u64>,
    /// Items read so far.
    #[serde(default)]
    pub seen: u64,
}

/// The parts of a run, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Finds out which types there are.
    #[default]
    Start,
    /// Reads pages.
    Pull,
    /// Compares ids where something does not fit.
    Verify,
    /// Marks what is proven deleted.
    Delete,
    /// Writes what changed here.
    Push,
    /// Writes again what failed for the moment.
    Retry,
    /// Records how it ended.
    Finish,
}

/// A content whose push failed for the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryItem {
    /// Which content.
    pub content_id: ContentId,
    /// How often it was tried in this run.
    pub tries: u32,
}

/// Where a run goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Checkpoint {
    /// In which part.
    pub phase: Phase,
    /// The types that are pulled, in order.
    pub types: Vec<TypeProgress>,
    /// Contents found deleted on the site, not marked yet.
    pub deletes: Vec<DeleteCandidate>,
    /// The last content of the push that is done.
    pub pushed_up_to: Option<ContentId>,
    /// What is to be written again.
    pub retry: Vec<RetryItem>,
}
