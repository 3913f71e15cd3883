//! A host that keeps showing old listings: what is newer here stays, and what is newer there comes.

use chrono::TimeDelta;
use igny8_integration_domain::content::{ContentStatus, SyncState};
use igny8_integration_domain::sync::Direction;

use crate::world::{World, operator};

#[tokio::test]
async fn an_old_listing_neither_undoes_a_push_nor_makes_a_conflict_nor_hides_an_edit() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 3);
    world.sync_well(Direction::Both).await?;
    let content = world.of_post(&ids[0]).await?.id;
    world.site.set_caches_listings(true);
    world.clock.advance(TimeDelta::minutes(30));
    world.retitle(content, "Version 2").await?;
    for _ in 0..3 {
        let run = world.sync_well(Direction::Both).await?;
        assert_eq!(run.progress.conflicts, 0);
        assert_eq!(world.content(content).await?.fields.title, "Version 2");
        assert_eq!(world.site.post(&ids[0]).unwrap().title, "Version 2");
    }
    world.clock.advance(TimeDelta::minutes(30));
    world.site.edit(&ids[0], |post| post.title = "Version 3".into());
    let pulled = world.single.pull_one(&operator(), world.integration, content).await?;
    assert_eq!((pulled.outcome, pulled.content.fields.title.as_str()), ("updated", "Version 3"));
    for _ in 0..2 {
        let run = world.sync_well(Direction::Both).await?;
        assert_eq!((run.progress.conflicts, run.progress.failed), (0, 0));
        assert_eq!(world.content(content).await?.fields.title, "Version 3");
    }
    assert_eq!(world.content(content).await?.sync_state, SyncState::InSync);
    let status = world.health.debug_status(&operator(), world.integration, false).await?;
    assert!(status.warnings.iter().any(|warning| warning.contains("cache")), "{:?}", status.warnings);
    Ok(())
}

#[tokio::test]
async fn a_post_that_old_listings_do_not_show_yet_is_not_taken_for_deleted() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.add_many("post", 3);
    world.sync_well(Direction::Both).await?;
    world.site.set_caches_listings(true);
    let new = world.write("New", ContentStatus::Published).await?;
    world.sync_well(Direction::Both).await?;
    world.clock.advance(TimeDelta::hours(25));
    let run = world.sync_well(Direction::Both).await?;
    assert_eq!((run.progress.deleted, world.content(new).await?.deleted_at), (0, None));
    assert_eq!(world.site.posts("post").len(), 4);
    world.site.set_caches_listings(false);
    world.sync_well(Direction::Both).await?;
    assert_eq!(world.all().await?.len(), 4);
    Ok(())
}

#[tokio::test]
async fn an_edit_that_an_old_listing_hides_is_read_where_something_waits_here() -> anyhow::Result<()> {
    let world = World::new().await?;
    let (post, content) = world.pulled_post().await?;
    world.site.set_caches_listings(true);
    world.clock.advance(TimeDelta::minutes(30));
    world.site.edit(&post, |post| post.html = "<p>Theirs</p>".into());
    world.retitle(content, "Mine").await?;
    world.sync_well(Direction::Both).await?;
    let (stored, theirs) = (world.content(content).await?, world.site.post(&post).unwrap());
    assert_eq!((stored.fields.title.as_str(), stored.fields.html.as_str()), ("Mine", "<p>Theirs</p>"));
    assert_eq!((theirs.title.as_str(), theirs.html.as_str()), ("Mine", "<p>Theirs</p>"));
    Ok(())
}
