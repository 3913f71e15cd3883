//! A run.

use serde::{Deserialize, Serialize};

use crate::event::Actor;
use crate::id::{AccountId, IntegrationId, RunId, SiteId};
use crate::sync::{Checkpoint, DeleteCandidate, PlanEntry};
use crate::time::Timestamp;
use crate::words::words;

/// Which way a run carries changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Both ways.
    #[default]
    Both,
    /// From igny8 to the site.
    ToExternal,
    /// From the site to igny8.
    FromExternal,
    /// Both ways, without bodies.
    Metadata,
}

/// What made a run start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Somebody asked over the API.
    Api,
    /// A delivery from the site.
    Webhook,
    /// The schedule.
    Schedule,
    /// Whoever operates the service.
    Cli,
    /// Somebody asked to try again what failed.
    Retry,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Waits for a worker.
    Queued,
    /// Under way, or waits to try again.
    Running,
    /// Everything was done.
    Succeeded,
    /// Something was left undone.
    Partial,
    /// It could not be done.
    Failed,
    /// A person stopped it.
    Cancelled,
}

words!(Direction {
    Both => "both", ToExternal => "to_external", FromExternal => "from_external", Metadata => "metadata",
});
words!(Trigger { Api => "api", Webhook => "webhook", Schedule => "schedule", Cli => "cli", Retry => "retry" });
words!(RunStatus {
    Queued => "queued", Running => "running", Succeeded => "succeeded", Partial => "partial", Failed => "failed",
    Cancelled => "cancelled",
});

impl Direction {
    /// Whether it reads the site.
    pub fn pulls(self) -> bool {
        !matches!(self, Self::ToExternal)
    }

    /// Whether it writes to the site.
    pub fn pushes(self) -> bool {
        !matches!(self, Self::FromExternal)
    }
}

impl RunStatus {
    /// Whether it has ended.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// Which contents a run is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunScope {
    /// Whatever its direction and types say.
    #[default]
    All,
    /// Every content that failed, and nothing else.
    Failed,
}

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunOptions {
    /// Narrowed to these types.
    pub content_types: Option<Vec<String>>,
    /// Reads everything, whatever is remembered.
    pub full: bool,
    /// Plans and touches nothing.
    pub dry_run: bool,
    /// A person saw how much would be deleted and agreed.
    pub confirm_deletes: bool,
    /// Which contents.
    pub scope: RunScope,
}

/// How far a run is. `done` counts items looked at; every other number is a part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Items known of, so far.
    pub total: u64,
    /// Items looked at.
    pub done: u64,
    /// Made, here or there.
    pub created: u64,
    /// Changed, here or there.
    pub updated: u64,
    /// The same as before.
    pub unchanged: u64,
    /// Found changed on both sides.
    pub conflicts: u64,
    /// Not done; each has an event that says why.
    pub failed: u64,
    /// Marked deleted here, or put in the trash there.
    pub deleted: u64,
}

/// Why a run waits, stopped or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// A stable word.
    pub code: String,
    /// For a person.
    pub message: String,
    /// How many deletions wait for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletes: Option<Vec<DeleteCandidate>>,
}

impl RunError {
    /// A plain one.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), count: None, deletes: None }
    }
}

/// Who works on a run, until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The node.
    pub owner: String,
    /// Until then nobody else may take it.
    pub until: Timestamp,
}

/// One execution of a sync.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncRun {
    /// Its id.
    pub id: RunId,
    /// Whose.
    pub account_id: AccountId,
    /// Of which site.
    pub site_id: SiteId,
    /// Of which integration.
    pub integration_id: IntegrationId,
    /// Which way.
    pub direction: Direction,
    /// What made it start.
    pub trigger: Trigger,
    /// Who asked.
    pub actor: Actor,
    /// What was asked for.
    pub options: RunOptions,
    /// Where it stands.
    pub status: RunStatus,
    /// How far it is.
    pub progress: Progress,
    /// How often a node took it up; a lost node adds to it.
    pub attempt: u32,
    /// Failures in a row since the last progress: these end a run, lost nodes don't.
    pub failures: u32,
    /// When it tries again, where it waits.
    pub next_attempt_at: Option<Timestamp>,
    /// The last failure, or how it ended.
    pub error: Option<RunError>,
    /// Where it goes on.
    pub checkpoint: Checkpoint,
    /// What it would do, where it is dry.
    pub plan: Vec<PlanEntry>,
    /// How many entries the plan has, listed or not.
    pub plan_count: u64,
    /// A person asked it to stop.
    pub cancel_requested: bool,
    /// Who works on it.
    pub lease: Option<Lease>,
    /// Grows with each claim, and whatever is recorded must name it: a node that lost its lease can't record anything.
    pub fence: i64,
    /// When it was asked for.
    pub queued_at: Timestamp,
    /// When a node first took it up.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// A run that is not stored yet: queued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// Whose.
    pub account_id: AccountId,
    /// Of which site.
    pub site_id: SiteId,
    /// Of which integration.
    pub integration_id: IntegrationId,
    /// Which way.
    pub direction: Direction,
    /// What made it start.
    pub trigger: Trigger,
    /// Who asked.
    pub actor: Actor,
    /// What was asked for.
    pub options: RunOptions,
    /// Now.
    pub queued_at: Timestamp,
}
