//! Posts that a delivery told of and that can't be read by themselves: they are waited for, or left with a reason.

use std::time::Duration;

use chrono::TimeDelta;
use igny8_integration_domain::content::SyncState;
use igny8_integration_domain::event::{Action, ActorKind, NewEvent};
use igny8_integration_domain::integration::{Structure, TypeEntry};
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::platform::{PlatformError, Trouble};
use igny8_integration_domain::ports::storage::Busy;
use igny8_integration_domain::service::SinglePullService;
use igny8_integration_domain::service::integration::PatchIntegration;
use igny8_integration_domain::sync::Direction;
use igny8_integration_domain::testing::platform::{CallKind, Fault, SitePost};
use rstest::rstest;

use crate::world::{World, operator};

fn trouble() -> Trouble {
    Trouble { code: "closed".to_owned(), message: "the site said no".to_owned() }
}

fn patience(seconds: u64) -> PlatformError {
    PlatformError::RateLimited { trouble: trouble(), retry_after: Some(Duration::from_secs(seconds)) }
}

/// A site with so many posts that are here, of each of which an edit was told.
async fn told(count: usize) -> anyhow::Result<(World, Vec<String>)> {
    let (world, ids) = World::pulled(count).await?;
    for id in &ids {
        world.site.edit(id, |post| post.html = "<p>Theirs</p>".into());
        world.deliver(&world.told(id, 1)).await?;
    }
    Ok((world, ids))
}

async fn skipped(world: &World) -> anyhow::Result<Vec<NewEvent>> {
    let events = world.events().await?.into_iter();
    Ok(events.filter(|event| event.action == Action::Skipped).collect())
}

#[rstest]
#[case::forbidden(PlatformError::Forbidden(trouble()))]
#[case::rejected(PlatformError::Rejected(trouble()))]
#[tokio::test]
async fn a_post_that_the_site_refuses_has_failed_and_says_why(
    #[case] error: PlatformError,
) -> anyhow::Result<()> {
    let (world, ids) = told(1).await?;
    world.site.fail_next(CallKind::Get, Fault::before(error));
    assert_eq!(world.pull_singles().await?, 1);
    let content = world.of_post(&ids[0]).await?;
    assert_eq!(content.sync_state, SyncState::Failed);
    let failure = content.failure.clone().unwrap();
    assert_eq!(Trouble { code: failure.code, message: failure.message }, trouble());
    assert!(!failure.parked, "the next run, a scheduled one too, judges for itself");
    let [event] = skipped(&world).await?.try_into().unwrap();
    assert_eq!((event.success, event.actor.kind, event.run_id), (false, ActorKind::Service, None));
    assert_eq!((event.content_id, event.external_id.as_ref()), (Some(content.id), Some(&ids[0])));
    assert_eq!(event.error_code.as_deref(), Some("closed"));
    let status = world.health.debug_status(&operator(), world.integration, true).await?;
    assert!(status.health.reasons.iter().any(|reason| reason.code == "failed_contents"), "{status:?}");
    assert!(status.events.unwrap().iter().any(|shown| shown.entry == event));
    assert_eq!(world.pull_singles().await?, 0, "it is given up");

    world.clock.advance(TimeDelta::minutes(1));
    world.site.edit(&ids[0], |post| post.html = "<p>Readable</p>".into());
    world.deliver(&world.told(&ids[0], 2)).await?;
    world.pull_singles().await?;
    let content = world.of_post(&ids[0]).await?;
    assert_eq!((content.sync_state, content.fields.html.as_str()), (SyncState::InSync, "<p>Readable</p>"));
    Ok(())
}

