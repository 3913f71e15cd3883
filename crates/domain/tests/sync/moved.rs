//! An integration whose address is changed: what is at the new one is another site until its posts prove otherwise.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use chrono::TimeDelta;
use igny8_integration_domain::content::{ContentStatus, SyncState};
use igny8_integration_domain::id::IntegrationId;
use igny8_integration_domain::integration::SiteUrl;
use igny8_integration_domain::ports::storage::Storage as _;
use igny8_integration_domain::service::integration::PatchIntegration;
use igny8_integration_domain::service::run::Turn;
use igny8_integration_domain::service::sync::StartSync;
use igny8_integration_domain::service::{Conflict, IntegrationService, ServiceError};
use igny8_integration_domain::sync::{Direction, RunStatus};
use igny8_integration_domain::testing::{CallKind, ScriptedSite, SitePost};

use crate::world::{World, operator};

pub fn url(text: &str) -> SiteUrl {
    SiteUrl::parse("url", text).unwrap_or_else(|error| panic!("{}", error.message))
}

/// Another WordPress, with posts of its own under the same ids.
pub fn other_site(world: &World, posts: usize) -> ScriptedSite {
    world.clock.advance(TimeDelta::minutes(1));
    let other = ScriptedSite::new(url("https://other.example"), world.clock.clone());
    for number in 1..=posts {
        other.add(SitePost::published("post", &format!("Theirs {number}")));
    }
    world.platform.add(&other);
    other
}

async fn move_to(
    integrations: &IntegrationService,
    id: IntegrationId,
    address: &SiteUrl,
) -> Result<(), ServiceError> {
    let patch = PatchIntegration { site_url: Some(Some(address.clone())), ..PatchIntegration::default() };
    integrations.patch(&operator(), id, None, &patch).await.map(|_| ())
}

impl World {
    pub async fn move_to(&self, site: &ScriptedSite) -> anyhow::Result<()> {
        Ok(move_to(&self.integrations, self.integration, site.url()).await?)
    }

    /// Somebody moves the integration just before the site that is left answers its next call of a kind.
    fn move_before(&self, kind: CallKind, to: &ScriptedSite) {
        let (integrations, id, to) = (Arc::clone(&self.integrations), self.integration, to.url().clone());
        self.site.before_next(kind, move |_| {
            let moved = at_once(move_to(&integrations, id, &to));
            assert!(moved.is_ok(), "{moved:?}");
        });
    }
}

/// Storage in memory answers at once.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits for something"),
    }
}

#[tokio::test]
async fn nothing_of_another_site_is_taken_for_ours_overwritten_or_deleted() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 3);
    world.sync_well(Direction::Both).await?;
    let edited = world.of_post(&ids[0]).await?.id;
    world.retitle(edited, "Edited here").await?;
    let deleted = world.of_post(&ids[1]).await?.id;
    world.contents.delete(&operator(), deleted, None).await?;
    let other = other_site(&world, 2);
    let theirs = other.posts("post");
    let before = world.site.posts("post");
    world.move_to(&other).await?;

    let run = world.sync_well(Direction::FromExternal).await?;
    assert_eq!((run.progress.created, run.progress.conflicts, run.progress.deleted), (2, 0, 0));
    assert_eq!((other.posts("post"), other.writes()), (theirs.clone(), 0));
    let mut titles: Vec<String> = world.all().await?.into_iter().map(|c| c.fields.title).collect();
    titles.sort();
    assert_eq!(titles, ["Edited here", "Post 3", "Theirs 1", "Theirs 2"]);

    let run = world.sync_well(Direction::Both).await?;
    assert_eq!((run.progress.created, run.progress.updated, run.progress.deleted), (2, 0, 0));
    assert_eq!(other.posts("post")[..2], theirs);
    assert_eq!(other.posts("post").len(), 4, "what is published here and on no post is published there");
    assert_eq!(world.site.posts("post"), before, "and nothing more happens on the site that was left");
    assert_eq!(world.content(edited).await?.fields.title, "Edited here");
    Ok(())
}

#[tokio::test]
async fn a_site_that_is_gone_back_to_is_as_it_was_left() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.site.add_many("post", 3);
    world.sync_well(Direction::Both).await?;
    let before = world.all().await?;
    let other = other_site(&world, 2);
    world.move_to(&other).await?;
    world.sync_well(Direction::Both).await?;
    assert_eq!(other.posts("post").len(), 5);
    world.move_to(&world.site).await?;
    world.site.forget_calls();
    let run = world.sync_well(Direction::FromExternal).await?;
    assert_eq!((run.progress.created, run.progress.conflicts), (0, 0));
    for content in before {
        let now = world.content(content.id).await?;
        assert_eq!(now.link.map(|link| link.external_id), content.link.map(|link| link.external_id));
        assert_eq!(now.sync_state, SyncState::InSync);
    }
    Ok(())
}

#[tokio::test]
async fn a_site_that_moved_with_its_posts_is_known_again_although_some_were_edited() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 4);
    world.sync_well(Direction::Both).await?;
    let here = world.of_post(&ids[0]).await?.id;
    world.retitle(here, "Edited here").await?;
    let moved = world.site.copy_to(url("https://new.example"));
    world.platform.add(&moved);
    world.clock.advance(TimeDelta::minutes(10));
    moved.edit(&ids[1], |post| post.html = "<p>Edited there</p>".into());
    moved.add(SitePost::published("post", "New there"));
    world.move_to(&moved).await?;
    let run = world.sync_well(Direction::Both).await?;
    assert_eq!((run.progress.created, run.progress.conflicts), (1, 0));
    assert_eq!(moved.posts("post").len(), 5);
    assert_eq!(moved.post(&ids[0]).unwrap().title, "Edited here");
    assert_eq!(world.of_post(&ids[1]).await?.fields.html, "<p>Edited there</p>");
    assert_eq!(world.all().await?.len(), 5);
    Ok(())
}

