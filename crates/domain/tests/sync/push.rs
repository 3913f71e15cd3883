use chrono::TimeDelta;
use igny8_integration_domain::content::{ContentStatus, Field, FieldPatch, Side, SyncState, Term};
use igny8_integration_domain::event::Action;
use igny8_integration_domain::integration::ConflictPolicy;
use igny8_integration_domain::sync::{Direction, RunStatus};
use igny8_integration_domain::testing::platform::{CallKind, SitePost};

use igny8_integration_domain::service::sync::StartSync;

use crate::world::{World, operator};

#[tokio::test]
async fn an_approved_content_becomes_exactly_one_hidden_post_and_a_published_one_is_public()
-> anyhow::Result<()> {
    let world = World::new().await?;
    let approved = world.write("Approved", ContentStatus::Approved).await?;
    let published = world.write("Published", ContentStatus::Published).await?;
    world.write("Draft", ContentStatus::Draft).await?;
    let run = world.sync_well(Direction::Both).await?;
    assert_eq!((run.progress.created, run.progress.done), (2, 2));
    let posts = world.site.posts("post");
    let words: Vec<_> = posts.iter().map(|post| (post.title.as_str(), post.status.as_str())).collect();
    assert_eq!(words, vec![("Approved", "draft"), ("Published", "publish")]);
    assert_eq!(posts[0].marker, Some(approved));
    assert_eq!(world.content(published).await?.sync_state, SyncState::InSync);
    world.site.forget_calls();
    world.clock.advance(TimeDelta::hours(3));
    let again = world.sync_well(Direction::Both).await?;
    assert_eq!((again.progress.created, again.progress.updated, world.site.writes()), (0, 0, 0));
    Ok(())
}

#[tokio::test]
async fn a_run_for_metadata_makes_no_post_since_it_would_need_a_body() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.write("Published", ContentStatus::Published).await?;
    let dry = StartSync { direction: Direction::Metadata, dry_run: true, ..StartSync::default() };
    let planned = world.work(world.start(dry).await?).await?;
    assert_eq!(planned.plan, []);
    let run = world.sync_well(Direction::Metadata).await?;
    assert_eq!((run.progress.created, world.site.posts("post").len()), (0, 0));
    assert_eq!(world.content(id).await?.sync_state, SyncState::PendingPush);
    Ok(())
}

#[tokio::test]
async fn a_post_is_not_public_before_its_terms_are_set() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.write("Published", ContentStatus::Published).await?;
    let term = Term { taxonomy: "category".into(), name: "News".into(), slug: None };
    world.patch(id, FieldPatch { terms: Some(vec![term]), ..FieldPatch::default() }).await?;
    world.sync_well(Direction::ToExternal).await?;
    let writes: Vec<_> = world.site.calls().into_iter().filter(|call| call.kind.is_write()).collect();
    assert_eq!(writes[0].kind, CallKind::Create);
    assert!(writes[0].fields.contains(&Field::Terms));
    assert!(writes.last().unwrap().fields.contains(&Field::Status));
    assert_eq!(world.site.posts("post")[0].terms[0].name, "News");
    Ok(())
}

#[tokio::test]
async fn only_what_changed_is_sent() -> anyhow::Result<()> {
    let world = World::new().await?;
    let (post, content) = world.pulled_post().await?;
    world.retitle(content, "Mine").await?;
    world.site.forget_calls();
    world.sync_well(Direction::ToExternal).await?;
    let write = world.site.calls().into_iter().find(|call| call.kind == CallKind::Update).unwrap();
    assert_eq!(write.fields, vec![Field::Title]);
    assert_eq!(world.site.post(&post).unwrap().title, "Mine");
    Ok(())
}

#[tokio::test]
async fn both_sides_edited_in_one_field_is_a_conflict_and_neither_text_is_lost() -> anyhow::Result<()> {
    let world = World::new().await?;
    let (post, content) = world.pulled_post().await?;
    world.clock.advance(TimeDelta::minutes(5));
    world.retitle(content, "Mine").await?;
    world.site.edit(&post, |post| post.title = "Theirs".into());
    let run = world.sync_well(Direction::Both).await?;
    assert_eq!(run.progress.conflicts, 1);
    let stored = world.content(content).await?;
    assert_eq!((stored.sync_state, stored.fields.title.as_str()), (SyncState::Conflict, "Mine"));
    assert_eq!(world.site.post(&post).unwrap().title, "Theirs");
    assert_eq!(stored.conflict.unwrap().fields[&Field::Title].external, serde_json::json!("Theirs"));

    world.contents.resolve(&operator(), content, Side::Local).await?;
    world.sync_well(Direction::Both).await?;
    assert_eq!(world.site.post(&post).unwrap().title, "Mine");
    assert_eq!(world.content(content).await?.sync_state, SyncState::InSync);
    Ok(())
}

