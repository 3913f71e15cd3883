//! Where a content stands between the two sides.

use serde::{Deserialize, Serialize};

use crate::content::{Content, FieldPatch};
use crate::words::words;

/// Where a content stands. Always derived, see [`Content::settle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncState {
    /// Both sides agree.
    InSync,
    /// A change here waits for the next run.
    PendingPush,
    /// A change on the site is known of and not here yet.
    PendingPull,
    /// Both sides changed one field; a person decides.
    Conflict,
    /// The last attempt failed; `sync_error` says why.
    Failed,
    /// It has no post and gets none as it is.
    Unlinked,
}

words!(SyncState {
    InSync => "in_sync", PendingPush => "pending_push", PendingPull => "pending_pull", Conflict => "conflict",
    Failed => "failed", Unlinked => "unlinked",
});

impl SyncState {
    /// The state that follows from what is stored.
    pub(crate) fn of(content: &Content) -> Self {
        if content.conflict.is_some() {
            return Self::Conflict;
        }
        if content.failure.is_some() {
            return Self::Failed;
        }
        if content.pull_wanted {
            return Self::PendingPull;
        }
        let Some(link) = &content.link else {
            return if content.wants_a_post() { Self::PendingPush } else { Self::Unlinked };
        };
        let (local, deleted) = (FieldPatch::from(&content.fields), content.deleted_at.is_some());
        let changed = if deleted || link.base.deleted {
            deleted != link.base.deleted
        } else {
            !link.base.local_changes(&local).is_empty()
        };
        if changed { Self::PendingPush } else { Self::InSync }
    }
}
