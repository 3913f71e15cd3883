//! What a delivery does not carry is pulled, each post by itself.

use chrono::TimeDelta;
use igny8_integration_domain::content::SyncState;
use igny8_integration_domain::ports::storage::Busy;
use igny8_integration_domain::testing::platform::{CallKind, Fault};

use crate::world::{World, lost};

#[tokio::test]
async fn a_post_that_changes_while_it_is_read_is_read_once_more() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    world.site.edit(&ids[0], |post| post.html = "<p>First</p>".into());
    world.deliver(&world.told(&ids[0], 1)).await?;
    let reading = world.pulls.claim(100, &Busy::default()).await?;
    world.clock.advance(TimeDelta::milliseconds(10));
    let told = world.told(&ids[0], 2);
    world.deliver(&told).await?;
    assert!(world.pulls.claim(100, &Busy::default()).await?.is_empty(), "one at a time");
    for pull in reading {
        world.pulls.pull(pull).await?;
    }
    assert_eq!(world.of_post(&ids[0]).await?.sync_state, SyncState::PendingPull);
    assert_eq!(world.pull_singles().await?, 1);
    assert_eq!(world.of_post(&ids[0]).await?.sync_state, SyncState::InSync);
    assert_eq!(world.pull_singles().await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_pull_that_a_node_lets_go_is_taken_up_at_once() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    world.site.edit(&ids[0], |post| post.html = "<p>First</p>".into());
    world.deliver(&world.told(&ids[0], 1)).await?;
    let claimed = world.pulls.claim(100, &Busy::default()).await?;
    world.pulls.release(&claimed[0]).await?;
    assert_eq!(world.pull_singles().await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_cache_that_shows_an_older_version_does_not_end_the_pull() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    world.site.edit(&ids[0], |post| post.html = "<p>New</p>".into());
    let mut told = world.told(&ids[0], 1);
    told.modified_at = world.site.now();
    world.clock.advance(TimeDelta::minutes(1));
    told.modified_at += TimeDelta::seconds(30);
    told.content_hash = Some("0".repeat(64));
    world.deliver(&told).await?;
    assert_eq!(world.pull_singles().await?, 1);
    assert_eq!(world.of_post(&ids[0]).await?.sync_state, SyncState::PendingPull);
    world.clock.advance(TimeDelta::minutes(1));
    world.site.edit(&ids[0], |post| post.html = "<p>Newer</p>".into());
    assert_eq!(world.pull_singles().await?, 1);
    let content = world.of_post(&ids[0]).await?;
    assert_eq!((content.fields.html.as_str(), content.sync_state), ("<p>Newer</p>", SyncState::InSync));
    Ok(())
}

#[tokio::test]
async fn a_pull_waits_for_as_long_as_the_site_is_away() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    world.site.edit(&ids[0], |post| post.html = "<p>Theirs</p>".into());
    world.deliver(&world.told(&ids[0], 1)).await?;
    world.site.fail_always(Some(CallKind::Get), Fault::before(lost()));
    for _ in 0..40 {
        world.pull_singles().await?;
        world.clock.advance(TimeDelta::hours(1));
    }
    world.site.heal();
    assert_eq!(world.pull_singles().await?, 1);
    assert_eq!(world.of_post(&ids[0]).await?.fields.html, "<p>Theirs</p>");
    Ok(())
}