#[tokio::test]
async fn keeping_the_sites_side_takes_its_text_and_writes_nothing() -> anyhow::Result<()> {
    let world = World::new().await?;
    let (post, content) = world.pulled_post().await?;
    world.clock.advance(TimeDelta::minutes(5));
    world.retitle(content, "Mine").await?;
    world.site.edit(&post, |post| post.title = "Theirs".into());
    world.sync_well(Direction::Both).await?;
    world.site.forget_calls();
    let settled = world.contents.resolve(&operator(), content, Side::External).await?;
    assert_eq!((settled.fields.title.as_str(), settled.sync_state), ("Theirs", SyncState::InSync));
    world.sync_well(Direction::Both).await?;
    assert_eq!(world.site.writes(), 0);
    Ok(())
}

#[tokio::test]
async fn edits_in_different_fields_merge() -> anyhow::Result<()> {
    let world = World::new().await?;
    let (post, content) = world.pulled_post().await?;
    world.clock.advance(TimeDelta::minutes(5));
    world.retitle(content, "Mine").await?;
    world.site.edit(&post, |post| post.html = "<p>Theirs</p>".into());
    world.sync_well(Direction::Both).await?;
    let (stored, theirs) = (world.content(content).await?, world.site.post(&post).unwrap());
    assert_eq!((stored.fields.title.as_str(), stored.fields.html.as_str()), ("Mine", "<p>Theirs</p>"));
    assert_eq!((theirs.title.as_str(), theirs.html.as_str()), ("Mine", "<p>Theirs</p>"));
    assert_eq!(stored.sync_state, SyncState::InSync);
    Ok(())
}

#[tokio::test]
async fn an_editor_who_saves_between_our_read_and_our_write_is_not_overwritten() -> anyhow::Result<()> {
    let world = World::new().await?;
    let (post, content) = world.pulled_post().await?;
    world.clock.advance(TimeDelta::minutes(5));
    world.retitle(content, "Mine").await?;
    let edited = post.clone();
    world.site.before_next(CallKind::Update, move |site| {
        site.edit(&edited, |post| post.title = "Theirs".into());
    });
    let run = world.sync_well(Direction::Both).await?;
    assert_eq!(run.progress.conflicts, 1);
    assert_eq!(world.site.post(&post).unwrap().title, "Theirs");
    assert_eq!(world.content(content).await?.fields.title, "Mine");
    Ok(())
}

#[rstest::rstest]
#[case(ConflictPolicy::PreferIgny8, "Mine")]
#[case(ConflictPolicy::PreferWordpress, "Theirs")]
#[tokio::test]
async fn a_policy_settles_conflicts_by_itself(
    #[case] policy: ConflictPolicy,
    #[case] winner: &str,
) -> anyhow::Result<()> {
    let world = World::with_policy(policy).await?;
    let (post, content) = world.pulled_post().await?;
    world.clock.advance(TimeDelta::minutes(5));
    world.retitle(content, "Mine").await?;
    world.site.edit(&post, |post| post.title = "Theirs".into());
    world.sync_well(Direction::Both).await?;
    assert_eq!(world.site.post(&post).unwrap().title, winner);
    let stored = world.content(content).await?;
    assert_eq!((stored.fields.title.as_str(), stored.sync_state), (winner, SyncState::InSync));
    Ok(())
}

#[tokio::test]
async fn a_user_whose_markup_is_stripped_is_not_pushed_to_for_ever() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.set_drops_frames(true);
    let id = world.write("Video", ContentStatus::Published).await?;
    let html = "<p>Look:</p><iframe src=\"https://video.example/1\"></iframe>";
    world.patch(id, FieldPatch { html: Some(html.into()), ..FieldPatch::default() }).await?;
    world.sync_well(Direction::Both).await?;
    assert!(!world.site.posts("post")[0].html.contains("iframe"));
    world.site.forget_calls();
    world.clock.advance(TimeDelta::hours(1));
    let again = world.sync_well(Direction::Both).await?;
    assert_eq!((world.site.writes(), again.progress.conflicts, again.progress.updated), (0, 0, 0));
    assert_eq!(world.content(id).await?.fields.html, html);
    Ok(())
}

