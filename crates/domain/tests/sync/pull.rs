use chrono::TimeDelta;
use igny8_integration_domain::content::{ContentStatus, SyncState};
use igny8_integration_domain::event::Action;
use igny8_integration_domain::integration::SyncStatus;
use igny8_integration_domain::ports::platform::Trouble;
use igny8_integration_domain::service::sync::StartSync;
use igny8_integration_domain::sync::{Direction, PlanAction, RunStatus};
use igny8_integration_domain::testing::platform::{CallKind, SitePost};

use crate::world::{World, operator};

#[tokio::test]
async fn everything_comes_in_once_and_a_second_run_changes_nothing_and_costs_little() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.add_many("post", 250);
    world.site.add_many("page", 40);
    let run = world.sync_well(Direction::FromExternal).await?;
    assert_eq!((run.progress.created, run.progress.done, run.progress.total), (290, 290, 290));
    assert_eq!(world.all().await?.len(), 290);
    assert!(world.all().await?.iter().all(|content| content.sync_state == SyncState::InSync));

    world.clock.advance(TimeDelta::hours(3));
    world.site.forget_calls();
    let again = world.sync_well(Direction::FromExternal).await?;
    assert_eq!((again.progress.created, again.progress.updated), (0, 0));
    assert!(world.site.calls().len() <= 8, "{:?}", world.site.calls());
    assert_eq!(world.site.writes(), 0);
    Ok(())
}

#[tokio::test]
async fn a_second_run_right_after_many_changes_reads_only_what_is_not_here_yet() -> anyhow::Result<()> {
    let world = World::new().await?;
    let posts = world.site.add_many("post", 250);
    world.site.add_many("page", 40);
    world.sync_well(Direction::FromExternal).await?;
    world.site.forget_calls();
    let again = world.sync_well(Direction::Both).await?;
    assert_eq!((again.progress.unchanged, again.progress.done, again.progress.total), (290, 290, 290));
    assert_eq!(world.site.count(CallKind::List), 0);
    assert!(world.site.calls().len() <= 8, "{:?}", world.site.calls());

    for post in &posts[..130] {
        world.site.edit(post, |post| post.title = "Edited".into());
    }
    world.site.forget_calls();
    let run = world.sync_well(Direction::FromExternal).await?;
    assert_eq!((run.progress.updated, run.progress.unchanged, run.progress.total), (130, 160, 290));
    assert_eq!(world.site.count(CallKind::List), 2, "a hundred at once");
    assert_eq!(world.of_post(&posts[129]).await?.fields.title, "Edited");
    Ok(())
}

#[tokio::test]
async fn where_the_site_cannot_tell_what_changed_it_is_listed() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.set_tells_changes(false);
    let posts = world.site.add_many("post", 5);
    world.sync_well(Direction::FromExternal).await?;
    world.site.edit(&posts[0], |post| post.title = "Edited".into());
    world.site.forget_calls();
    let run = world.sync_well(Direction::FromExternal).await?;
    assert_eq!((run.progress.updated, run.progress.unchanged), (1, 4));
    assert_eq!(world.site.count(CallKind::List), 2, "one page of each type");
    Ok(())
}

#[tokio::test]
async fn what_waits_here_is_read_again_although_the_site_did_not_change_it() -> anyhow::Result<()> {
    let world = World::new().await?;
    let posts = world.site.add_many("post", 3);
    world.sync_well(Direction::FromExternal).await?;
    let ours = world.of_post(&posts[0]).await?.id;
    world.retitle(ours, "Ours").await?;
    world.site.forget_calls();
    let run = world.sync_well(Direction::Both).await?;
    assert_eq!(run.progress.updated, 1);
    assert_eq!(world.site.count(CallKind::List), 1);
    assert_eq!(world.of_post(&posts[0]).await?.sync_state, SyncState::InSync);
    Ok(())
}

