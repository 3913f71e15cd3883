//! Reading the site's pages, one at a time: each is committed with the checkpoint behind it.

use super::context::RunContext;
use super::page::Batch;
use super::{FETCH_AT_ONCE, RunExecutor, Stop};
use crate::ports::platform::ListQuery;
use crate::sync::{Direction, Phase, SyncRun};

/// More than any site has of a type: what a site invents must not overflow what it is added to.
const MOST_POSTS: u64 = u32::MAX as u64;

impl RunExecutor {
    pub(super) async fn pull(&self, run: &mut SyncRun, context: &mut RunContext) -> Result<(), Stop> {
        let Some(at) = run.checkpoint.types.iter().position(|progress| !progress.listed) else {
            run.checkpoint.phase = Phase::Verify;
            return Ok(());
        };
        let Some(progress) = run.checkpoint.types.get(at).cloned() else { return Ok(()) };
        let wanted =
            progress.wanted.as_ref().map(|ids| ids.iter().take(FETCH_AT_ONCE).cloned().collect::<Vec<_>>());
        let query = ListQuery {
            content_type: progress.name.clone(),
            modified_after: progress.since().filter(|_| wanted.is_none()),
            ids: wanted,
            cursor: progress.cursor.clone(),
            metadata_only: run.direction == Direction::Metadata,
        };
        let page = context.session.list(&query).await?;
        if progress.cursor.is_none() {
            run.progress.total += page.total.unwrap_or_default().min(MOST_POSTS);
        }
        if let Some(progress) = run.checkpoint.types.get_mut(at) {
            progress.started = progress.started.or(page.server_time);
            progress.cursor = page.next;
            if progress.cursor.is_none() {
                progress.pass(FETCH_AT_ONCE);
            }
        }
        let batch = Batch { type_at: at, items: page.items, unreadable: page.unreadable };
        self.apply(run, context, batch).await
    }
}