#[tokio::test]
async fn an_escaped_title_is_not_pulled_back_and_not_pushed_again() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.set_drops_frames(true);
    let id = world.write("Fish & Chips", ContentStatus::Published).await?;
    world.patch(id, FieldPatch { excerpt: Some("Salt & vinegar".into()), ..FieldPatch::default() }).await?;
    world.sync_well(Direction::Both).await?;
    assert_eq!(world.site.posts("post")[0].title, "Fish &amp; Chips");
    world.site.forget_calls();
    for _ in 0..2 {
        let again = world.sync_well(Direction::Both).await?;
        assert_eq!((world.site.writes(), again.progress.conflicts, again.progress.updated), (0, 0, 0));
    }
    let fields = world.content(id).await?.fields;
    assert_eq!((fields.title.as_str(), fields.excerpt.as_str()), ("Fish & Chips", "Salt & vinegar"));
    Ok(())
}

#[tokio::test]
async fn terms_with_special_names_settle_in_the_first_round() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.write("Terms", ContentStatus::Published).await?;
    let term = |taxonomy: &str, name: &str| Term { taxonomy: taxonomy.into(), name: name.into(), slug: None };
    let terms = vec![term("category", "R&D"), term("post_tag", "AT&T"), term("post_tag", "Tom & Jerry's")];
    world.patch(id, FieldPatch { terms: Some(terms), ..FieldPatch::default() }).await?;
    world.sync_well(Direction::Both).await?;
    world.site.forget_calls();
    for _ in 0..2 {
        let again = world.sync_well(Direction::Both).await?;
        assert_eq!((world.site.writes(), again.progress.updated), (0, 0));
    }
    assert_eq!(world.content(id).await?.fields.terms.len(), 3);
    Ok(())
}

#[tokio::test]
async fn a_contributors_post_waits_and_is_not_pushed_again_until_somebody_lets_it_out() -> anyhow::Result<()>
{
    let world = World::new().await?;
    world.site.set_may_publish(false);
    let id = world.write("Waits", ContentStatus::Published).await?;
    world.sync_well(Direction::Both).await?;
    let post = world.site.posts("post").remove(0);
    assert_eq!(post.status, "pending");
    let told = world.events().await?.into_iter().find(|event| event.content_id == Some(id)).unwrap();
    assert!(told.details.to_string().contains("publish_not_allowed"), "{}", told.details);
    world.site.forget_calls();
    world.clock.advance(TimeDelta::hours(3));
    world.sync_well(Direction::Both).await?;
    assert_eq!(world.site.writes(), 0);
    world.site.edit(&post.external_id(), |post| post.status = "publish".into());
    world.sync_well(Direction::Both).await?;
    let stored = world.content(id).await?;
    assert_eq!((stored.sync_state, stored.fields.status), (SyncState::InSync, ContentStatus::Published));
    assert_eq!(world.site.writes(), 0);
    Ok(())
}

#[tokio::test]
async fn a_post_that_the_site_schedules_instead_of_publishing_is_no_success() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.set_holds_back(true);
    let id = world.write("Now", ContentStatus::Published).await?;
    let run = world.sync(Direction::Both).await?;
    assert_eq!((run.status, run.progress.failed), (RunStatus::Partial, 1));
    let stored = world.content(id).await?;
    assert_eq!(
        (stored.sync_state, stored.failure.unwrap().code.as_str()),
        (SyncState::Failed, "not_published")
    );
    assert_eq!(stored.link.unwrap().external_status, "future");
    world.site.set_holds_back(false);
    world.sync_well(Direction::Both).await?;
    assert_eq!(world.site.posts("post")[0].status, "publish");
    assert_eq!(world.content(id).await?.sync_state, SyncState::InSync);
    assert_eq!(world.site.posts("post").len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_planned_content_that_is_approved_stays_a_draft_and_an_edit_moves_no_date() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.write("Planned", ContentStatus::Approved).await?;
    let at = world.site.now() + TimeDelta::days(7);
    world.patch(id, FieldPatch { publish_at: Some(Some(at)), ..FieldPatch::default() }).await?;
    world.sync_well(Direction::Both).await?;
    let post = world.site.posts("post").remove(0);
    assert_eq!((post.status.as_str(), post.date), ("draft", Some(at)));
    world.site.forget_calls();
    let html = Some("<p>Edited</p>".to_owned());
    world.patch(id, FieldPatch { html, ..FieldPatch::default() }).await?;
    world.sync_well(Direction::Both).await?;
    let written: Vec<Field> = world.site.calls().into_iter().flat_map(|call| call.fields).collect();
    assert_eq!(written, [Field::Html]);
    assert_eq!(world.site.posts("post")[0].date, Some(at));
    Ok(())
}

