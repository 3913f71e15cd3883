//! Deleting them and taking that back.

use igny8_integration_domain::content::{FieldPatch, GONE, SyncState, TRASH};
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::platform::Written;
use igny8_integration_domain::ports::storage::Storage as _;
use igny8_integration_domain::service::ServiceError;
use igny8_integration_domain::service::content::PatchContent;

use super::{draft, linked, post, receive, removed, stored, titled};
use crate::world::{World, operator, problems};

fn take_back() -> PatchContent {
    PatchContent::default().taking_back(true)
}

#[tokio::test]
async fn a_deleted_content_waits_for_its_post_to_be_removed() -> anyhow::Result<()> {
    let world = World::new();
    let before = linked(&world, &world.tenant("shop").await?).await?;
    world.contents.delete(&operator(), before.id, Some(before.version)).await?;
    let deleted = world.contents.get(&operator(), before.id).await?;
    assert_eq!((deleted.deleted_at, deleted.sync_state), (Some(world.clock.now()), SyncState::PendingPush));
    world.contents.delete(&operator(), before.id, Some(deleted.version)).await?;
    assert_eq!(stored(&world, before.id).await?, deleted);
    let stale = world.contents.delete(&operator(), before.id, Some(before.version)).await;
    assert!(matches!(stale, Err(ServiceError::PreconditionFailed)));
    Ok(())
}

#[tokio::test]
async fn one_without_a_post_is_just_deleted_and_taken_back() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let id = world.contents.create(&operator(), &draft(shop.site_id)?).await?.id;
    world.contents.delete(&operator(), id, None).await?;
    assert_eq!(stored(&world, id).await?.sync_state, SyncState::Unlinked);
    let back = world.contents.patch(&operator(), id, None, &take_back()).await?;
    assert_eq!((back.deleted_at, back.sync_state), (None, SyncState::Unlinked));
    Ok(())
}

#[tokio::test]
async fn what_was_not_sent_yet_is_taken_back_without_a_trace() -> anyhow::Result<()> {
    let world = World::new();
    let before = linked(&world, &world.tenant("shop").await?).await?;
    world.contents.delete(&operator(), before.id, None).await?;
    let back = world.contents.patch(&operator(), before.id, None, &take_back()).await?;
    assert_eq!((back.deleted_at, back.sync_state), (None, SyncState::InSync));
    Ok(())
}

#[tokio::test]
async fn a_post_in_the_trash_waits_to_be_restored() -> anyhow::Result<()> {
    let world = World::new();
    let id = linked(&world, &world.tenant("shop").await?).await?.id;
    world.contents.delete(&operator(), id, None).await?;
    let mut unit = world.storage.begin().await?;
    let mut content = stored(&world, id).await?;
    let written = Written { item: removed(TRASH), pending: Vec::new(), notes: Vec::new() };
    content.record_written(&FieldPatch::default(), &written);
    unit.update_content(&content).await?;
    unit.commit().await?;
    assert_eq!(stored(&world, id).await?.sync_state, SyncState::InSync);
    let back = world.contents.patch(&operator(), id, None, &take_back()).await?;
    assert_eq!((back.deleted_at, back.sync_state), (None, SyncState::PendingPush));
    assert!(receive(&world, id, &removed(TRASH)).await?.wants_push());
    Ok(())
}

#[tokio::test]
async fn a_post_that_is_gone_for_good_cannot_be_taken_back() -> anyhow::Result<()> {
    let world = World::new();
    let id = linked(&world, &world.tenant("shop").await?).await?.id;
    assert!(receive(&world, id, &removed(GONE)).await?.deleted);
    let refused = world.contents.patch(&operator(), id, None, &take_back()).await;
    assert_eq!(problems(refused)?, ["deleted_at: permanently_deleted"]);
    assert!(world.contents.patch(&operator(), id, None, &titled("Mine")?).await?.deleted_at.is_some());
    Ok(())
}

#[tokio::test]
async fn deleting_what_the_site_put_in_the_trash_settles_the_conflict() -> anyhow::Result<()> {
    let world = World::new();
    let id = linked(&world, &world.tenant("shop").await?).await?.id;
    world.contents.patch(&operator(), id, None, &titled("Mine")?).await?;
    receive(&world, id, &removed(TRASH)).await?;
    assert_eq!(stored(&world, id).await?.sync_state, SyncState::Conflict);
    world.contents.delete(&operator(), id, None).await?;
    let after = stored(&world, id).await?;
    assert_eq!((after.conflict, after.sync_state), (None, SyncState::InSync));
    assert!(after.deleted_at.is_some());
    Ok(())
}

#[tokio::test]
async fn taking_back_what_the_site_had_edited_settles_the_conflict_and_takes_the_edit() -> anyhow::Result<()>
{
    let world = World::new();
    let id = linked(&world, &world.tenant("shop").await?).await?.id;
    world.contents.delete(&operator(), id, None).await?;
    receive(&world, id, &post("Theirs", "B")).await?;
    assert_eq!(stored(&world, id).await?.sync_state, SyncState::Conflict);
    let back = world.contents.patch(&operator(), id, None, &take_back()).await?;
    assert_eq!((back.conflict, back.sync_state), (None, SyncState::InSync));
    assert_eq!(back.fields.title, "Theirs");
    Ok(())
}
