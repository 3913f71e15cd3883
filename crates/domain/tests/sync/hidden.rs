//! Posts that a site lists without showing them, or counts without listing them.

use chrono::TimeDelta;
use igny8_integration_domain::content::{FieldPatch, SyncState};
use igny8_integration_domain::event::Action;
use igny8_integration_domain::ports::platform::{PlatformError, Trouble};
use igny8_integration_domain::sync::{Direction, RunStatus};
use igny8_integration_domain::testing::platform::{CallKind, Fault};

use crate::world::World;

#[tokio::test]
async fn a_linked_post_that_cannot_be_read_any_more_is_marked_and_keeps_its_text() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 3);
    world.sync_well(Direction::Both).await?;
    let content = world.of_post(&ids[0]).await?.id;
    world.clock.advance(TimeDelta::minutes(30));
    world.site.edit(&ids[0], |post| post.title = "Behind a password".into());
    world.site.set_unreadable(&ids[0], Some(("not_editable", "the connected user may not edit this post")));
    let run = world.sync(Direction::Both).await?;
    assert_eq!((run.status, run.progress.failed), (RunStatus::Partial, 1));
    assert_eq!(run.progress.total, run.progress.done);
    let stored = world.content(content).await?;
    assert_eq!((stored.sync_state, stored.fields.html.as_str()), (SyncState::Failed, "<p>Post 1</p>"));
    assert_eq!(stored.failure.unwrap().code, "not_editable");
    let said = world.events().await?.into_iter().rfind(|event| event.content_id == Some(content));
    assert_eq!(said.unwrap().error_code.as_deref(), Some("not_editable"));

    world.patch(content, FieldPatch { html: Some("<p>Mine</p>".into()), ..FieldPatch::default() }).await?;
    world.sync(Direction::Both).await?;
    assert_eq!((world.site.writes(), world.site.post(&ids[0]).unwrap().html.as_str()), (0, "<p>Post 1</p>"));

    world.site.set_unreadable(&ids[0], None);
    world.sync_well(Direction::Both).await?;
    let stored = world.content(content).await?;
    assert_eq!((stored.sync_state, stored.failure), (SyncState::InSync, None));
    assert_eq!(
        (stored.fields.title.as_str(), stored.fields.html.as_str()),
        ("Behind a password", "<p>Mine</p>")
    );
    Ok(())
}

#[tokio::test]
async fn posts_that_are_counted_and_not_shown_any_more_are_not_deleted_unless_each_says_so()
-> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 300);
    world.sync_well(Direction::Both).await?;
    world.clock.advance(TimeDelta::hours(25));
    // The connected user lost the right to see most posts: they are counted all the same.
    world.site.set_hides(|post| post.id > 20);
    world.site.delete(&ids[2]);
    let run = world.sync_well(Direction::Both).await?;
    assert!(run.progress.deleted <= 1, "{:?}", run.progress);
    assert_eq!(world.all().await?.len() as u64, 300 - run.progress.deleted);
    world.site.set_hides(|_| false);
    world.clock.advance(TimeDelta::hours(25));
    world.sync_well(Direction::Both).await?;
    assert_eq!(world.all().await?.len(), 299);
    assert!(world.of_post(&ids[2]).await?.deleted_at.is_some());
    Ok(())
}

#[tokio::test]
async fn a_post_that_fails_when_it_is_asked_for_once_more_does_not_end_the_run() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 5);
    world.sync_well(Direction::Both).await?;
    world.clock.advance(TimeDelta::hours(25));
    world.site.delete(&ids[0]);
    world.site.delete(&ids[1]);
    let trouble = Trouble { code: "missing_capability".to_owned(), message: "not allowed".to_owned() };
    world.site.fail_next(CallKind::Get, Fault::before(PlatformError::Forbidden(trouble)));
    let run = world.sync_well(Direction::Both).await?;
    assert_eq!((run.progress.deleted, world.all().await?.len()), (1, 4));
    let trashed = world.events().await?.into_iter().filter(|event| event.action == Action::Trashed);
    assert_eq!(trashed.count(), 1);
    Ok(())
}

#[tokio::test]
async fn what_an_audit_finds_is_fetched_whatever_the_size_of_a_page() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 30);
    world.sync_well(Direction::Both).await?;
    world.clock.advance(TimeDelta::hours(25));
    for id in &ids {
        world.site.edit_quietly(id, |post| post.status = "draft".into());
    }
    world.site.set_page_size(4);
    world.sync_well(Direction::Both).await?;
    let drafts = world.all().await?;
    assert!(
        drafts.iter().all(|content| content.link.as_ref().is_some_and(|it| it.external_status == "draft"))
    );
    Ok(())
}
