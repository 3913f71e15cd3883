//! Runs: queued, recorded, listed.

use anyhow::{Context as _, ensure};
use futures_util::future::join_all;

use super::Outcome;
use super::fixture::{World, at, claim_some, queue};
use crate::content::Field;
use crate::event::{Actor, ActorKind};
use crate::id::{ContentId, RunId};
use crate::ports::platform::Trouble;
use crate::ports::storage::{Cursor, Queued, Storage, StorageError};
use crate::sync::{
    Checkpoint, DeleteCandidate, Direction, Lease, NewRun, PendingDelete, Phase, PlanAction, PlanEntry,
    Progress, PullMode, RetryItem, RunError, RunOptions, RunScope, RunStatus, SyncRun, Trigger, TypeProgress,
};

async fn find(storage: &dyn Storage, id: RunId) -> anyhow::Result<SyncRun> {
    storage.read().await?.find_run(id).await?.context("the run is gone")
}

async fn record(storage: &dyn Storage, run: &SyncRun) -> anyhow::Result<bool> {
    let mut unit = storage.begin().await?;
    let cancelled = unit.record_run(run).await?;
    unit.commit().await?;
    Ok(cancelled)
}

/// A second one is told of the first, whether that is queued or running; a dry one stands in nobody's way.
pub async fn an_integration_has_one_active_run_and_dry_ones_pass(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    queue(storage, &world.new_run(true, at(1))).await?;
    let mut active = queue(storage, &world.new_run(false, at(2))).await?;
    queue(storage, &world.new_run(true, at(3))).await?;
    queue(storage, &other.new_run(false, at(3))).await?;
    for status in [RunStatus::Queued, RunStatus::Running] {
        active.status = status;
        record(storage, &active).await?;
        let mut unit = storage.begin().await?;
        ensure!(unit.insert_run(&world.new_run(false, at(4))).await? == Queued::Active(active.id));
        unit.commit().await?;
        let found = storage.read().await?.find_active_run(world.integration.id).await?;
        ensure!(found.as_ref() == Some(&active), "{found:?}");
    }
    active.status = RunStatus::Cancelled;
    record(storage, &active).await?;
    ensure!(storage.read().await?.find_active_run(world.integration.id).await? == None);
    let next = queue(storage, &world.new_run(false, at(5))).await?;
    ensure!(storage.read().await?.find_active_run(world.integration.id).await? == Some(next));
    Ok(())
}

/// The store itself sees to it, whoever asks at the same time.
pub async fn many_who_ask_at_once_get_one_run(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let ask = async || -> anyhow::Result<Queued> {
        let mut unit = storage.begin().await?;
        let queued = unit.insert_run(&world.new_run(false, at(1))).await?;
        unit.commit().await?;
        Ok(queued)
    };
    let answers: Vec<Queued> = join_all((0..8).map(|_| ask())).await.into_iter().collect::<Result<_, _>>()?;
    let made: Vec<RunId> = answers
        .iter()
        .filter_map(|answer| if let Queued::New(run) = answer { Some(run.id) } else { None })
        .collect();
    let [id] = made.as_slice() else { anyhow::bail!("{} runs were made", made.len()) };
    let told = answers.iter().filter(|answer| **answer == Queued::Active(*id)).count();
    ensure!(told == 7, "{told} were told of it");
    Ok(())
}

fn filled(run: &SyncRun, content_id: ContentId) -> SyncRun {
    let delete =
        DeleteCandidate { content_id, external_id: "7".to_owned(), title: "„weg“ 🦊".to_owned() };
    SyncRun {
        status: RunStatus::Partial,
        progress: Progress {
            total: 9,
            done: 8,
            created: 1,
            updated: 2,
            unchanged: 3,
            conflicts: 4,
            failed: 5,
            deleted: 6,
        },
        failures: 2,
        next_attempt_at: Some(at(50)),
        error: Some(RunError {
            count: Some(1),
            deletes: Some(vec![delete.clone()]),
            ..RunError::new("deletes_need_confirmation", "1 post „weg“")
        }),
        checkpoint: Checkpoint {
            phase: Phase::Verify,
            types: vec![
                TypeProgress {
                    cursor: Some("page=2&x='\"".to_owned()),
                    listed: true,
                    started: Some(at(4)),
                    unseen: -2,
                    ..TypeProgress::new("büch".to_owned(), PullMode::Since(at(3)))
                },
                TypeProgress::new("post".to_owned(), PullMode::Full),
            ],
            deletes: vec![PendingDelete {
                candidate: delete,
                status: "trash".to_owned(),
                modified_at: Some(at(5)),
                version: "v7".to_owned(),
            }],
            pushed_up_to: Some(content_id),
            retry: vec![RetryItem {
                content_id,
                tries: 3,
                trouble: Trouble { code: "locked".to_owned(), message: "„Maria“".to_owned() },
            }],
            ..Checkpoint::default()
        },
        plan: vec![PlanEntry {
            content_id: None,
            external_id: Some("7".to_owned()),
            action: PlanAction::Merge,
            fields: vec![Field::Title, Field::Seo],
            reason: "weil".to_owned(),
        }],
        plan_count: 1234,
        lease: None,
        started_at: Some(at(10)),
        finished_at: Some(at(60)),
        ..run.clone()
    }
}