#[tokio::test]
async fn an_edit_on_the_site_comes_in_with_the_next_run() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 3);
    world.sync_well(Direction::FromExternal).await?;
    world.clock.advance(TimeDelta::hours(1));
    world.site.edit(&ids[1], |post| post.html = "<p>Edited</p>".into());
    let run = world.sync_well(Direction::Both).await?;
    assert_eq!((run.progress.updated, run.progress.conflicts, run.progress.failed), (1, 0, 0));
    assert_eq!(world.of_post(&ids[1]).await?.fields.html, "<p>Edited</p>");
    assert_eq!(world.site.writes(), 0);
    Ok(())
}

#[tokio::test]
async fn what_modified_after_cannot_show_is_found_by_the_totals_or_within_a_day() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 5);
    let planned = SitePost {
        status: "future".into(),
        date: Some(world.site.now() + TimeDelta::minutes(30)),
        ..SitePost::published("post", "Planned")
    };
    let planned = world.site.add(planned);
    world.sync_well(Direction::FromExternal).await?;
    assert_eq!(world.of_post(&planned).await?.fields.status, ContentStatus::Approved);
    world.clock.advance(TimeDelta::hours(25));
    world.site.run_schedule();
    world.site.delete(&ids[2]);
    let run = world.sync_well(Direction::FromExternal).await?;
    assert_eq!(world.of_post(&planned).await?.fields.status, ContentStatus::Published);
    assert!(world.of_post(&ids[2]).await?.deleted_at.is_some());
    assert_eq!(run.progress.deleted, 1);
    Ok(())
}

#[tokio::test]
async fn rows_that_the_site_counts_and_never_shows_cost_no_audit_in_every_run() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.add_many("page", 4);
    world.site.set_hidden("page", 1);
    world.sync_well(Direction::FromExternal).await?;
    world.clock.advance(TimeDelta::hours(3));
    world.site.forget_calls();
    world.sync_well(Direction::FromExternal).await?;
    assert_eq!(world.site.count(CallKind::ListIds), 0);
    Ok(())
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_left_alone_and_said_and_the_page_goes_on() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 3);
    world.site.set_unreadable(&ids[0], Some(("unreadable", "its id is no number")));
    let run = world.sync(Direction::FromExternal).await?;
    assert_eq!((run.status, run.progress.created, run.progress.failed), (RunStatus::Partial, 2, 1));
    let events = world.events().await?;
    let skipped = events.iter().find(|event| event.action == Action::Skipped).unwrap();
    assert_eq!((skipped.success, skipped.error_code.as_deref()), (false, Some("unreadable")));
    Ok(())
}

#[tokio::test]
async fn posts_in_the_trash_that_nobody_knew_stay_there() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 2);
    world.site.trash(&ids[0]);
    world.sync_well(Direction::FromExternal).await?;
    assert_eq!(world.all().await?.len(), 1);
    assert!(world.list(true).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_metadata_run_brings_no_bodies_and_makes_no_contents() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 2);
    world.sync_well(Direction::FromExternal).await?;
    world.clock.advance(TimeDelta::hours(3));
    world.site.add_many("post", 1);
    world.site.edit(&ids[0], |post| {
        post.title = "Other".into();
        post.html = "<p>Other</p>".into();
    });
    world.sync_well(Direction::Metadata).await?;
    let content = world.of_post(&ids[0]).await?;
    assert_eq!((content.fields.title.as_str(), content.fields.html.as_str()), ("Other", "<p>Post 1</p>"));
    assert_eq!(world.all().await?.len(), 2);
    world.sync_well(Direction::FromExternal).await?;
    assert_eq!(world.of_post(&ids[0]).await?.fields.html, "<p>Other</p>");
    assert_eq!(world.all().await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn a_dry_run_says_what_it_would_do_and_touches_nothing() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 3);
    world.sync_well(Direction::Both).await?;
    world.clock.advance(TimeDelta::hours(3));
    world.site.edit(&ids[0], |post| post.title = "Theirs".into());
    world.site.add_many("page", 1);
    let approved = world.write("New", ContentStatus::Approved).await?;
    let mine = world.of_post(&ids[1]).await?.id;
    world.retitle(mine, "Mine").await?;
    let (before, on_site) = (world.all().await?, world.site.posts("post"));
    world.site.forget_calls();
    let id = world.start(StartSync { dry_run: true, ..StartSync::default() }).await?;
    let run = world.work(id).await?;
    assert_eq!(run.status, RunStatus::Succeeded);
    let mut actions: Vec<PlanAction> = run.plan.iter().map(|entry| entry.action).collect();
    actions.sort_by_key(|action| action.as_str());
    assert_eq!(
        actions,
        vec![PlanAction::CreateExternal, PlanAction::CreateLocal, PlanAction::Pull, PlanAction::Push]
    );
    assert_eq!(run.plan_count, 4);
    assert!(run.plan.iter().any(|entry| entry.content_id == Some(approved)));
    assert_eq!((world.all().await?, world.site.posts("post")), (before, on_site));
    assert_eq!(world.site.writes(), 0);
    let integration = world.integrations.get(&operator(), world.integration).await?.integration;
    assert_eq!(integration.sync_status, SyncStatus::Success);
    Ok(())
}

