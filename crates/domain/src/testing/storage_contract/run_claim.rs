//! Runs: taken up, held, given back, taken over.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use futures_util::future::join_all;

use super::Outcome;
use super::fixture::{World, at, claim, claim_some, queue};
use crate::id::RunId;
use crate::ports::storage::{Storage, StorageError};
use crate::sync::{Lease, RunStatus, SyncRun};

/// Status, start, lease, fence and attempt; what was asked for stays.
pub async fn a_claim_sets_what_it_says(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let queued = queue(storage, &world.new_run(false, at(1))).await?;
    let held = claim_some(storage, "node-1", at(2), at(32)).await?;
    ensure!(held.fence > queued.fence);
    let expected = SyncRun {
        status: RunStatus::Running,
        started_at: Some(at(2)),
        lease: Some(Lease { owner: "node-1".to_owned(), until: at(32) }),
        fence: held.fence,
        attempt: 1,
        ..queued
    };
    ensure!(held == expected, "{held:?}");
    ensure!(claim(storage, "node-2", at(3), at(33)).await? == None);
    Ok(())
}

/// By when it was asked for; ties by id.
pub async fn the_longest_waiting_run_is_claimed_first(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut queued = Vec::new();
    for second in [5, 3, 9, 3] {
        queued.push(queue(storage, &world.new_run(true, at(second))).await?.id);
    }
    let mut claimed = Vec::new();
    while let Some(run) = claim(storage, "node-1", at(10), at(40)).await? {
        claimed.push(run.id);
    }
    let [a, b, c, d] = queued.as_slice() else { anyhow::bail!("four were queued") };
    ensure!(claimed == [*b, *d, *a, *c], "{claimed:?}");
    Ok(())
}

/// That one or none.
pub async fn a_claim_can_name_its_run(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    queue(storage, &world.new_run(true, at(1))).await?;
    let named = queue(storage, &world.new_run(true, at(2))).await?.id;
    for expected in [Some(named), None] {
        let mut unit = storage.begin().await?;
        let run = unit.claim_run(Some(named), "node-1", at(3), at(33)).await?;
        unit.commit().await?;
        ensure!(run.map(|run| run.id) == expected);
    }
    Ok(())
}

/// Not a moment earlier; its first start stays.
pub async fn a_run_that_waits_to_try_again_is_claimed_when_its_time_has_come(
    storage: &dyn Storage,
) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    queue(storage, &world.new_run(false, at(1))).await?;
    let held = claim_some(storage, "node-1", at(2), at(32)).await?;
    let paused = SyncRun { next_attempt_at: Some(at(20)), lease: None, failures: 1, ..held };
    let mut unit = storage.begin().await?;
    unit.record_run(&paused).await?;
    unit.commit().await?;
    ensure!(claim(storage, "node-2", at(19), at(49)).await? == None);
    let held = claim_some(storage, "node-2", at(20), at(50)).await?;
    ensure!(held.next_attempt_at.is_none() && held.started_at == Some(at(2)), "{held:?}");
    ensure!((held.attempt, held.failures) == (2, 1) && held.fence > paused.fence);
    Ok(())
}

/// While the lease holds nobody else gets it.
pub async fn a_held_run_is_claimed_only_after_its_lease(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    queue(storage, &world.new_run(false, at(1))).await?;
    let first = claim_some(storage, "node-1", at(2), at(32)).await?;
    ensure!(claim(storage, "node-2", at(31), at(61)).await? == None);
    ensure!(claim(storage, "node-1", at(31), at(61)).await? == None);
    let second = claim_some(storage, "node-2", at(33), at(63)).await?;
    ensure!(second.id == first.id && second.fence > first.fence && second.attempt == 2);
    ensure!(second.lease.is_some_and(|lease| lease.owner == "node-2" && lease.until == at(63)));
    Ok(())
}

/// A node that was only slow can't write over the one that took over.
pub async fn a_run_that_was_taken_over_refuses_its_former_holder(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    queue(storage, &world.new_run(false, at(1))).await?;
    let slow = claim_some(storage, "node-1", at(2), at(32)).await?;
    let holder = claim_some(storage, "node-2", at(40), at(70)).await?;
    let mut unit = storage.begin().await?;
    let late = unit.record_run(&slow).await;
    ensure!(matches!(late, Err(StorageError::Conflict)), "{late:?}");
    drop(unit);
    let mut unit = storage.begin().await?;
    ensure!(unit.renew_lease(slow.id, slow.fence, at(99)).await? == None);
    ensure!(unit.release_runs("node-1").await? == 0);
    ensure!(!unit.record_run(&holder).await?);
    unit.commit().await?;
    ensure!(storage.read().await?.find_run(holder.id).await? == Some(holder));
    Ok(())
}

