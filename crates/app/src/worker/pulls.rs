//! Pulls of single posts that a site told of: at once, several at a time, each post by one.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use igny8_integration_domain::id::{AccountId, IntegrationId};
use igny8_integration_domain::ports::storage::{Busy, PendingPull, StorageError};
use igny8_integration_domain::service::SinglePullService;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::WakeUps;
use crate::telemetry::chain;

/// How many at a time. They mostly wait for sites.
const AT_ONCE: usize = 16;

/// A site of which so many are under way waits for one of them: one that is slow must not keep back the others.
const OF_ONE: usize = 4;

/// An account of which so many are under way waits too: all its sites together must not keep back the others'.
const OF_ONE_ACCOUNT: usize = 8;

/// How long it sleeps where nobody wakes it: what another node was told, and what was put off, is found then.
const POLL: Duration = Duration::from_secs(1);

pub struct PullWorker {
    pulls: SinglePullService,
    wake_ups: WakeUps,
}

/// What is under way.
#[derive(Default)]
struct Turns {
    tasks: JoinSet<()>,
    of: HashMap<Id, (AccountId, IntegrationId)>,
}

impl PullWorker {
    pub fn new(pulls: SinglePullService, wake_ups: WakeUps) -> Self {
        Self { pulls, wake_ups }
    }

    /// Works until `stop`; then what was not read yet is due for others at once.
    pub async fn run(&self, stop: &CancellationToken) {
        let mut turns = Turns::default();
        while !stop.is_cancelled() {
            let has_room = turns.room() > 0;
            if has_room && self.take_up(&mut turns, stop).await {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = turns.one_ends() => {}
                () = self.wake_ups.next(), if has_room => {}
                () = tokio::time::sleep(POLL), if has_room => {}
            }
        }
        while !turns.tasks.is_empty() {
            turns.one_ends().await;
        }
    }

    /// Some that are due, where there are any. Whether there were.
    async fn take_up(&self, turns: &mut Turns, stop: &CancellationToken) -> bool {
        let some = u32::try_from(turns.room().min(OF_ONE)).unwrap_or(1);
        match self.pulls.claim(some, &turns.busy()).await {
            Ok(claimed) => {
                let any = !claimed.is_empty();
                for pull in claimed {
                    turns.begin(self.pulls.clone(), pull, stop.clone());
                }
                any
            }
            Err(error) => {
                tracing::error!(error = chain(error), "no single pull could be taken up");
                false
            }
        }
    }
}

impl Turns {
    fn room(&self) -> usize {
        AT_ONCE.saturating_sub(self.tasks.len())
    }

    /// Whose turns are as many as one may have.
    fn busy(&self) -> Busy {
        Busy {
            integrations: having(OF_ONE, self.of.values().map(|(_, integration)| *integration)),
            accounts: having(OF_ONE_ACCOUNT, self.of.values().map(|(account, _)| *account)),
        }
    }

    fn begin(&mut self, pulls: SinglePullService, pull: PendingPull, stop: CancellationToken) {
        let whose = (pull.account_id, pull.integration_id);
        let task = self.tasks.spawn(async move { turn(&pulls, pull, &stop).await });
        self.of.insert(task.id(), whose);
    }

    /// Waits for the end of one; for ever where there is none.
    async fn one_ends(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => {
                self.of.remove(&id);
            }
            Some(Err(error)) => {
                self.of.remove(&error.id());
                tracing::error!(%error, "a single pull broke off; it goes on when it may be taken up again");
            }
            None => std::future::pending().await,
        }
    }
}

/// Those that are there so many times, or more.
fn having<T: Eq + Hash>(most: usize, all: impl Iterator<Item = T>) -> Vec<T> {
    let mut counts: HashMap<T, usize> = HashMap::new();
    all.for_each(|one| *counts.entry(one).or_default() += 1);
    counts.into_iter().filter(|(_, count)| *count >= most).map(|(one, _)| one).collect()
}

/// How a turn at a pull ends.
enum End {
    Done(Result<(), StorageError>),
    TooSlow,
    NodeStops,
}

async fn turn(pulls: &SinglePullService, pull: PendingPull, stop: &CancellationToken) {
    let span = tracing::info_span!(
        "single_pull",
        integration.id = %pull.integration_id,
        external.id = pull.external_id,
        attempt = pull.tries + 1,
    );
    async {
        // The work is dropped before the pull is let go: it may hold a transaction open.
        let end = tokio::select! {
            done = pulls.pull(pull.clone()) => End::Done(done),
            () = tokio::time::sleep(SinglePullService::TIME_LIMIT) => End::TooSlow,
            () = stop.cancelled() => End::NodeStops,
        };
        let outcome = match end {
            End::Done(outcome) => outcome,
            End::TooSlow => {
                tracing::warn!("the site was too slow; the post is read again later");
                pulls.break_off(&pull).await
            }
            End::NodeStops => pulls.release(&pull).await,
        };
        if let Err(error) = outcome {
            tracing::error!(error = chain(error), "the pull goes on when it may be taken up again");
        }
    }
    .instrument(span)
    .await;
}
