//! Where a run goes on after a page, a pause or a crash. Stored with each committed page.

use serde::{Deserialize, Serialize};

use crate::id::ContentId;
use crate::ports::platform::Trouble;
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
    /// The posts that are left to read, where the site told which ones changed; else they are found by listing.
    #[serde(default)]
    pub wanted: Option<Vec<String>>,
    /// The platform's own cursor of the next page; none at the beginning.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Whether every page was read.
    #[serde(default)]
    pub listed: bool,
    /// The site's `Date` at the first page.
    #[serde(default)]
    pub started: Option<Timestamp>,
    /// Items read that have no content here and get none: unknown ones in the trash, unreadable ones.
    #[serde(default)]
    pub unlinked: u64,
    /// Items that a dry run would have linked.
    #[serde(default)]
    pub would_link: u64,
    /// Whether the totals were compared.
    #[serde(default)]
    pub verified: bool,
    /// Rows that the site counts but does not show, as the comparison found.
    #[serde(default)]
    pub unseen: i64,
}

impl TypeProgress {
    /// A type that is to be read.
    pub fn new(name: String, mode: PullMode) -> Self {
        Self {
            name,
            mode,
            wanted: None,
            cursor: None,
            listed: false,
            started: None,
            unlinked: 0,
            would_link: 0,
            verified: false,
            unseen: 0,
        }
    }

    /// Where an incremental reading begins.
    pub fn since(&self) -> Option<Timestamp> {
        match self.mode {
            PullMode::Full => None,
            PullMode::Since(at) => Some(at),
        }
    }

    /// The pages behind the cursor are read: those of so many wanted posts, or of all.
    pub fn pass(&mut self, at_once: usize) {
        if let Some(wanted) = &mut self.wanted {
            wanted.drain(..at_once.min(wanted.len()));
        }
        self.listed = self.wanted.as_ref().is_none_or(Vec::is_empty);
    }
}

/// A content found deleted on the site, not marked yet: the brake judges all of a run's together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingDelete {
    /// Which one.
    #[serde(flatten)]
    pub candidate: DeleteCandidate,
    /// The site's word: `trash`, or `deleted`.
    pub status: String,
    /// When the site says that it changed.
    pub modified_at: Option<Timestamp>,
    /// Its token.
    pub version: String,
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
    /// Why it failed last.
    pub trouble: Trouble,
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
    pub deletes: Vec<PendingDelete>,
    /// Whether marking has begun: the brake has judged, and the rest goes through.
    pub deleting: bool,
    /// Whether every id was compared in this run.
    pub audited: bool,
    /// Whether what waits to be pushed was added to the total.
    pub push_counted: bool,
    /// A content whose making was counted already although its push goes on.
    pub counted: Option<ContentId>,
    /// The last content of the push that is done.
    pub pushed_up_to: Option<ContentId>,
    /// What is to be written again.
    pub retry: Vec<RetryItem>,
}

impl Checkpoint {
    /// Notes a deletion for the brake: each content once, as it was seen last.
    pub fn note_delete(&mut self, delete: PendingDelete) {
        self.deletes.retain(|known| known.candidate.content_id != delete.candidate.content_id);
        self.deletes.push(delete);
    }

    /// A content is done, or failed for this run: the push goes on behind it.
    pub fn pass(&mut self, id: ContentId) {
        if self.phase == Phase::Push {
            self.pushed_up_to = self.pushed_up_to.max(Some(id));
        }
        self.retry.retain(|item| item.content_id != id);
        if self.counted == Some(id) {
            self.counted = None;
        }
    }
}