/// Every new WordPress has the same post under the same id.
#[tokio::test]
async fn a_post_that_every_new_site_has_is_nobodys_former_one() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.site.add(SitePost::published("post", "Hello world!"));
    world.sync_well(Direction::Both).await?;
    let ours = world.of_post(&id).await?.id;
    world.clock.advance(TimeDelta::days(3));
    let other = ScriptedSite::new(url("https://other.example"), world.clock.clone());
    assert_eq!(other.add(SitePost::published("post", "Hello world!")), id);
    world.platform.add(&other);
    world.retitle(ours, "Our first article").await?;
    world.move_to(&other).await?;
    world.sync_well(Direction::Both).await?;
    assert_eq!(other.post(&id).unwrap().title, "Hello world!");
    assert_ne!(world.of_post(&id).await?.id, ours);
    Ok(())
}

#[tokio::test]
async fn a_push_finds_no_post_of_another_site_by_its_id() -> anyhow::Result<()> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", 1);
    world.sync_well(Direction::Both).await?;
    let ours = world.of_post(&ids[0]).await?.id;
    let other = other_site(&world, 1);
    world.move_to(&other).await?;
    let dry = StartSync { direction: Direction::ToExternal, dry_run: true, ..StartSync::default() };
    let plan = world.work(world.start(dry).await?).await?.plan;
    assert_eq!(plan.iter().map(|entry| entry.external_id.clone()).collect::<Vec<_>>(), [None]);
    world.sync_well(Direction::ToExternal).await?;
    assert_eq!(other.post(&ids[0]).unwrap().title, "Theirs 1");
    assert_ne!(world.content(ours).await?.link.unwrap().external_id, ids[0]);
    Ok(())
}

#[tokio::test]
async fn a_worker_that_is_still_on_the_site_that_was_left_records_and_sends_nothing_more()
-> anyhow::Result<()> {
    for kind in [CallKind::Get, CallKind::Update, CallKind::List] {
        let world = World::new().await?;
        let ids = world.site.add_many("post", 2);
        world.sync_well(Direction::Both).await?;
        world.clock.advance(TimeDelta::hours(1));
        let content = world.of_post(&ids[0]).await?.id;
        world.retitle(content, "Edited here").await?;
        let other = other_site(&world, 2);
        world.move_before(kind, &other);
        let id = world.start(StartSync::default()).await?;
        let run = world.executor.claim("node", Some(id)).await?.unwrap();
        assert_eq!(world.executor.execute(run).await?, Turn::Lost, "{kind:?}");
        assert_eq!(world.find_run(id).await?.status, RunStatus::Cancelled);
        assert!(world.all().await?.iter().all(|content| content.link.is_none()), "{kind:?}");
        let sent = if kind == CallKind::Update { "Edited here" } else { "Post 1" };
        assert_eq!(world.site.post(&ids[0]).unwrap().title, sent, "{kind:?}");
        world.sync_well(Direction::FromExternal).await?;
        assert_eq!(other.writes(), 0);
        assert_eq!(world.content(content).await?.fields.title, "Edited here");
    }
    Ok(())
}

#[tokio::test]
async fn a_single_pull_under_way_brings_nothing_of_the_site_that_was_left() -> anyhow::Result<()> {
    let world = World::new().await?;
    let (post, content) = world.pulled_post().await?;
    let other = other_site(&world, 1);
    world.move_before(CallKind::Get, &other);
    world.clock.advance(TimeDelta::hours(1));
    world.site.edit(&post, |post| post.title = "Late".into());
    let pulled = world.single.pull_one(&operator(), world.integration, content).await;
    assert!(matches!(pulled, Err(ServiceError::Conflict(Conflict::NoExternalId))), "{pulled:?}");
    let stored = world.content(content).await?;
    assert_eq!((stored.fields.title.as_str(), stored.link.is_none()), ("Post 1", true));
    Ok(())
}

#[tokio::test]
async fn a_pull_that_a_delivery_asked_for_brings_nothing_of_the_site_that_was_left() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.site.add(SitePost::published("post", "Ours"));
    world.deliver(&world.told(&id, 1)).await?;
    let other = other_site(&world, 0);
    world.move_before(CallKind::Get, &other);
    assert_eq!(world.pull_singles().await?, 1);
    assert!(world.all().await?.is_empty());
    world.clock.advance(TimeDelta::minutes(10));
    world.pull_singles().await?;
    assert!(world.all().await?.is_empty(), "the new site has no such post");
    Ok(())
}

/// A run under way knows the old address and the old switches.
#[tokio::test]
async fn a_run_under_way_ends_where_its_integration_is_switched_off() -> anyhow::Result<()> {
    let off: [PatchIntegration; 2] = [
        PatchIntegration { is_active: Some(false), ..PatchIntegration::default() },
        PatchIntegration { sync_enabled: Some(false), ..PatchIntegration::default() },
    ];
    for patch in off {
        let world = World::new().await?;
        world.write("One", ContentStatus::Published).await?;
        let id = world.start(StartSync::default()).await?;
        let run = world.executor.claim("node", Some(id)).await?.unwrap();
        world.integrations.patch(&operator(), world.integration, None, &patch).await?;
        let ended = world.find_run(id).await?;
        assert_eq!((ended.status, ended.lease, ended.next_attempt_at), (RunStatus::Cancelled, None, None));
        assert_eq!(world.executor.execute(run.clone()).await?, Turn::Lost);
        assert!(world.storage.begin().await?.record_run(&run).await.is_err());
        assert_eq!(world.site.writes(), 0);
    }
    Ok(())
}
