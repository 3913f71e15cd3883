//! What an incremental pull can leave out. It begins well behind the last watermark, so most of what changed since then
//! is here already: where the site tells all tokens in one answer, only posts at another one are read.

use std::collections::HashSet;

use super::context::RunContext;
use super::{FETCH_AT_ONCE, RunExecutor, Stop};
use crate::content::{Content, SyncState};
use crate::ports::platform::{Changes, ExternalChange};
use crate::sync::SyncRun;
use crate::time::Timestamp;

impl RunExecutor {
    /// Asks the site what changed, and notes for each type what of that is not here.
    pub(super) async fn narrow(&self, run: &mut SyncRun, context: &RunContext) -> Result<(), Stop> {
        let asked = run
            .checkpoint
            .types
            .iter()
            .filter_map(|progress| Some((progress.name.clone(), progress.since()?)));
        let (names, bounds): (Vec<String>, Vec<Timestamp>) = asked.unzip();
        let Some(after) = bounds.into_iter().min() else { return Ok(()) };
        let Some(Changes { posts, server_time }) = context.session.changes(&names, after).await? else {
            return Ok(());
        };
        let here = self.already_here(context, &posts).await?;
        for progress in run.checkpoint.types.iter_mut().filter(|progress| progress.since().is_some()) {
            let of_type = posts.iter().filter(|post| post.content_type == progress.name);
            let (same, wanted): (Vec<_>, Vec<_>) = of_type.partition(|post| here.contains(*post));
            run.progress.total += same.len() as u64;
            run.progress.done += same.len() as u64;
            run.progress.unchanged += same.len() as u64;
            progress.started = server_time;
            progress.listed = wanted.is_empty();
            progress.wanted = Some(wanted.into_iter().map(|post| post.external_id.clone()).collect());
        }
        Ok(())
    }

    /// Those of the posts that are here as the site has them, with nothing left to do.
    async fn already_here<'p>(
        &self,
        context: &RunContext,
        posts: &'p [ExternalChange],
    ) -> Result<HashSet<&'p ExternalChange>, Stop> {
        let mut here = HashSet::new();
        for some in posts.chunks(FETCH_AT_ONCE) {
            let ids: Vec<String> = some.iter().map(|post| post.external_id.clone()).collect();
            let mut uow = self.storage.begin().await?;
            let contents = uow.lock_linked_contents(context.integration.id, &ids).await?;
            drop(uow);
            here.extend(some.iter().filter(|post| contents.iter().any(|content| is_at(content, post))));
        }
        Ok(here)
    }
}

/// Whether a content is this post, as it is on the site, and both sides agree.
fn is_at(content: &Content, post: &ExternalChange) -> bool {
    content.sync_state == SyncState::InSync
        && content.content_type == post.content_type
        && content
            .link
            .as_ref()
            .is_some_and(|link| link.external_id == post.external_id && link.external_version == post.version)
}
