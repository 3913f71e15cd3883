//! Settling conflicts, and that the next run finds nothing left to ask.

use igny8_integration_domain::account::Role;
use igny8_integration_domain::content::{
    Content, ContentStatus, Field, FieldPatch, GONE, Side, SyncState, TRASH,
};
use igny8_integration_domain::event::Action;
use igny8_integration_domain::service::content::PatchContent;
use igny8_integration_domain::service::{Conflict, ServiceError};
use serde_json::json;

use super::{linked, post, receive, removed, stored, titled};
use crate::world::{World, operator};

/// Both changed the title, and the site alone the body.
async fn contested(world: &World) -> anyhow::Result<Content> {
    let id = linked(world, &world.tenant("shop").await?).await?.id;
    world.contents.patch(&operator(), id, None, &titled("Mine")?).await?;
    receive(world, id, &post("Theirs", "Their body")).await?;
    let content = stored(world, id).await?;
    anyhow::ensure!(content.sync_state == SyncState::Conflict);
    Ok(content)
}

/// Deleted here and edited there.
async fn deleted_here(world: &World) -> anyhow::Result<Content> {
    let id = linked(world, &world.tenant("shop").await?).await?.id;
    world.contents.delete(&operator(), id, None).await?;
    receive(world, id, &post("Theirs", "B")).await?;
    let content = stored(world, id).await?;
    anyhow::ensure!(content.sync_state == SyncState::Conflict);
    Ok(content)
}

/// Edited here and removed there.
async fn removed_there(world: &World, status: &str) -> anyhow::Result<Content> {
    let id = linked(world, &world.tenant("shop").await?).await?.id;
    world.contents.patch(&operator(), id, None, &titled("Mine")?).await?;
    receive(world, id, &removed(status)).await?;
    let content = stored(world, id).await?;
    anyhow::ensure!(content.sync_state == SyncState::Conflict);
    Ok(content)
}

#[tokio::test]
async fn keeping_the_writers_side_sends_it_and_takes_what_only_the_site_changed() -> anyhow::Result<()> {
    let world = World::new();
    let id = contested(&world).await?.id;
    let after = world.contents.resolve(&operator(), id, Side::Local).await?;
    assert_eq!((after.conflict.clone(), after.sync_state), (None, SyncState::PendingPush));
    assert_eq!((after.fields.title.as_str(), after.fields.html.as_str()), ("Mine", "Their body"));
    assert_eq!(stored(&world, id).await?, after);
    let received = receive(&world, id, &post("Theirs", "Their body")).await?;
    assert_eq!((received.push, received.pulled), (vec![Field::Title], vec![]));
    Ok(())
}

#[tokio::test]
async fn keeping_the_sites_side_takes_all_of_it() -> anyhow::Result<()> {
    let world = World::new();
    let id = contested(&world).await?.id;
    let after = world.contents.resolve(&operator(), id, Side::External).await?;
    assert_eq!((after.conflict, after.sync_state), (None, SyncState::InSync));
    assert_eq!((after.fields.title.as_str(), after.fields.html.as_str()), ("Theirs", "Their body"));
    let received = receive(&world, id, &post("Theirs", "Their body")).await?;
    assert!(!received.wants_push() && !received.changed_local());
    Ok(())
}

#[tokio::test]
async fn a_site_that_changed_again_since_is_asked_about_again() -> anyhow::Result<()> {
    let world = World::new();
    let id = contested(&world).await?.id;
    world.contents.resolve(&operator(), id, Side::Local).await?;
    let received = receive(&world, id, &post("Theirs again", "Their body")).await?;
    assert_eq!(received.conflicts, [Field::Title]);
    Ok(())
}

#[tokio::test]
async fn a_resolve_leaves_a_line_of_history_and_can_be_done_once() -> anyhow::Result<()> {
    let world = World::new();
    let before = contested(&world).await?;
    world.contents.resolve(&operator(), before.id, Side::External).await?;
    let again = world.contents.resolve(&operator(), before.id, Side::External).await;
    assert!(matches!(again, Err(ServiceError::Conflict(Conflict::NoConflict))));
    let integration = before.link.as_ref().map(|link| link.integration_id);
    let events = world.events(integration.ok_or_else(|| anyhow::anyhow!("no link"))?).await?;
    let resolved: Vec<_> = events.iter().filter(|event| event.action == Action::Resolved).collect();
    assert_eq!(resolved.len(), 1);
    assert_eq!(resolved[0].details, json!({"keep": "external", "fields": ["title"]}));
    assert_eq!((resolved[0].content_id, resolved[0].external_id.as_deref()), (Some(before.id), Some("12")));
    Ok(())
}

