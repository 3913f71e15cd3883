use std::time::Duration;

use chrono::TimeDelta;
use igny8_integration_domain::content::{ContentStatus, SyncState};
use igny8_integration_domain::integration::SyncStatus;
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::platform::{PlatformError, Trouble};
use igny8_integration_domain::service::run::Turn;
use igny8_integration_domain::service::sync::StartSync;
use igny8_integration_domain::service::{Conflict, ServiceError};
use igny8_integration_domain::sync::{Direction, RunStatus};
use igny8_integration_domain::testing::platform::{CallKind, Fault};

use crate::world::{World, operator};

fn trouble(code: &str) -> Trouble {
    Trouble { code: code.to_owned(), message: format!("the site said {code}") }
}

fn unavailable() -> PlatformError {
    PlatformError::Unavailable { trouble: trouble("maintenance"), retry_after: Some(Duration::from_mins(10)) }
}

#[tokio::test]
async fn a_site_in_maintenance_pauses_the_run_for_as_long_as_it_asks() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.add_many("post", 3);
    world.site.fail_next(CallKind::List, Fault::before(unavailable()));
    let id = world.start(StartSync::default()).await?;
    let run = world.executor.claim("node", None).await?.unwrap();
    assert_eq!(world.executor.execute(run).await?, Turn::Waiting);
    let run = world.find_run(id).await?;
    assert_eq!((run.status, run.failures), (RunStatus::Running, 1));
    assert_eq!(run.error.unwrap().code, "maintenance");
    assert!(run.next_attempt_at.unwrap() >= world.clock.now() + TimeDelta::minutes(10));
    let integration = world.integrations.get(&operator(), world.integration).await?.integration;
    assert_eq!(integration.sync_error.unwrap().code, "maintenance");
    assert!(world.events().await?.iter().any(|event| event.error_code.as_deref() == Some("maintenance")));
    assert!(world.executor.claim("node", None).await?.is_none());

    let run = world.work(id).await?;
    assert_eq!((run.status, run.error, run.progress.created), (RunStatus::Succeeded, None, 3));
    let integration = world.integrations.get(&operator(), world.integration).await?.integration;
    assert_eq!((integration.sync_status, integration.sync_error), (SyncStatus::Success, None));
    Ok(())
}

#[tokio::test]
async fn a_site_that_stays_away_ends_the_run_and_the_next_one_is_not_refused() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.fail_always(None, Fault::before(unavailable()));
    let run = world.sync(Direction::Both).await?;
    assert_eq!((run.status, run.error.unwrap().code.as_str()), (RunStatus::Failed, "maintenance"));
    world.site.heal();
    world.site.add_many("post", 1);
    assert_eq!(world.sync_well(Direction::Both).await?.progress.created, 1);
    Ok(())
}

#[tokio::test]
async fn a_refused_key_ends_the_run_at_once() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.add_many("post", 1);
    let refused = PlatformError::Unauthorized(trouble("invalid_api_key"));
    world.site.fail_always(Some(CallKind::ContentTypes), Fault::before(refused));
    let run = world.sync(Direction::Both).await?;
    assert_eq!((run.status, run.attempt), (RunStatus::Failed, 1));
    let integration = world.integrations.get(&operator(), world.integration).await?.integration;
    assert_eq!(integration.sync_status, SyncStatus::Failed);
    assert!(integration.is_active && integration.sync_enabled);
    Ok(())
}

#[tokio::test]
async fn one_item_that_is_refused_does_not_stop_the_rest_and_can_be_run_again() -> anyhow::Result<()> {
    let world = World::new().await?;
    let mut ids = Vec::new();
    for title in ["One", "Two", "Three"] {
        ids.push(world.write(title, ContentStatus::Published).await?);
    }
    let rejected = PlatformError::Rejected(trouble("too_large"));
    world.site.fail_nth(CallKind::Create, 2, Fault::before(rejected));
    let run = world.sync(Direction::ToExternal).await?;
    assert_eq!((run.status, run.progress.created, run.progress.failed), (RunStatus::Partial, 2, 1));
    let failed = world.content(ids[1]).await?;
    assert_eq!((failed.sync_state, failed.failure.unwrap().code.as_str()), (SyncState::Failed, "too_large"));
    let retry = world.runs.retry_failed(&operator(), world.integration).await?;
    let run = world.work(retry.id).await?;
    assert_eq!((run.status, run.progress.created, run.progress.done), (RunStatus::Succeeded, 1, 1));
    assert_eq!(world.content(ids[1]).await?.sync_state, SyncState::InSync);
    Ok(())
}

