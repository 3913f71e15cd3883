//! Finding what `modified_after` can't show: posts published by schedule, meta and term edits, posts deleted for good.
//!
//! Cheap first: the site's total less what is linked here must be what it was after the last complete pass. Only where
//! it is not, in a full run, or once a day, every id is compared.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::context::RunContext;
use super::page::Batch;
use super::{FETCH_AT_ONCE, RunExecutor, Stop};
use crate::content::GONE;
use crate::event::{Action, EventType};
use crate::ports::platform::{ExternalStamp, IdListing, ListQuery, Lookup, PlatformError};
use crate::ports::storage::LinkStamp;
use crate::sync::{DeleteCandidate, Direction, PendingDelete, Phase, PullMode, SyncRun, TypeProgress};

/// How often every id is compared without any other reason.
const AUDIT_EVERY: TimeDelta = TimeDelta::hours(24);

/// How often a listing that did not hold still is begun again.
const LISTING_TRIES: u32 = 3;

/// Links read at once.
const LINKS_AT_ONCE: u32 = 1000;

/// Up to so many missing posts are asked for one by one, on top of the complete listing.
const ASK_EACH: usize = 100;

/// What comparing every id found.
struct Audit {
    /// How many the site counts.
    total: u64,
    /// How many of the linked are gone.
    gone: u64,
}

impl RunExecutor {
    pub(super) async fn verify(&self, run: &mut SyncRun, context: &mut RunContext) -> Result<(), Stop> {
        let next = run.checkpoint.types.iter().position(|progress| !progress.verified);
        let (Some(at), true) = (next, run.direction != Direction::Metadata) else {
            run.checkpoint.phase = Phase::Delete;
            return Ok(());
        };
        let Some(progress) = run.checkpoint.types.get(at).cloned() else { return Ok(()) };
        let total = signed(context.session.count(&progress.name).await?);
        let links = self.count_links(context, &progress).await?;
        let mut unseen = total - links;
        // Where a person set a limit, what is beyond it makes the totals differ.
        let is_full = context.fetch_limit(&progress.name).is_some_and(|limit| links >= limit);
        let differs = unseen != expected(context, &progress) && !is_full;
        if differs || self.audit_is_due(run, context, &progress) {
            let audit = self.audit(run, context, at, &progress.name).await?;
            let would_link = run.checkpoint.types.get(at).map_or(0, |progress| progress.would_link);
            let links = self.count_links(context, &TypeProgress { would_link, ..progress }).await?;
            unseen = signed(audit.total) - (links - signed(audit.gone));
            run.checkpoint.audited = true;
        }
        if let Some(progress) = run.checkpoint.types.get_mut(at) {
            progress.verified = true;
            progress.unseen = unseen;
        }
        self.checkpoint(run).await
    }

    async fn count_links(&self, context: &RunContext, progress: &TypeProgress) -> Result<i64, Stop> {
        let mut uow = self.storage.read().await?;
        let links = uow.count_links(context.integration.id, &progress.name).await?;
        Ok(links + signed(progress.would_link))
    }

    fn audit_is_due(&self, run: &SyncRun, context: &RunContext, progress: &TypeProgress) -> bool {
        let known_before = context.integration.memory.types.contains_key(&progress.name);
        let daily =
            context.integration.memory.audited_at.is_some_and(|at| self.clock.now() - at >= AUDIT_EVERY);
        known_before && (run.options.full || daily)
    }

    /// Compares every id of a type.
    async fn audit(
        &self,
        run: &mut SyncRun,
        context: &RunContext,
        at: usize,
        name: &str,
    ) -> Result<Audit, Stop> {
        let listing = self.list_ids(context, name).await?;
        let links = self.link_stamps(context, name).await?;
        let is_full = context.fetch_limit(name).is_some_and(|limit| signed(links.len() as u64) >= limit);
        let noted =
            |id: &String| run.checkpoint.deletes.iter().any(|delete| delete.candidate.external_id == *id);
        let wanted: Vec<String> =
            to_fetch(&listing, &links, is_full).into_iter().filter(|id| !noted(id)).collect();
        for ids in wanted.chunks(FETCH_AT_ONCE) {
            self.fetch(run, context, at, name, ids).await?;
        }
        let gone = if listing.complete {
            self.find_deleted(run, context, name, &listing, &links).await?
        } else {
            self.note_incomplete(run, name).await?;
            0
        };
        Ok(Audit { total: listing.total, gone })
    }

    async fn list_ids(&self, context: &RunContext, name: &str) -> Result<IdListing, Stop> {
        let mut listing = context.session.list_ids(name).await?;
        for _ in 1..LISTING_TRIES {
            if listing.complete {
                break;
            }
            listing = context.session.list_ids(name).await?;
        }
        Ok(listing)
    }

    async fn link_stamps(&self, context: &RunContext, name: &str) -> Result<Vec<LinkStamp>, Stop> {
        let mut uow = self.storage.read().await?;
        let mut stamps: Vec<LinkStamp> = Vec::new();
        loop {
            let after = stamps.last().map(|stamp| stamp.content_id);
            let more = uow.list_link_stamps(context.integration.id, name, after, LINKS_AT_ONCE).await?;
            let last = more.len() < LINKS_AT_ONCE as usize;
            stamps.extend(more);
            if last {
                return Ok(stamps);
            }
        }
    }