#[tokio::test]
async fn a_conflict_shows_the_writers_side_as_it_is_now() -> anyhow::Result<()> {
    let world = World::new();
    let id = contested(&world).await?.id;
    let after = world.contents.patch(&operator(), id, None, &titled("Mine, better")?).await?;
    assert_eq!(after.sync_state, SyncState::Conflict);
    let shown = after.conflict.map(|conflict| conflict.fields[&Field::Title].clone());
    assert_eq!(
        shown.map(|shown| (shown.local, shown.external)),
        Some((json!("Mine, better"), json!("Theirs")))
    );
    Ok(())
}

#[tokio::test]
async fn a_conflict_on_status_alone_is_not_settled_by_another_edit() -> anyhow::Result<()> {
    let world = World::new();
    let id = linked(&world, &world.tenant("shop").await?).await?.id;
    let archive = FieldPatch { status: Some(ContentStatus::Archived), ..FieldPatch::default() };
    world.contents.patch(&operator(), id, None, &PatchContent::new(archive)?).await?;
    let mut pending = post("T", "B");
    pending.fields.status = Some(ContentStatus::Review);
    receive(&world, id, &pending).await?;
    let after = world.contents.patch(&operator(), id, None, &titled("Mine")?).await?;
    assert_eq!((after.sync_state, after.fields.status), (SyncState::Conflict, ContentStatus::Archived));
    let kept = world.contents.resolve(&operator(), id, Side::External).await?;
    assert_eq!((kept.fields.status, kept.fields.title.as_str()), (ContentStatus::Review, "Mine"));
    Ok(())
}

#[tokio::test]
async fn a_deletion_here_that_is_kept_goes_to_the_trash_there() -> anyhow::Result<()> {
    let world = World::new();
    let id = deleted_here(&world).await?.id;
    let after = world.contents.resolve(&operator(), id, Side::Local).await?;
    assert!(after.deleted_at.is_some());
    assert_eq!(after.sync_state, SyncState::PendingPush);
    assert!(receive(&world, id, &post("Theirs", "B")).await?.trash);
    Ok(())
}

#[tokio::test]
async fn an_edit_there_that_is_kept_takes_the_deletion_back() -> anyhow::Result<()> {
    let world = World::new();
    let id = deleted_here(&world).await?.id;
    let after = world.contents.resolve(&operator(), id, Side::External).await?;
    assert_eq!((after.deleted_at, after.sync_state), (None, SyncState::InSync));
    assert_eq!((after.fields.title.as_str(), after.fields.status), ("Theirs", ContentStatus::Published));
    Ok(())
}

#[tokio::test]
async fn an_edit_here_that_is_kept_restores_the_post() -> anyhow::Result<()> {
    let world = World::new();
    let id = removed_there(&world, TRASH).await?.id;
    let after = world.contents.resolve(&operator(), id, Side::Local).await?;
    assert_eq!((after.deleted_at, after.sync_state), (None, SyncState::PendingPush));
    let received = receive(&world, id, &removed(TRASH)).await?;
    assert_eq!(received.push, [Field::Title, Field::Status]);
    Ok(())
}

#[tokio::test]
async fn an_edit_here_that_is_kept_makes_another_post_where_the_old_one_is_gone() -> anyhow::Result<()> {
    let world = World::new();
    let id = removed_there(&world, GONE).await?.id;
    let after = world.contents.resolve(&operator(), id, Side::Local).await?;
    assert_eq!((after.link, after.deleted_at, after.sync_state), (None, None, SyncState::PendingPush));
    Ok(())
}

#[tokio::test]
async fn a_removal_there_that_is_kept_marks_the_content_deleted() -> anyhow::Result<()> {
    for status in [TRASH, GONE] {
        let world = World::new();
        let id = removed_there(&world, status).await?.id;
        let after = world.contents.resolve(&operator(), id, Side::External).await?;
        assert!(after.deleted_at.is_some());
        assert_eq!((after.sync_state, after.fields.title.as_str()), (SyncState::InSync, "Mine"));
        let received = receive(&world, id, &removed(status)).await?;
        assert!(!received.wants_push() && received.conflicts.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn an_editor_settles_and_is_named() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let content = linked(&world, &shop).await?;
    world.contents.patch(&operator(), content.id, None, &titled("Mine")?).await?;
    receive(&world, content.id, &post("Theirs", "B")).await?;
    let editor = world.person(&shop, Role::Editor).await?;
    world.contents.resolve(&editor, content.id, Side::Local).await?;
    let integration = content.link.map(|link| link.integration_id);
    let events = world.events(integration.ok_or_else(|| anyhow::anyhow!("no link"))?).await?;
    assert_eq!(events.last().map(|event| event.actor), Some(editor.actor()));
    Ok(())
}
