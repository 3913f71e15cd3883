//! One content and its post, brought together: read, reconcile, write down what will be sent, send, record.
//!
//! The platform is never awaited inside a unit of work, and each step can be repeated after a crash: a create looks for
//! its marker first, an update is compare-and-set, and what was about to be sent is stored before it is.

mod create;
mod failure;
mod known;
mod line;
mod locate;
mod plan;
mod settle;

use std::sync::Arc;

use chrono::TimeDelta;

pub(crate) use failure::{ItemFailure, is_lasting};
pub(crate) use known::Known;
pub(crate) use line::line;
use settle::Settled;

use crate::content::{Field, Reach};
use crate::event::Actor;
use crate::id::ContentId;
use crate::integration::Integration;
use crate::ports::Clock;
use crate::ports::platform::{Note, PlatformError, PlatformSession};
use crate::ports::storage::{Storage, StorageError, UnitOfWork};
use crate::sync::SyncRun;

/// How often one content is read and written again within one try, because somebody else changes it meanwhile.
const MAX_ROUNDS: u32 = 5;

/// What a content came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemOutcome {
    /// A post was made.
    Created,
    /// Something changed, here or there.
    Updated,
    /// Nothing changed.
    Unchanged,
    /// It is a conflict.
    Conflict,
    /// It was marked deleted here, or put in the trash there.
    Deleted,
    /// The site says that there is no such post, which is proven only by a complete listing.
    Missing,
}

/// Why a content was not brought together.
#[derive(Debug)]
pub(crate) enum ItemError {
    /// The site, by what can be done about it.
    Platform(PlatformError),
    /// The store.
    Storage(StorageError),
    /// Another node took the run over, it has ended, or the integration is of another site now.
    Lost,
    /// A person asked the run to stop; what was done is recorded.
    Cancelled,
}

impl From<PlatformError> for ItemError {
    fn from(error: PlatformError) -> Self {
        Self::Platform(error)
    }
}

impl From<StorageError> for ItemError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Brings single contents together, for a run or on its own.
pub(crate) struct ItemSync<'a> {
    /// The store.
    pub storage: &'a Arc<dyn Storage>,
    /// The time.
    pub clock: &'a Arc<dyn Clock>,
    /// The site.
    pub session: &'a dyn PlatformSession,
    /// Its integration.
    pub integration: &'a Integration,
    /// How far a reconcile may go.
    pub reach: Reach,
    /// Whether anything may be sent.
    pub push: bool,
    /// Who asked.
    pub actor: Actor,
    /// The run that this belongs to, with the length of its lease.
    pub run: Option<(&'a mut SyncRun, TimeDelta)>,
}

/// What happened to a content so far, over all rounds.
#[derive(Default)]
pub(crate) struct Story {
    created: bool,
    pulled: Vec<Field>,
    pushed: Vec<Field>,
    trashed: bool,
    deleted: bool,
    restored: bool,
    notes: Vec<Note>,
}

impl ItemSync<'_> {
    /// Brings one content together. What it came to is recorded, and in a run also counted, in one unit of work.
    pub async fn sync(&mut self, id: ContentId) -> Result<ItemOutcome, ItemError> {
        let mut story = Story::default();
        for _ in 0..MAX_ROUNDS {
            match self.locate(id, &mut story).await? {
                locate::Located::Done(outcome) => return Ok(outcome),
                locate::Located::Again => {}
                locate::Located::Found(item) => {
                    let mut item = *item;
                    loop {
                        match self.settle(id, item, &mut story).await? {
                            Settled::Done(outcome) => return Ok(outcome),
                            Settled::Reread => break,
                            Settled::Again(next) if story.pushed.len() < 64 => item = *next,
                            Settled::Again(_) => return Err(busy()),
                        }
                    }
                }
            }
        }
        Err(busy())
    }

    /// Whether what the site said may be recorded: in a run while this node works on it, else while the integration is
    /// of the site that was asked. A content that is held first can't change hands behind this.
    async fn confirm(&self, uow: &mut dyn UnitOfWork) -> Result<(), ItemError> {
        let holds = if let Some((run, lease)) = &self.run {
            uow.renew_lease(run.id, run.fence, self.clock.now() + *lease).await?.is_some()
        } else {
            let stored = uow.find_integration(self.integration.id).await?;
            let asked = self.integration.site_url.identity();
            stored.is_some_and(|stored| stored.site_url.identity() == asked)
        };
        if holds { Ok(()) } else { Err(ItemError::Lost) }
    }

    /// Holds on to the run, so that nothing is sent after another node took it over.
    async fn hold(&mut self, uow: &mut dyn UnitOfWork) -> Result<(), ItemError> {
        let now = self.clock.now();
        let Some((run, lease)) = &mut self.run else { return Ok(()) };
        match uow.renew_lease(run.id, run.fence, now + *lease).await? {
            None => Err(ItemError::Lost),
            Some(true) => Err(ItemError::Cancelled),
            Some(false) => Ok(()),
        }
    }
}

fn busy() -> ItemError {
    ItemError::Platform(PlatformError::Conflict(crate::ports::platform::Trouble {
        code: "changed_meanwhile".to_owned(),
        message: "the post kept changing on the site while it was being written".to_owned(),
    }))
}
