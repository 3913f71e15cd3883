//! What a run would do.

use serde::{Deserialize, Serialize};

use crate::content::Field;
use crate::id::ContentId;
use crate::words::words;

/// How many entries of a plan, or of deletions that wait, are listed.
pub const MAX_LISTED: usize = 1000;

/// What would happen to one content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanAction {
    /// A content would be made here.
    CreateLocal,
    /// The content would change here.
    Pull,
    /// A post would be made there.
    CreateExternal,
    /// The post would change there.
    Push,
    /// Both would change, in different fields.
    Merge,
    /// It would become a conflict.
    Conflict,
    /// It would be marked deleted here.
    DeleteLocal,
    /// It would be taken back here.
    RestoreLocal,
    /// The post would go to the trash.
    Trash,
    /// The post would come out of the trash.
    Restore,
    /// Nothing would happen, for a reason.
    Skip,
}

words!(PlanAction {
    CreateLocal => "create_local", Pull => "pull", CreateExternal => "create_external", Push => "push",
    Merge => "merge", Conflict => "conflict", DeleteLocal => "delete_local", RestoreLocal => "restore_local",
    Trash => "trash", Restore => "restore", Skip => "skip",
});

/// One line of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanEntry {
    /// Which content, where there is one yet.
    pub content_id: Option<ContentId>,
    /// Which post, where there is one yet.
    pub external_id: Option<String>,
    /// What.
    pub action: PlanAction,
    /// In which fields.
    pub fields: Vec<Field>,
    /// Why.
    pub reason: String,
}

/// A content that a run found deleted on the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteCandidate {
    /// Which content.
    pub content_id: ContentId,
    /// Which post.
    pub external_id: String,
    /// Its title here.
    pub title: String,
}
