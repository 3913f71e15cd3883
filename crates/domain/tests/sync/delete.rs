use chrono::TimeDelta;
use igny8_integration_domain::content::{Field, SyncState};
use igny8_integration_domain::service::sync::StartSync;
use igny8_integration_domain::sync::{Direction, RunStatus};

use crate::world::World;

#[tokio::test]
async fn a_few_deletions_go_through_and_a_restored_post_comes_back() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 20);
    world.sync_well(Direction::FromExternal).await?;
    world.clock.advance(TimeDelta::hours(1));
    world.site.trash(&ids[0]);
    world.site.delete(&ids[1]);
    let run = world.sync_well(Direction::FromExternal).await?;
    assert_eq!(run.progress.deleted, 2);
    assert_eq!((world.all().await?.len(), world.list(true).await?.len()), (18, 2));
    world.clock.advance(TimeDelta::hours(1));
    world.site.untrash(&ids[0]);
    world.sync_well(Direction::FromExternal).await?;
    assert_eq!(world.of_post(&ids[0]).await?.deleted_at, None);
    Ok(())
}

#[tokio::test]
async fn a_run_that_would_delete_more_than_a_tenth_stops_and_asks() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 100);
    world.sync_well(Direction::FromExternal).await?;
    world.clock.advance(TimeDelta::hours(1));
    for id in &ids[..5] {
        world.site.trash(id);
    }
    for id in &ids[5..11] {
        world.site.delete(id);
    }
    for _ in 0..2 {
        let run = world.sync(Direction::FromExternal).await?;
        assert_eq!((run.status, run.progress.deleted), (RunStatus::Partial, 0));
        let error = run.error.unwrap();
        assert_eq!((error.code.as_str(), error.count), ("deletes_need_confirmation", Some(11)));
        assert_eq!(error.deletes.unwrap().len(), 11);
        assert_eq!(world.all().await?.len(), 100);
    }
    let asked =
        StartSync { direction: Direction::FromExternal, confirm_deletes: true, ..StartSync::default() };
    let id = world.start(asked).await?;
    let run = world.work(id).await?;
    assert_eq!((run.status, run.progress.deleted), (RunStatus::Succeeded, 11));
    assert_eq!(world.all().await?.len(), 89);
    Ok(())
}

#[tokio::test]
async fn a_listing_that_does_not_hold_still_deletes_nothing() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 20);
    world.sync_well(Direction::FromExternal).await?;
    world.clock.advance(TimeDelta::hours(1));
    world.site.delete(&ids[0]);
    world.site.set_lists_whole(false);
    world.sync_well(Direction::FromExternal).await?;
    assert_eq!(world.all().await?.len(), 20);
    world.site.set_lists_whole(true);
    world.clock.advance(TimeDelta::hours(25));
    world.sync_well(Direction::FromExternal).await?;
    assert_eq!(world.all().await?.len(), 19);
    Ok(())
}

#[tokio::test]
async fn a_post_deleted_while_changes_wait_here_is_a_conflict_on_status() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 20);
    world.sync_well(Direction::FromExternal).await?;
    for (at, id) in ids.iter().enumerate().take(2) {
        let content = world.of_post(id).await?.id;
        world.retitle(content, &format!("Mine {at}")).await?;
    }
    world.clock.advance(TimeDelta::hours(1));
    world.site.trash(&ids[0]);
    world.site.delete(&ids[1]);
    world.sync_well(Direction::Both).await?;
    for id in &ids[..2] {
        let content = world.of_post(id).await?;
        assert_eq!((content.sync_state, content.deleted_at), (SyncState::Conflict, None));
        assert!(content.conflict.unwrap().fields.contains_key(&Field::Status));
        assert!(content.fields.title.starts_with("Mine"));
    }
    assert_eq!(world.site.writes(), 0);
    Ok(())
}