#[tokio::test]
async fn a_slug_that_is_taken_once_the_post_goes_out_is_shown_and_said() -> anyhow::Result<()> {
    for direction in [Direction::Both, Direction::ToExternal] {
        let world = World::new().await?;
        world.site.add(SitePost { slug: "offer".into(), ..SitePost::published("post", "Other") });
        let id = world.write("Offer", ContentStatus::Published).await?;
        world.patch(id, FieldPatch { slug: Some("offer".into()), ..FieldPatch::default() }).await?;
        world.sync_well(direction).await?;
        let stored = world.content(id).await?;
        assert_eq!((stored.fields.slug.as_str(), stored.sync_state), ("offer-2", SyncState::InSync));
        let told = world.events().await?.into_iter().rfind(|event| event.content_id == Some(id)).unwrap();
        assert!(told.details.to_string().contains("slug_changed"), "{}", told.details);
        world.site.forget_calls();
        world.sync_well(Direction::Both).await?;
        assert_eq!(world.site.writes(), 0);
    }
    Ok(())
}

#[tokio::test]
async fn a_deletion_here_puts_the_post_in_the_trash_and_taking_it_back_restores_it() -> anyhow::Result<()> {
    let world = World::new().await?;
    let (post, content) = world.pulled_post().await?;
    world.contents.delete(&operator(), content, None).await?;
    let run = world.sync_well(Direction::Both).await?;
    assert_eq!(run.progress.deleted, 1);
    assert_eq!(world.site.post(&post).unwrap().status, "trash");
    let events = world.events().await?;
    assert!(events.iter().any(|event| event.action == Action::Trashed && event.content_id == Some(content)));
    let patch = igny8_integration_domain::service::content::PatchContent::new(FieldPatch::default())?;
    world.contents.patch(&operator(), content, None, &patch.taking_back(true)).await?;
    world.sync_well(Direction::Both).await?;
    let (post, stored) = (world.site.post(&post).unwrap(), world.content(content).await?);
    assert_eq!(post.status, "publish");
    assert_eq!((stored.deleted_at, stored.sync_state), (None, SyncState::InSync));
    Ok(())
}

#[tokio::test]
async fn two_contents_with_one_slug_each_show_the_one_that_is_live() -> anyhow::Result<()> {
    let world = World::new().await?;
    for title in ["One", "Two"] {
        let id = world.write(title, ContentStatus::Published).await?;
        world.patch(id, FieldPatch { slug: Some("offer".into()), ..FieldPatch::default() }).await?;
    }
    world.sync_well(Direction::Both).await?;
    let mut slugs: Vec<String> = world.all().await?.into_iter().map(|content| content.fields.slug).collect();
    slugs.sort();
    assert_eq!(slugs, vec!["offer", "offer-2"]);
    world.site.forget_calls();
    world.sync_well(Direction::Both).await?;
    assert_eq!(world.site.writes(), 0);
    Ok(())
}

#[tokio::test]
async fn a_new_integration_of_the_same_site_makes_nothing_twice() -> anyhow::Result<()> {
    let mut world = World::new().await?;
    world.site.add_many("post", 3);
    world.write("Ours", ContentStatus::Published).await?;
    world.sync_well(Direction::Both).await?;
    assert_eq!((world.all().await?.len(), world.site.posts("post").len()), (4, 4));
    world.integrations.delete(&operator(), world.integration, None).await?;
    let create = igny8_integration_domain::service::integration::CreateIntegration {
        site_id: world.site_id,
        platform: igny8_integration_domain::integration::PlatformName::Wordpress,
        site_url: None,
        credentials: igny8_integration_domain::integration::Credentials {
            api_key: Some(world.site.api_key()),
            ..Default::default()
        },
        is_active: true,
        sync_enabled: true,
        conflict_policy: None,
    };
    world.integration = world.integrations.create(&operator(), &create).await?.integration.id;
    world.sync_well(Direction::Both).await?;
    assert_eq!((world.all().await?.len(), world.site.posts("post").len()), (4, 4));
    assert!(world.all().await?.iter().all(|content| content.sync_state == SyncState::InSync));
    Ok(())
}