#[tokio::test]
async fn a_post_that_is_not_here_yet_and_can_not_be_read_is_named_with_the_reason() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.site.add(SitePost::published("post", "Fresh"));
    world.deliver(&world.told(&id, 1)).await?;
    world.site.fail_next(CallKind::Get, Fault::before(PlatformError::Forbidden(trouble())));
    world.pull_singles().await?;
    let [event] = skipped(&world).await?.try_into().unwrap();
    assert_eq!((event.content_id, event.external_id), (None, Some(id)));
    assert_eq!(event.details["content_type"], "post");
    assert_eq!(event.error_message.as_deref(), Some("the site said no"));
    Ok(())
}

#[rstest]
#[case::refused_key(CallKind::Get, PlatformError::Unauthorized(trouble()))]
#[case::no_api(CallKind::Open, PlatformError::Protocol(trouble()))]
#[case::nonsense(CallKind::Get, PlatformError::Protocol(trouble()))]
#[tokio::test]
async fn what_is_wrong_with_the_whole_site_fails_no_content_and_the_next_run_reads_it(
    #[case] call: CallKind,
    #[case] error: PlatformError,
) -> anyhow::Result<()> {
    let (world, ids) = told(1).await?;
    world.site.fail_next(call, Fault::before(error));
    world.pull_singles().await?;
    let content = world.of_post(&ids[0]).await?;
    assert_eq!((content.sync_state, content.failure), (SyncState::PendingPull, None));
    let [event] = skipped(&world).await?.try_into().unwrap();
    assert_eq!((event.content_id, event.error_code.as_deref()), (Some(content.id), Some("closed")));
    world.sync_well(Direction::Both).await?;
    assert_eq!(world.of_post(&ids[0]).await?.fields.html, "<p>Theirs</p>");
    Ok(())
}

#[tokio::test]
async fn a_post_that_is_gone_when_it_is_read_is_said_to_be_missing() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.site.add(SitePost::published("post", "Short-lived"));
    world.deliver(&world.told(&id, 1)).await?;
    world.site.delete(&id);
    world.pull_singles().await?;
    let [event] = skipped(&world).await?.try_into().unwrap();
    assert_eq!((event.external_id, event.error_code.as_deref()), (Some(id), Some("missing")));
    Ok(())
}

#[tokio::test]
async fn a_deletion_that_was_told_meanwhile_needs_no_reason() -> anyhow::Result<()> {
    let (world, ids) = told(1).await?;
    world.site.delete(&ids[0]);
    world.deliver(&world.told(&ids[0], 2)).await?;
    world.pull_singles().await?;
    assert_eq!(skipped(&world).await?, []);
    Ok(())
}

#[tokio::test]
async fn what_a_person_does_not_let_sync_is_said_to_be_left_out() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.site.add(SitePost::published("post", "One too many"));
    world.deliver(&world.told(&id, 1)).await?;
    let entry = TypeEntry { label: "Posts".to_owned(), enabled: Some(false), ..TypeEntry::default() };
    let structure = Structure {
        post_types: [("post".to_owned(), entry)].into(),
        timestamp: Some(world.clock.now()),
        ..Structure::default()
    };
    world.structures.store(&world.plugin, world.integration, structure, None).await?;
    world.pull_singles().await?;
    assert_eq!(world.all().await?, []);
    let [event] = skipped(&world).await?.try_into().unwrap();
    assert_eq!((event.success, event.error_code.as_deref()), (true, Some("type_is_off")));
    Ok(())
}

#[tokio::test]
async fn an_integration_that_is_switched_off_meanwhile_is_the_reason() -> anyhow::Result<()> {
    let (world, ids) = told(1).await?;
    let off = PatchIntegration { is_active: Some(false), ..PatchIntegration::default() };
    world.integrations.patch(&operator(), world.integration, None, &off).await?;
    world.site.forget_calls();
    world.pull_singles().await?;
    assert_eq!(world.site.calls(), []);
    let [event] = skipped(&world).await?.try_into().unwrap();
    assert_eq!((event.external_id.as_ref(), event.error_code.as_deref()), (Some(&ids[0]), Some("inactive")));
    Ok(())
}