/// As it was asked for, while it is held, and as it ended.
pub async fn a_run_reads_back_as_it_was_recorded(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let new = NewRun {
        direction: Direction::Metadata,
        trigger: Trigger::Retry,
        actor: Actor { kind: ActorKind::User, id: Some(42) },
        options: RunOptions {
            content_types: Some(vec!["post".to_owned(), "büch".to_owned()]),
            full: true,
            dry_run: true,
            confirm_deletes: true,
            scope: RunScope::Failed,
        },
        ..world.new_run(false, at(2))
    };
    let queued = queue(storage, &new).await?;
    ensure!((queued.direction, queued.trigger, queued.actor) == (new.direction, new.trigger, new.actor));
    ensure!(queued.options == new.options && queued.queued_at == at(2) && queued.site_id == world.site.id);
    ensure!(queued.status == RunStatus::Queued && queued.attempt == 0 && queued.lease.is_none());
    ensure!(queued.progress == Progress::default() && queued.checkpoint == Checkpoint::default());
    ensure!(find(storage, queued.id).await? == queued);
    let held = claim_some(storage, "node-1", at(3), at(33)).await?;
    ensure!(find(storage, held.id).await? == held);
    let content_id = ContentId::new(77).context("an id")?;
    let ended = filled(&held, content_id);
    ensure!(!record(storage, &ended).await?);
    ensure!(find(storage, ended.id).await? == ended);
    ensure!(storage.begin().await?.lock_run(ended.id).await? == Some(ended));
    Ok(())
}

/// What was asked for, the attempt and a wish to stop are not the holder's to write.
pub async fn a_record_leaves_what_it_may_not_write(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    queue(storage, &world.new_run(false, at(1))).await?;
    let held = claim_some(storage, "node-1", at(2), at(32)).await?;
    let mut unit = storage.begin().await?;
    unit.request_cancel(held.id).await?;
    unit.commit().await?;
    let meddled = SyncRun {
        direction: Direction::Metadata,
        trigger: Trigger::Cli,
        actor: Actor::CLI,
        options: RunOptions { full: true, ..RunOptions::default() },
        attempt: 9,
        cancel_requested: false,
        queued_at: at(99),
        lease: Some(Lease { owner: "node-1".to_owned(), until: at(90) }),
        ..held.clone()
    };
    ensure!(record(storage, &meddled).await?);
    let expected = SyncRun { cancel_requested: true, lease: meddled.lease, ..held.clone() };
    ensure!(find(storage, held.id).await? == expected);
    Ok(())
}

/// Not even by the holder of the newest fence.
pub async fn a_run_that_has_ended_is_not_recorded_again(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    queue(storage, &world.new_run(false, at(1))).await?;
    let held = claim_some(storage, "node-1", at(2), at(32)).await?;
    let ended = SyncRun { status: RunStatus::Cancelled, finished_at: Some(at(3)), lease: None, ..held };
    record(storage, &ended).await?;
    for status in [RunStatus::Running, RunStatus::Succeeded] {
        let mut unit = storage.begin().await?;
        let late = unit.record_run(&SyncRun { status, ..ended.clone() }).await;
        ensure!(matches!(late, Err(StorageError::Conflict)), "{late:?}");
    }
    ensure!(find(storage, ended.id).await? == ended);
    let again = storage.begin().await?.claim_run(Some(ended.id), "node-2", at(99), at(199)).await?;
    ensure!(again.is_none(), "a run that has ended was claimed");
    Ok(())
}