#[tokio::test]
async fn an_item_that_fails_for_the_moment_is_tried_four_times_in_one_run() -> anyhow::Result<()> {
    let world = World::new().await?;
    let first = world.write("One", ContentStatus::Approved).await?;
    let second = world.write("Two", ContentStatus::Approved).await?;
    let locked = PlatformError::Locked(trouble("post_locked"));
    world.site.fail_times(CallKind::Create, 3, Fault::before(locked.clone()));
    let run = world.sync(Direction::ToExternal).await?;
    assert_eq!((run.status, run.progress.created, run.progress.failed), (RunStatus::Succeeded, 2, 0));
    assert_eq!(world.site.posts("post").len(), 2);

    world.retitle(first, "Again").await?;
    world.site.forget_calls();
    world.site.fail_always(Some(CallKind::Update), Fault::before(locked));
    let run = world.sync(Direction::ToExternal).await?;
    assert_eq!((run.status, run.progress.failed), (RunStatus::Partial, 1));
    assert_eq!(world.site.count(CallKind::Update), 4);
    let failed = world.content(first).await?;
    assert!(failed.failure.is_some_and(|failure| failure.parked));
    assert_eq!(world.content(second).await?.sync_state, SyncState::InSync);
    Ok(())
}

#[rstest::rstest]
#[case::before(false)]
#[case::after(true)]
#[tokio::test]
async fn a_create_whose_answer_is_lost_is_one_post(#[case] happens: bool) -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.write("Once", ContentStatus::Published).await?;
    let lost = PlatformError::Uncertain(trouble("timeout"));
    let fault = if happens { Fault::after(lost) } else { Fault::before(lost) };
    world.site.fail_next(CallKind::Create, fault);
    let run = world.sync_well(Direction::Both).await?;
    assert_eq!((run.progress.created, run.progress.done, run.progress.failed), (1, 1, 0));
    assert_eq!(world.site.posts("post").len(), 1);
    assert_eq!(world.content(id).await?.sync_state, SyncState::InSync);
    Ok(())
}

#[tokio::test]
async fn an_update_whose_answer_is_lost_is_no_conflict() -> anyhow::Result<()> {
    let world = World::new().await?;
    let (post, content) = world.pulled_post().await?;
    world.clock.advance(TimeDelta::minutes(5));
    world.retitle(content, "Mine").await?;
    world.site.fail_next(CallKind::Update, Fault::after(PlatformError::Uncertain(trouble("timeout"))));
    let run = world.sync_well(Direction::Both).await?;
    assert_eq!((run.progress.conflicts, run.progress.updated), (0, 1));
    assert_eq!(world.content(content).await?.sync_state, SyncState::InSync);
    assert_eq!(world.site.post(&post).unwrap().title, "Mine");
    Ok(())
}

#[tokio::test]
async fn one_run_at_a_time_and_a_dry_one_beside_it() -> anyhow::Result<()> {
    let world = World::new().await?;
    let first = world.start(StartSync::default()).await?;
    let second = world.runs.start(&operator(), world.integration, StartSync::default()).await;
    assert!(matches!(second, Err(ServiceError::Conflict(Conflict::SyncInProgress(id))) if id == first));
    world.start(StartSync { dry_run: true, ..StartSync::default() }).await?;
    Ok(())
}

#[tokio::test]
async fn a_queued_or_waiting_run_is_cancelled_at_once_and_one_that_ended_stays() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.start(StartSync::default()).await?;
    let run = world.runs.cancel(&operator(), world.integration, id).await?;
    assert_eq!(run.status, RunStatus::Cancelled);
    assert!(world.executor.claim("node", None).await?.is_none());
    let again = world.runs.cancel(&operator(), world.integration, id).await?;
    assert_eq!(again.finished_at, run.finished_at);

    world.site.fail_next(CallKind::ContentTypes, Fault::before(unavailable()));
    let id = world.start(StartSync::default()).await?;
    let claimed = world.executor.claim("node", None).await?.unwrap();
    assert_eq!(world.executor.execute(claimed).await?, Turn::Waiting);
    let run = world.runs.cancel(&operator(), world.integration, id).await?;
    assert_eq!(run.status, RunStatus::Cancelled);
    let integration = world.integrations.get(&operator(), world.integration).await?.integration;
    assert_eq!((integration.sync_status, integration.sync_error), (SyncStatus::Never, None));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_under_way_stops_at_its_next_item_and_keeps_what_is_done() -> anyhow::Result<()> {
    let world = World::new().await?;
    for title in ["One", "Two", "Three"] {
        world.write(title, ContentStatus::Approved).await?;
    }
    let id = world.start(StartSync { direction: Direction::ToExternal, ..StartSync::default() }).await?;
    let run = world.executor.claim("node", None).await?.unwrap();
    let (runs, integration) = (world.runs.clone(), world.integration);
    let handle = tokio::runtime::Handle::current();
    world.site.before_next(CallKind::Create, move |_| {
        tokio::task::block_in_place(|| {
            let cancelled = handle.block_on(runs.cancel(&operator(), integration, id));
            assert!(cancelled.is_ok_and(|run| run.cancel_requested));
        });
    });
    assert_eq!(world.executor.execute(run).await?, Turn::Ended);
    let run = world.find_run(id).await?;
    assert_eq!(run.status, RunStatus::Cancelled);
    let linked = world.all().await?.iter().filter(|content| content.link.is_some()).count();
    assert_eq!(linked, world.site.posts("post").len());
    assert!(linked < 3);
    Ok(())
}