#[tokio::test]
async fn a_site_that_never_shows_what_it_told_of_is_given_up_with_the_reason() -> anyhow::Result<()> {
    let (world, ids) = told(1).await?;
    let mut ahead = world.told(&ids[0], 2);
    world.clock.advance(TimeDelta::minutes(1));
    ahead.modified_at = world.clock.now();
    ahead.content_hash = Some("0".repeat(64));
    world.deliver(&ahead).await?;
    for _ in 0..20 {
        world.pull_singles().await?;
        world.clock.advance(TimeDelta::minutes(10));
    }
    assert_eq!(world.site.count(CallKind::Get), 8);
    let content = world.of_post(&ids[0]).await?;
    assert_eq!(content.sync_state, SyncState::PendingPull);
    let [event] = skipped(&world).await?.try_into().unwrap();
    assert_eq!((event.content_id, event.error_code.as_deref()), (Some(content.id), Some("outdated_answer")));
    Ok(())
}

#[tokio::test]
async fn a_site_that_asks_for_patience_is_left_alone_for_so_long() -> anyhow::Result<()> {
    let (world, ids) = told(3).await?;
    world.site.fail_next(CallKind::Get, Fault::before(patience(300)));
    let mut claimed = world.pulls.claim(1, &Busy::default()).await?;
    world.pulls.pull(claimed.pop().unwrap()).await?;
    assert_eq!(world.pull_singles().await?, 0, "the other posts wait too");
    world.clock.advance(TimeDelta::seconds(299));
    world.deliver(&world.told(&ids[1], 2)).await?;
    let fresh = world.site.add(SitePost::published("post", "Fresh"));
    world.deliver(&world.told(&fresh, 3)).await?;
    assert_eq!(world.pull_singles().await?, 0, "and what is told meanwhile");
    world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(world.pull_singles().await?, 4);
    assert_eq!(world.of_post(&ids[0]).await?.fields.html, "<p>Theirs</p>");
    assert_eq!(skipped(&world).await?, []);
    Ok(())
}

#[tokio::test]
async fn no_site_is_waited_for_longer_than_an_hour() -> anyhow::Result<()> {
    let (world, _) = told(1).await?;
    world.site.fail_next(CallKind::Get, Fault::before(patience(7 * 24 * 3600)));
    world.pull_singles().await?;
    world.clock.advance(TimeDelta::hours(1));
    assert_eq!(world.pull_singles().await?, 1);
    Ok(())
}

/// Nothing is read twice at once, and a site that never answers is asked again later.
#[tokio::test]
async fn a_pull_that_takes_too_long_is_put_off_while_it_is_still_held() -> anyhow::Result<()> {
    let (world, _) = told(1).await?;
    let pull = world.pulls.claim(1, &Busy::default()).await?.pop().unwrap();
    world.clock.advance(TimeDelta::from_std(SinglePullService::TIME_LIMIT)?);
    assert_eq!(world.pulls.claim(1, &Busy::default()).await?, []);
    world.pulls.break_off(&pull).await?;
    assert_eq!(world.pulls.claim(1, &Busy::default()).await?, []);
    world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(world.pulls.claim(1, &Busy::default()).await?.pop().unwrap().tries, 1);
    Ok(())
}

#[tokio::test]
async fn a_post_that_takes_too_long_each_time_is_left_to_the_next_run_with_the_reason() -> anyhow::Result<()>
{
    let (world, ids) = told(1).await?;
    let mut tries = 0;
    while let Some(pull) = world.pulls.claim(1, &Busy::default()).await?.pop() {
        world.pulls.break_off(&pull).await?;
        world.clock.advance(TimeDelta::hours(1));
        tries += 1;
    }
    assert_eq!(tries, 8);
    let content = world.of_post(&ids[0]).await?;
    assert_eq!(content.sync_state, SyncState::PendingPull);
    let [event] = skipped(&world).await?.try_into().unwrap();
    assert_eq!((event.content_id, event.error_code.as_deref()), (Some(content.id), Some("timeout")));
    Ok(())
}