#[tokio::test]
async fn a_cached_older_page_is_not_pulled_back_over_what_is_newer() -> anyhow::Result<()> {
    let world = World::new().await?;
    let (post, content) = world.pulled_post().await?;
    world.clock.advance(TimeDelta::hours(1));
    world.retitle(content, "Version 2").await?;
    world.sync_well(Direction::Both).await?;
    assert_eq!(world.site.post(&post).unwrap().title, "Version 2");
    let run = world.sync_well(Direction::Both).await?;
    assert_eq!((run.progress.conflicts, run.progress.updated), (0, 0));
    assert_eq!(world.content(content).await?.fields.title, "Version 2");
    Ok(())
}

#[tokio::test]
async fn only_the_types_that_are_named_are_read() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.add_many("post", 2);
    world.site.add_many("page", 2);
    let asked = StartSync {
        direction: Direction::FromExternal,
        content_types: Some(vec!["page".to_owned()]),
        ..StartSync::default()
    };
    let id = world.start(asked).await?;
    world.work(id).await?;
    assert!(world.all().await?.iter().all(|content| content.content_type == "page"));
    Ok(())
}

#[tokio::test]
async fn a_type_that_the_site_does_not_show_is_left_out_and_the_run_says_so() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.add_many("post", 1);
    let types = Some(vec!["post".to_owned(), "posts".to_owned()]);
    let asked = StartSync { content_types: types, ..StartSync::default() };
    let run = world.work(world.start(asked).await?).await?;
    assert_eq!((run.status, world.all().await?.len()), (RunStatus::Succeeded, 1));
    let events = world.events().await?;
    let said: Vec<_> = events.iter().filter(|event| event.action == Action::Skipped).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!((said[0].run_id, said[0].error_code.as_deref()), (Some(run.id), Some("unknown_type")));
    assert_eq!(said[0].details["content_type"], "posts");
    Ok(())
}

#[tokio::test]
async fn one_content_is_pulled_by_itself_on_demand() -> anyhow::Result<()> {
    let world = World::new().await?;
    let (post, content) = world.pulled_post().await?;
    world.clock.advance(TimeDelta::minutes(1));
    world.site.edit(&post, |post| post.title = "Theirs".into());
    let pulled = world.single.pull_one(&operator(), world.integration, content).await?;
    assert_eq!((pulled.changed, pulled.outcome), (true, "updated"));
    assert_eq!(pulled.content.fields.title, "Theirs");
    let again = world.single.pull_one(&operator(), world.integration, content).await?;
    assert_eq!((again.changed, again.outcome), (false, "unchanged"));
    Ok(())
}

#[tokio::test]
async fn a_site_that_is_away_fails_a_single_pull_and_says_why() -> anyhow::Result<()> {
    use igny8_integration_domain::ports::platform::PlatformError;
    use igny8_integration_domain::testing::platform::Fault;
    let world = World::new().await?;
    let (_, content) = world.pulled_post().await?;
    let trouble = Trouble { code: "connection_refused".into(), message: "nobody listens".into() };
    world.site.fail_always(None, Fault::before(PlatformError::Unavailable { trouble, retry_after: None }));
    let pulled = world.single.pull_one(&operator(), world.integration, content).await?;
    assert_eq!((pulled.changed, pulled.outcome), (false, "failed"));
    assert_eq!(pulled.content.failure.unwrap().code, "connection_refused");
    Ok(())
}
