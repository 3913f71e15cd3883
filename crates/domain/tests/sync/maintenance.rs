//! A site that is away for a while in the middle of a run: the run waits, ends well, and deletes nothing.

use std::time::Duration;

use chrono::TimeDelta;
use igny8_integration_domain::content::{ContentStatus, SyncState};
use igny8_integration_domain::integration::SyncStatus;
use igny8_integration_domain::ports::platform::{MAINTENANCE, PlatformError, Trouble};
use igny8_integration_domain::sync::{Direction, RunStatus};
use igny8_integration_domain::testing::platform::CallKind;

use crate::world::{World, operator};

fn closed(retry_after: Option<u64>) -> PlatformError {
    let trouble = Trouble { code: MAINTENANCE.to_owned(), message: "the site is in maintenance".to_owned() };
    PlatformError::Unavailable { trouble, retry_after: retry_after.map(Duration::from_secs) }
}

fn broken() -> PlatformError {
    let trouble = Trouble { code: "site_error".to_owned(), message: "the site failed".to_owned() };
    PlatformError::Uncertain(trouble)
}

/// Goes away for so many seconds just before the `kind` of call comes for the first time.
#[rstest::rstest]
#[case::update(closed(Some(600)), 300)]
#[case::page_without_a_time(closed(None), 120)]
#[case::refusal_of_a_plugin(closed(None), 120)]
#[case::broken(broken(), 5)]
#[tokio::test]
async fn a_run_waits_for_a_site_that_is_away_and_ends_as_if_it_had_not_been(
    #[case] answer: PlatformError,
    #[case] seconds: i64,
    #[values(
        CallKind::ContentTypes,
        CallKind::List,
        CallKind::Count,
        CallKind::ListIds,
        CallKind::Get,
        CallKind::FindByMarker,
        CallKind::Create,
        CallKind::Update
    )]
    kind: CallKind,
) -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 5);
    world.sync_well(Direction::Both).await?;
    world.clock.advance(TimeDelta::hours(25));
    world.site.edit(&ids[0], |post| post.title = "Theirs".into());
    world.site.delete(&ids[1]);
    let mine = world.of_post(&ids[2]).await?.id;
    world.retitle(mine, "Mine").await?;
    let new = world.write("New", ContentStatus::Published).await?;
    world.site.forget_calls();
    let (away, until) = (answer.clone(), TimeDelta::seconds(seconds));
    world.site.before_next(kind, move |site| site.set_away(site.now() + until, away));

    let run = world.sync_well(Direction::Both).await?;
    assert!(world.site.count(kind) > 1, "it was in the way");
    assert_eq!((run.progress.failed, run.progress.conflicts), (0, 0));
    // What could not be proven in this run is in the next.
    let again = world.sync_well(Direction::Both).await?;
    assert_eq!(run.progress.deleted + again.progress.deleted, 1);
    assert_eq!(world.all().await?.len(), 5, "nothing but what was deleted is gone");
    assert_eq!(world.of_post(&ids[0]).await?.fields.title, "Theirs");
    assert_eq!(world.site.post(&ids[2]).unwrap().title, "Mine");
    assert_eq!(world.content(new).await?.sync_state, SyncState::InSync);
    assert_eq!(world.site.posts("post").len(), 5);
    let integration = world.integrations.get(&operator(), world.integration).await?.integration;
    assert!(integration.is_active && integration.sync_enabled);
    assert_eq!((integration.sync_status, integration.sync_error), (SyncStatus::Success, None));
    Ok(())
}

#[tokio::test]
async fn a_site_that_stays_closed_ends_the_run_in_time_and_heals_with_the_next() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.add_many("post", 2);
    world.sync_well(Direction::Both).await?;
    world.site.set_away(world.site.now() + TimeDelta::hours(10), closed(None));
    let run = world.sync(Direction::Both).await?;
    assert_eq!((run.status, run.error.unwrap().code.as_str()), (RunStatus::Failed, MAINTENANCE));
    let took = run.finished_at.unwrap() - run.queued_at;
    assert!(took > TimeDelta::minutes(2) && took < TimeDelta::minutes(20), "{took}");
    assert_eq!(world.all().await?.len(), 2);
    world.clock.advance(TimeDelta::hours(10));
    world.sync_well(Direction::Both).await?;
    let integration = world.integrations.get(&operator(), world.integration).await?.integration;
    assert_eq!((integration.sync_status, integration.sync_error), (SyncStatus::Success, None));
    Ok(())
}