    async fn fetch(
        &self,
        run: &mut SyncRun,
        context: &RunContext,
        at: usize,
        name: &str,
        ids: &[String],
    ) -> Result<(), Stop> {
        let mut query = ListQuery {
            content_type: name.to_owned(),
            modified_after: None,
            ids: Some(ids.to_vec()),
            cursor: None,
            metadata_only: false,
        };
        loop {
            let page = context.session.list(&query).await?;
            query.cursor = page.next;
            run.progress.total += (page.items.len() + page.unreadable.len()) as u64;
            let batch = Batch { type_at: at, items: page.items, unreadable: page.unreadable };
            self.apply(run, context, batch).await?;
            if query.cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// What is linked and not in a complete listing is deleted; where it is little, each is asked for once more. A site
    /// counts posts that it does not show to this user: where there are such, only what each post itself says is
    /// proof, for as many as are asked for in one run.
    async fn find_deleted(
        &self,
        run: &mut SyncRun,
        context: &RunContext,
        name: &str,
        listing: &IdListing,
        links: &[LinkStamp],
    ) -> Result<u64, Stop> {
        let there: HashMap<&str, &ExternalStamp> =
            listing.stamps.iter().map(|stamp| (stamp.external_id.as_str(), stamp)).collect();
        let mut missing: Vec<&LinkStamp> =
            links.iter().filter(|link| !there.contains_key(link.external_id.as_str())).collect();
        let hides = listing.total > listing.stamps.len() as u64;
        let ask = hides || missing.len() <= ASK_EACH;
        if hides && missing.len() > ASK_EACH {
            // Others than in the run before.
            let from =
                usize::try_from(run.id.get()).unwrap_or_default().wrapping_mul(ASK_EACH) % missing.len();
            missing.rotate_left(from);
            missing.truncate(ASK_EACH);
        }
        let mut gone = 0;
        for link in missing {
            let found = if ask { ask_for(context, name, &link.external_id).await? } else { Missing::Gone };
            if found == Missing::There {
                continue;
            }
            // What cannot be told now is counted like this too: the totals differ then, and the next run asks again.
            gone += 1;
            if found == Missing::Unknown {
                continue;
            }
            run.progress.total += 1;
            run.checkpoint.note_delete(PendingDelete {
                candidate: DeleteCandidate {
                    content_id: link.content_id,
                    external_id: link.external_id.clone(),
                    title: link.title.clone(),
                },
                status: GONE.to_owned(),
                modified_at: link.external_modified_at,
                version: String::new(),
            });
        }
        Ok(gone)
    }

    async fn note_incomplete(&self, run: &SyncRun, name: &str) -> Result<(), Stop> {
        let mut event = super::run_event(run, Action::Skipped, false, self.clock.now());
        event.event_type = EventType::Error;
        event.error_code = Some("listing_incomplete".to_owned());
        event.error_message = Some(format!(
            "the site's list of type {name} changed while it was read, so nothing is taken for deleted in this run"
        ));
        let mut uow = self.storage.begin().await?;
        uow.insert_events(&[event]).await?;
        Ok(uow.commit().await?)
    }
}

/// A post that a listing does not show.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// The site says that there is no such post.
    Gone,
    /// It is there, or kept from the connected user, which is no proof.
    There,
    /// The site failed.
    Unknown,
}

async fn ask_for(context: &RunContext, name: &str, external_id: &str) -> Result<Missing, Stop> {
    match context.session.get(name, external_id).await {
        Ok(Lookup::Gone) => Ok(Missing::Gone),
        Ok(Lookup::Found(_)) | Err(PlatformError::Forbidden(_)) => Ok(Missing::There),
        Err(error) if error.is_of_one_item() => Ok(Missing::Unknown),
        Err(error) => Err(error.into()),
    }
}

/// What the difference of the totals must be if nothing was missed.
fn expected(context: &RunContext, progress: &TypeProgress) -> i64 {
    match progress.mode {
        PullMode::Full => signed(progress.unlinked),
        PullMode::Since(_) => {
            context.integration.memory.types.get(&progress.name).map_or(0, |memory| memory.unseen)
        }
    }
}

/// Posts that are not here, and those that are not as they were: an id, a date and a status tell.
fn to_fetch(listing: &IdListing, links: &[LinkStamp], is_full: bool) -> Vec<String> {
    let known: HashMap<&str, &LinkStamp> =
        links.iter().map(|link| (link.external_id.as_str(), link)).collect();
    listing
        .stamps
        .iter()
        .filter(|stamp| match known.get(stamp.external_id.as_str()) {
            None => !is_full && stamp.status != crate::content::TRASH,
            Some(link) => {
                link.external_status != stamp.status || link.external_modified_at != stamp.modified_at
            }
        })
        .map(|stamp| stamp.external_id.clone())
        .collect()
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