/// The wish survives records, and is told each time.
pub async fn asking_to_stop_is_told_to_whoever_records_or_renews(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    queue(storage, &world.new_run(false, at(1))).await?;
    let held = claim_some(storage, "node-1", at(2), at(32)).await?;
    ensure!(!record(storage, &held).await?);
    let mut unit = storage.begin().await?;
    ensure!(unit.renew_lease(held.id, held.fence, at(40)).await? == Some(false));
    unit.request_cancel(held.id).await?;
    unit.request_cancel(held.id).await?;
    unit.commit().await?;
    ensure!(find(storage, held.id).await?.cancel_requested);
    for _ in 0..2 {
        ensure!(record(storage, &held).await?);
        let mut unit = storage.begin().await?;
        ensure!(unit.renew_lease(held.id, held.fence, at(41)).await? == Some(true));
    }
    Ok(())
}

/// Neither one under way nor a dry one nor another integration's.
pub async fn the_last_run_is_the_newest_that_ended_and_is_not_dry(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    ensure!(storage.read().await?.find_last_run(world.integration.id).await? == None);
    let mut last = None;
    for (world, dry, status) in [
        (&world, false, RunStatus::Succeeded),
        (&world, false, RunStatus::Failed),
        (&world, true, RunStatus::Succeeded),
        (&other, false, RunStatus::Succeeded),
        (&world, false, RunStatus::Running),
    ] {
        let run = SyncRun { status, ..queue(storage, &world.new_run(dry, at(1))).await? };
        record(storage, &run).await?;
        if status == RunStatus::Failed {
            last = Some(run);
        }
    }
    ensure!(storage.read().await?.find_last_run(world.integration.id).await? == last);
    Ok(())
}

/// From both ends, dry ones too, and nobody else's.
#[expect(clippy::many_single_char_names, reason = "rows in the order they were made")]
pub async fn runs_are_listed_newest_first_in_both_directions(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    let mut ids = Vec::new();
    for second in 0..5 {
        ids.push(queue(storage, &world.new_run(true, at(second))).await?.id);
        queue(storage, &other.new_run(true, at(second))).await?;
    }
    let [a, b, c, d, e] = ids.as_slice() else { anyhow::bail!("five were made") };
    let mut unit = storage.read().await?;
    for (cursor, items, newer, older) in [
        (Cursor::Newest, vec![*e, *d], false, true),
        (Cursor::OlderThan(d.get()), vec![*c, *b], true, true),
        (Cursor::OlderThan(b.get()), vec![*a], true, false),
        (Cursor::NewerThan(a.get()), vec![*c, *b], true, true),
        (Cursor::NewerThan(c.get()), vec![*e, *d], false, true),
    ] {
        let page = unit.list_runs(world.integration.id, cursor, 2).await?;
        let found: Vec<_> = page.items.iter().map(|run| run.id).collect();
        ensure!(found == items, "{cursor:?}: {found:?}");
        ensure!((page.has_newer, page.has_older) == (newer, older), "{cursor:?}");
    }
    Ok(())
}

/// Ids grow with time, and the cursors rely on it.
pub async fn a_run_id_is_never_used_again(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    let gone = queue(storage, &world.new_run(false, at(1))).await?;
    let mut unit = storage.begin().await?;
    unit.delete_integration(&world.integration, at(2)).await?;
    unit.commit().await?;
    let next = queue(storage, &other.new_run(false, at(3))).await?;
    ensure!(next.id > gone.id, "{} was used again", next.id);
    Ok(())
}

/// One that is queued or running stays, however old it is.
pub async fn runs_that_ended_long_ago_are_forgotten_in_batches(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut ended = Vec::new();
    for second in 1..5 {
        let run = queue(storage, &world.new_run(true, at(0))).await?;
        let run = SyncRun { status: RunStatus::Succeeded, finished_at: Some(at(second)), ..run };
        record(storage, &run).await?;
        ended.push(run.id);
    }
    let open = queue(storage, &world.new_run(false, at(0))).await?;
    let mut unit = storage.begin().await?;
    ensure!(unit.purge_runs(at(4), 2).await? == 2);
    ensure!(unit.purge_runs(at(4), 2).await? == 1);
    ensure!(unit.purge_runs(at(4), 2).await? == 0);
    unit.commit().await?;
    let left = storage.read().await?.list_runs(world.integration.id, Cursor::Newest, 10).await?.items;
    let left: Vec<RunId> = left.iter().map(|run| run.id).collect();
    ensure!(left == [open.id, *ended.last().context("none")?]);
    Ok(())
}
