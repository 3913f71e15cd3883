//! What a step had in mind when it failed is forgotten, what one answer says is no proof, and rubbish harms nobody.

use chrono::TimeDelta;
use igny8_integration_domain::integration::ConflictPolicy;
use igny8_integration_domain::ports::platform::{PlatformError, Trouble};
use igny8_integration_domain::service::run::Turn;
use igny8_integration_domain::service::sync::StartSync;
use igny8_integration_domain::service::{Conflict, ServiceError};
use igny8_integration_domain::sync::{Direction, RunStatus};
use igny8_integration_domain::testing::{CallKind, Fault};

use crate::world::{World, operator};

/// A page was read and counted, its cursor moved, and then a post of it could not be read again.
#[tokio::test]
async fn a_pause_keeps_nothing_of_a_step_that_was_not_committed() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 3);
    world.sync_well(Direction::Both).await?;
    let content = world.of_post(&ids[0]).await?.id;
    world.clock.advance(TimeDelta::minutes(10));
    world.site.add_many("post", 1);
    world.site.set_caches_listings(true);
    world.clock.advance(TimeDelta::minutes(10));
    world.site.edit(&ids[0], |post| post.title = "Newer than the listing".into());
    world.single.pull_one(&operator(), world.integration, content).await?;
    let trouble = Trouble { code: "timeout".to_owned(), message: "no answer".to_owned() };
    world
        .site
        .fail_next(CallKind::Get, Fault::before(PlatformError::Unavailable { trouble, retry_after: None }));
    let full = StartSync { direction: Direction::FromExternal, full: true, ..StartSync::default() };
    let id = world.start(full).await?;
    let claimed = world.executor.claim("node", Some(id)).await?.unwrap();
    assert_eq!(world.executor.execute(claimed).await?, Turn::Waiting);
    let paused = world.find_run(id).await?;
    assert_eq!((paused.progress.total, paused.progress.done), (0, 0));
    let posts = paused.checkpoint.types.iter().find(|kind| kind.name == "post").unwrap();
    assert!(posts.started.is_none() && !posts.listed);
    let run = world.work(id).await?;
    assert_eq!((run.status, run.progress.created, run.progress.failed), (RunStatus::Succeeded, 1, 0));
    assert_eq!(run.progress.total, run.progress.done);
    assert_eq!(world.all().await?.len(), 4);
    Ok(())
}

/// A cache or a language plugin says 404 of what is there: nothing is unlinked, made anew or given up.
#[tokio::test]
async fn one_answer_that_a_post_is_gone_changes_nothing_whatever_the_policy() -> anyhow::Result<()> {
    for policy in [ConflictPolicy::Ask, ConflictPolicy::PreferIgny8, ConflictPolicy::PreferWordpress] {
        let world = World::with_policy(policy).await?;
        let ids = world.site.add_many("post", 1);
        world.sync_well(Direction::Both).await?;
        world.clock.advance(TimeDelta::hours(1));
        let before = world.of_post(&ids[0]).await?;
        world.retitle(before.id, "Mine").await?;
        world.site.delete(&ids[0]);
        let run = world.sync(Direction::ToExternal).await?;
        assert_eq!((run.status, run.progress.failed), (RunStatus::Partial, 1), "{policy:?}");
        let after = world.content(before.id).await?;
        assert_eq!((&after.link, after.deleted_at, after.conflict), (&before.link, None, None), "{policy:?}");
        assert_eq!(after.fields.title, "Mine");
        assert_eq!(world.site.writes(), 0, "{policy:?}");
        let events = world.events().await?;
        assert!(events.iter().any(|event| event.error_code.as_deref() == Some("post_not_found")));
    }
    Ok(())
}

#[tokio::test]
async fn of_dry_runs_there_is_one_at_a_time_too() -> anyhow::Result<()> {
    let world = World::new().await?;
    let dry = StartSync { dry_run: true, ..StartSync::default() };
    let first = world.start(dry.clone()).await?;
    let second = world.runs.start(&operator(), world.integration, dry.clone()).await;
    assert!(matches!(second, Err(ServiceError::Conflict(Conflict::SyncInProgress(id))) if id == first));
    world.work(first).await?;
    world.start(dry).await?;
    Ok(())
}

#[tokio::test]
async fn a_post_that_a_page_shows_twice_is_one_content() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.add_many("post", 3);
    world.site.set_lists_twice(true);
    assert_eq!(world.sync_well(Direction::FromExternal).await?.progress.created, 3);
    world.clock.advance(TimeDelta::hours(1));
    assert_eq!(world.sync_well(Direction::FromExternal).await?.progress.created, 0);
    assert_eq!(world.all().await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn totals_that_no_site_has_break_no_run() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.add_many("post", 3);
    for kind in ["post", "page"] {
        world.site.set_hidden(kind, u64::MAX / 2);
    }
    assert_eq!(world.sync_well(Direction::FromExternal).await?.progress.created, 3);
    assert_eq!(world.sync_well(Direction::FromExternal).await?.progress.deleted, 0);
    Ok(())
}

/// The run saw the post in the trash and waited; meanwhile it was restored, and that came in.
#[tokio::test]
async fn what_came_in_after_a_run_saw_a_post_in_the_trash_is_not_undone() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 20);
    world.sync_well(Direction::FromExternal).await?;
    let content = world.of_post(&ids[0]).await?.id;
    world.clock.advance(TimeDelta::minutes(10));
    world.site.trash(&ids[0]);
    let trouble = Trouble { code: "timeout".to_owned(), message: "no answer".to_owned() };
    world
        .site
        .fail_next(CallKind::Count, Fault::before(PlatformError::Unavailable { trouble, retry_after: None }));
    let asked = StartSync { direction: Direction::FromExternal, ..StartSync::default() };
    let id = world.start(asked).await?;
    let claimed = world.executor.claim("node", Some(id)).await?.unwrap();
    assert_eq!(world.executor.execute(claimed).await?, Turn::Waiting);
    assert_eq!(world.find_run(id).await?.checkpoint.deletes.len(), 1);
    world.clock.advance(TimeDelta::minutes(1));
    world.site.edit(&ids[0], |post| "publish".clone_into(&mut post.status));
    let pulled = world.single.pull_one(&operator(), world.integration, content).await?;
    assert_eq!(pulled.content.deleted_at, None);
    assert_eq!(world.work(id).await?.status, RunStatus::Succeeded);
    assert_eq!(world.content(content).await?.deleted_at, None);
    Ok(())
}

#[tokio::test]
async fn a_post_that_cannot_be_read_is_a_line_of_a_dry_runs_plan_and_not_its_end() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 2);
    world.sync_well(Direction::Both).await?;
    for id in &ids {
        world.retitle(world.of_post(id).await?.id, &format!("Mine {id}")).await?;
    }
    world.site.set_unreadable(&ids[0], Some(("missing_capability", "the user may not see it")));
    let dry = StartSync { direction: Direction::ToExternal, dry_run: true, ..StartSync::default() };
    let run = world.work(world.start(dry).await?).await?;
    assert_eq!((run.status, run.plan.len()), (RunStatus::Succeeded, 2), "{:?}", run.error);
    Ok(())
}
