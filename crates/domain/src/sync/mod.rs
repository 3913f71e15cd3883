//! Runs: one execution of a sync, its progress, its checkpoint and its plan.

mod checkpoint;
mod plan;
mod run;

pub use checkpoint::{Checkpoint, PendingDelete, Phase, PullMode, RetryItem, TypeProgress};
pub use plan::{DeleteCandidate, MAX_LISTED, PlanAction, PlanEntry};
pub use run::{
    Direction, Lease, NewRun, Progress, RunError, RunOptions, RunScope, RunStatus, SyncRun, Trigger,
};