/// Renewing moves the end of the lease and nothing else.
pub async fn a_renewed_lease_holds_longer(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    queue(storage, &world.new_run(false, at(1))).await?;
    let held = claim_some(storage, "node-1", at(2), at(32)).await?;
    let mut unit = storage.begin().await?;
    ensure!(unit.renew_lease(held.id, held.fence, at(60)).await? == Some(false));
    ensure!(unit.renew_lease(held.id, held.fence + 1, at(90)).await? == None);
    let unknown = RunId::new(1 << 40).context("an id")?;
    ensure!(unit.renew_lease(unknown, held.fence, at(90)).await? == None);
    unit.commit().await?;
    ensure!(claim(storage, "node-2", at(59), at(89)).await? == None);
    let lease = Some(Lease { owner: "node-1".to_owned(), until: at(60) });
    let id = held.id;
    ensure!(storage.read().await?.find_run(id).await? == Some(SyncRun { lease, ..held }));
    ensure!(claim_some(storage, "node-2", at(61), at(91)).await?.id == id);
    Ok(())
}

/// Whoever held it must learn that it is no longer its own, before it sends anything more.
pub async fn a_run_that_has_ended_or_waits_is_not_renewed(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    for (status, next) in [(RunStatus::Cancelled, None), (RunStatus::Running, Some(at(90)))] {
        let id = queue(storage, &world.new_run(true, at(1))).await?.id;
        let held = claim_some(storage, "node-1", at(2), at(32)).await?;
        ensure!(held.id == id);
        let stopped = SyncRun { status, lease: None, next_attempt_at: next, ..held };
        let mut unit = storage.begin().await?;
        unit.record_run(&stopped).await?;
        unit.commit().await?;
        let mut unit = storage.begin().await?;
        ensure!(unit.renew_lease(id, stopped.fence, at(60)).await?.is_none(), "{status:?}");
        unit.commit().await?;
        ensure!(storage.read().await?.find_run(id).await? == Some(stopped));
    }
    Ok(())
}

/// A node that goes away leaves its runs to the others, and only its own.
pub async fn released_runs_are_claimable_at_once_and_only_those(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    for second in 1..=4 {
        queue(storage, &world.new_run(true, at(second))).await?;
    }
    let first = claim_some(storage, "node-1", at(10), at(40)).await?;
    claim_some(storage, "node-2", at(10), at(40)).await?;
    let third = claim_some(storage, "node-1", at(10), at(40)).await?;
    let ended = claim_some(storage, "node-1", at(10), at(40)).await?;
    let mut unit = storage.begin().await?;
    let ended = SyncRun { status: RunStatus::Succeeded, lease: None, ..ended };
    unit.record_run(&ended).await?;
    ensure!(unit.release_runs("node-1").await? == 2);
    ensure!(unit.release_runs("node-1").await? == 0);
    unit.commit().await?;
    let mut claimed = Vec::new();
    while let Some(run) = claim(storage, "node-3", at(11), at(41)).await? {
        claimed.push(run.id);
    }
    ensure!(claimed == [first.id, third.id], "{claimed:?}");
    Ok(())
}

/// Each run is claimed once, and none is left over.
pub async fn sixteen_claimers_at_once_never_get_the_same_run(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut queued = BTreeSet::new();
    for second in 0..24 {
        queued.insert(queue(storage, &world.new_run(true, at(second))).await?.id);
    }
    let claimer = async |number: usize| -> anyhow::Result<Vec<RunId>> {
        let mut claimed = Vec::new();
        while let Some(run) = claim(storage, &format!("node-{number}"), at(30), at(60)).await? {
            ensure!(run.attempt == 1, "run {} was claimed before", run.id);
            claimed.push(run.id);
        }
        Ok(claimed)
    };
    let claims = join_all((0..16).map(claimer)).await;
    let claims: Vec<Vec<RunId>> = claims.into_iter().collect::<Result<_, _>>()?;
    ensure!(claims.iter().map(Vec::len).sum::<usize>() == queued.len(), "{claims:?}");
    ensure!(claims.into_iter().flatten().collect::<BTreeSet<_>>() == queued);
    Ok(())
}
