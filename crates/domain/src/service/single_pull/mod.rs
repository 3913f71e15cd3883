//! Pulls of single posts that a delivery made worth one: at once, beside any run, one at a time for each post. A post
//! that is not brought in is left to the next run, and the history says why.

mod left;
mod take_in;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::integration::Integration;
use crate::ports::platform::{Lookup, PlatformError, Platforms};
use crate::ports::storage::{Busy, PendingPull, Storage, StorageError, UnitOfWork};
use crate::ports::{Clock, CredentialCipher};
use crate::service::opening::open_session;
use crate::service::patience;
use crate::service::race::retrying;
use crate::time::Timestamp;
use left::{Left, Unread};

/// After so many tries that brought nothing it is left to the next run: the content is still `pending_pull`.
const MAX_TRIES: u32 = 8;

/// How long a node that took up a pull keeps it.
const HOLD: TimeDelta = TimeDelta::seconds(60);

/// Works on single pulls.
#[derive(Clone)]
pub struct SinglePullService {
    storage: Arc<dyn Storage>,
    platforms: Platforms,
    cipher: Arc<dyn CredentialCipher>,
    clock: Arc<dyn Clock>,
}

impl SinglePullService {
    /// How long [`Self::pull`] may be worked on; then it is to be [broken off](Self::break_off). Less than a pull
    /// is held, also by a node whose clock is a little ahead: no other takes up what is still being read.
    pub const TIME_LIMIT: Duration = Duration::from_secs(45);

    /// A new one.
    pub fn new(
        storage: Arc<dyn Storage>,
        platforms: Platforms,
        cipher: Arc<dyn CredentialCipher>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { storage, platforms, cipher, clock }
    }

    /// Takes up pulls that are due, of nobody who is busy. Each is to be given to [`Self::pull`] at once.
    pub async fn claim(&self, limit: u32, busy: &Busy) -> Result<Vec<PendingPull>, StorageError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        let pulls = uow.claim_pulls(now, now + HOLD, busy, limit).await?;
        uow.commit().await?;
        Ok(pulls)
    }

    /// Lets a pull that was claimed go, for another to take up at once.
    pub async fn release(&self, pull: &PendingPull) -> Result<(), StorageError> {
        let mut uow = self.storage.begin().await?;
        uow.postpone_pull(pull).await?;
        uow.commit().await
    }

    /// Lets a pull go that took longer than it may: until a later try, or where none was quicker, for the next run.
    pub async fn break_off(&self, pull: &PendingPull) -> Result<(), StorageError> {
        if pull.tries < MAX_TRIES - 1 {
            return self.put_off(pull).await;
        }
        let mut uow = self.storage.read().await?;
        let integration = uow.find_integration(pull.integration_id).await?;
        drop(uow);
        let Some(integration) = integration else { return Ok(()) };
        retrying!(self.leave(&integration, pull, &Left::too_slow()))
    }

    /// Lets a pull that was claimed go until a later try.
    async fn put_off(&self, pull: &PendingPull) -> Result<(), StorageError> {
        self.release(&later(pull, self.clock.now(), None)).await
    }

    /// Reads one post and brings it in. Safe to repeat; a failure puts the pull off, or leaves the post to the next run.
    pub async fn pull(&self, pull: PendingPull) -> Result<(), StorageError> {
        let mut uow = self.storage.read().await?;
        let integration = uow.find_integration(pull.integration_id).await?;
        drop(uow);
        // Its pulls went with it.
        let Some(integration) = integration else { return Ok(()) };
        let left = if integration.is_active {
            match self.read(&integration, &pull).await {
                Ok(Lookup::Found(item)) => return retrying!(self.take_in(&integration, &pull, &item)),
                Ok(Lookup::Gone) => Left::gone(),
                Err(Unread::Left(left)) => left,
                Err(Unread::Later(asked)) => return retrying!(self.wait_for_site(&pull, asked)),
            }
        } else {
            Left::switched_off()
        };
        retrying!(self.leave(&integration, &pull, &left))
    }

    async fn read(&self, integration: &Integration, pull: &PendingPull) -> Result<Lookup, Unread> {
        let opened = open_session(&self.platforms, self.cipher.as_ref(), integration).await;
        let session = opened.map_err(|error| Unread::new(&error, false))?;
        let read = session.get(&pull.content_type, &pull.external_id).await;
        // An answer that makes no sense may be the whole site's.
        let of_this_post =
            |error: &PlatformError| error.is_of_one_item() && !matches!(error, PlatformError::Protocol(_));
        read.map_err(|error| Unread::new(&error, of_this_post(&error)))
    }

    /// Puts off a pull of a site that is away. Where the site says for how long, nothing else is read from it either.
    async fn wait_for_site(&self, pull: &PendingPull, asked: Option<Duration>) -> Result<(), StorageError> {
        let now = self.clock.now();
        let mut uow = self.storage.begin().await?;
        if asked.is_some()
            && let Some(mut integration) = uow.lock_integration(pull.integration_id).await?
        {
            let until = now + patience::wait(TimeDelta::zero(), asked);
            // What is told from now on waits as well; of several answers the longest holds.
            integration.memory.quiet_until = integration.memory.quiet_until.max(Some(until));
            uow.update_integration(&integration).await?;
            uow.postpone_pulls(integration.id, until).await?;
        }
        uow.postpone_pull(&later(pull, now, asked)).await?;
        uow.commit().await
    }
}

/// Holds the integration, unless it is of another site now than the one that was read.
async fn hold_unmoved(
    uow: &mut dyn UnitOfWork,
    integration: &Integration,
) -> Result<Option<Integration>, StorageError> {
    let stored = uow.lock_integration(integration.id).await?;
    let asked = integration.site_url.identity();
    Ok(stored.filter(|stored| stored.site_url.identity() == asked))
}

/// In 1, 2, 4, … seconds, or when the site asked for it; an hour at most.
fn later(pull: &PendingPull, now: Timestamp, asked: Option<Duration>) -> PendingPull {
    let own = TimeDelta::seconds(1 << pull.tries.min(12));
    PendingPull {
        tries: pull.tries.saturating_add(1),
        due_at: now + patience::wait(own, asked),
        ..pull.clone()
    }
}
