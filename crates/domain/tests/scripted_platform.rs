//! The scripted site behaves like a WordPress, fails when it is told to, and remembers what it was asked.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may fail the test")]

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use igny8_integration_domain::content::{ContentStatus, Field, FieldPatch, Term};
use igny8_integration_domain::id::{ContentId, SiteId};
use igny8_integration_domain::integration::{Credentials, SiteUrl};
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::platform::{
    Connection, ListPage, ListQuery, Lookup, OnboardingChallenge, Platform as _, PlatformError,
    PlatformSession, Trouble,
};
use igny8_integration_domain::testing::{
    CallKind, Fault, FixedClock, ScriptedPlatform, ScriptedSite, SitePost,
};
use serde_json::json;

struct World {
    clock: Arc<FixedClock>,
    platform: ScriptedPlatform,
    site: ScriptedSite,
}

fn world() -> World {
    let clock = Arc::new(FixedClock::default());
    let url = SiteUrl::parse("site_url", "https://shop.example").unwrap();
    let site = ScriptedSite::new(url, Arc::clone(&clock));
    let platform = ScriptedPlatform::new();
    platform.add(&site);
    World { clock, platform, site }
}

impl World {
    fn connection(&self) -> Connection {
        Connection {
            integration_id: None,
            site_id: SiteId::new(1).unwrap(),
            site_url: self.site.url().clone(),
            credentials: Credentials { api_key: Some(self.site.api_key()), ..Credentials::default() },
            state: json!(null),
        }
    }

    async fn open(&self) -> Arc<dyn PlatformSession> {
        self.platform.open(&self.connection()).await.unwrap()
    }
}

fn query() -> ListQuery {
    ListQuery {
        content_type: "post".to_owned(),
        modified_after: None,
        ids: None,
        cursor: None,
        metadata_only: false,
    }
}

fn content_id() -> ContentId {
    ContentId::new(77).unwrap()
}

fn title(text: &str) -> FieldPatch {
    FieldPatch { title: Some(text.to_owned()), ..FieldPatch::default() }
}

fn status(status: ContentStatus) -> FieldPatch {
    FieldPatch { status: Some(status), ..FieldPatch::default() }
}

fn ids(page: &ListPage) -> Vec<&str> {
    page.items.iter().map(|item| item.external_id.as_str()).collect()
}

fn uncertain() -> PlatformError {
    PlatformError::Uncertain(Trouble { code: "timeout".into(), message: "no answer".into() })
}

async fn version(session: &dyn PlatformSession, id: &str) -> anyhow::Result<String> {
    match session.get("post", id).await? {
        Lookup::Found(item) => Ok(item.version),
        Lookup::Gone => anyhow::bail!("{id} is gone"),
    }
}

#[tokio::test]
async fn a_listing_is_walked_by_its_cursor_with_the_total_and_the_sites_own_time() -> anyhow::Result<()> {
    let world = world();
    world.site.add_many("post", 5);
    world.site.add_many("page", 1);
    world.site.trash("2");
    world.site.set_page_size(2);
    world.site.set_hidden("post", 3);
    world.site.set_clock_skew(TimeDelta::seconds(30));
    let session = world.open().await;
    let mut collected = Vec::new();
    let mut next = query();
    loop {
        let page = session.list(&next).await?;
        assert_eq!(page.total, Some(8));
        assert_eq!(page.server_time, Some(world.clock.now() + TimeDelta::seconds(30)));
        collected.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page.next else { break };
        next.cursor = Some(cursor);
    }
    assert_eq!(collected, ["1", "2", "3", "4", "5"]);
    assert_eq!(world.site.count(CallKind::List), 3);
    assert_eq!(session.count("post").await?, 8);
    let listing = session.list_ids("post").await?;
    assert_eq!((listing.stamps.len(), listing.total, listing.complete), (5, 8, true));
    assert_eq!(listing.stamps[1].status, "trash");
    Ok(())
}

#[tokio::test]
async fn a_listing_is_narrowed_by_change_and_by_id_and_may_leave_out_bodies() -> anyhow::Result<()> {
    let world = world();
    world.site.add_many("post", 3);
    let before = world.site.now();
    world.clock.advance(TimeDelta::seconds(10));
    world.site.edit("2", |post| post.title = "New".to_owned());
    world.site.edit_quietly("3", |post| post.title = "Unnoticed".to_owned());
    let session = world.open().await;
    let page = session.list(&ListQuery { modified_after: Some(before), ..query() }).await?;
    assert_eq!((ids(&page), page.total), (vec!["2"], Some(1)));
    let asked = Some(vec!["3".to_owned(), "1".to_owned(), "99".to_owned()]);
    let page = session.list(&ListQuery { ids: asked, metadata_only: true, ..query() }).await?;
    assert_eq!(ids(&page), ["1", "3"]);
    let fields = &page.items[1].fields;
    assert_eq!((fields.title.as_deref(), fields.html.is_some()), (Some("Unnoticed"), false));
    let bad = session.list(&ListQuery { cursor: Some("x".to_owned()), ..query() }).await;
    assert!(matches!(bad, Err(PlatformError::Protocol(_))), "{bad:?}");
    Ok(())
}

#[tokio::test]
async fn a_post_that_cannot_be_read_is_listed_apart() -> anyhow::Result<()> {
    let world = world();
    world.site.add_many("post", 2);
    world.site.set_unreadable("1", Some(("not_editable", "another author's")));
    let session = world.open().await;
    let page = session.list(&query()).await?;
    assert_eq!((ids(&page), page.unreadable[0].external_id.as_deref()), (vec!["2"], Some("1")));
    let one = session.get("post", "1").await;
    assert!(matches!(one, Err(PlatformError::Forbidden(_))), "{one:?}");
    Ok(())
}

#[tokio::test]
async fn a_create_makes_a_hidden_draft_that_is_found_by_its_marker() -> anyhow::Result<()> {
    let world = world();
    let session = world.open().await;
    let mut fields = title("Spring");
    fields.status = Some(ContentStatus::Published);
    fields.publish_at = Some(Some(world.clock.now() + TimeDelta::days(1)));
    fields.slug = Some("spring".to_owned());
    let written = session.create("post", content_id(), &fields).await?;
    assert_eq!(written.pending, [Field::Status, Field::PublishAt]);
    assert_eq!((written.item.status.as_str(), written.item.marker), ("draft", Some(content_id())));
    assert_eq!(written.item.fields.slug.as_deref(), Some("spring"));
    session.create("post", content_id(), &fields).await?;
    let found = session.find_by_marker("post", content_id()).await?.unwrap();
    assert_eq!(found.external_id, written.item.external_id, "the oldest of several");
    assert_eq!(session.find_by_marker("page", content_id()).await?, None);
    let empty = session.create("post", content_id(), &status(ContentStatus::Draft)).await;
    assert!(matches!(empty, Err(PlatformError::Rejected(_))), "{empty:?}");
    Ok(())
}

#[tokio::test]
async fn without_the_plugin_the_marker_is_the_slug_and_the_key_opens_nothing() -> anyhow::Result<()> {
    let world = world();
    world.site.set_plugin(false);
    let refused = world.open().await.count("post").await;
    assert!(matches!(refused, Err(PlatformError::Unauthorized(_))), "{refused:?}");
    world.site.set_application_password("maria", "abcd efgh");
    let mut connection = world.connection();
    connection.credentials.username = Some("maria".to_owned());
    connection.credentials.application_password = Some("abcd efgh".into());
    let session = world.platform.open(&connection).await?;
    let fields = FieldPatch { slug: Some("spring".to_owned()), ..title("Spring") };
    let made = session.create("post", content_id(), &fields).await?;
    assert_eq!(made.pending, [Field::Slug]);
    let slug = fields.only(&made.pending);
    let written = session.update("post", &made.item.external_id, &slug, &made.item.version).await?;
    assert_eq!((written.item.fields.slug.as_deref(), written.item.marker), (Some("spring"), None));
    Ok(())
}

#[tokio::test]
async fn a_write_to_another_version_is_a_conflict_and_changes_nothing() -> anyhow::Result<()> {
    let world = world();
    let id = world.site.add(SitePost::published("post", "Old"));
    let session = world.open().await;
    let seen = version(session.as_ref(), &id).await?;
    world.site.edit_quietly(&id, |post| post.excerpt = "theirs".to_owned());
    let written = session.update("post", &id, &title("Ours"), &seen).await;
    assert!(matches!(written, Err(PlatformError::Conflict(_))), "{written:?}");
    let trashed = session.trash("post", &id, &seen).await;
    assert!(matches!(trashed, Err(PlatformError::Conflict(_))), "{trashed:?}");
    assert_eq!(world.site.post(&id).unwrap().title, "Old");
    let seen = version(session.as_ref(), &id).await?;
    let written = session.update("post", &id, &title("Ours"), &seen).await?;
    assert_ne!(written.item.version, seen);
    let repeated = session.update("post", &id, &title("Ours"), &seen).await;
    assert!(matches!(repeated, Err(PlatformError::Conflict(_))), "{repeated:?}");
    Ok(())
}

#[tokio::test]
async fn a_post_that_somebody_edits_is_locked() -> anyhow::Result<()> {
    let world = world();
    let id = world.site.add(SitePost::published("post", "Old"));
    world.site.set_locked(&id, true);
    let session = world.open().await;
    let seen = version(session.as_ref(), &id).await?;
    let written = session.update("post", &id, &title("Ours"), &seen).await;
    assert!(matches!(written, Err(PlatformError::Locked(_))), "{written:?}");
    let trashed = session.trash("post", &id, &seen).await;
    assert!(matches!(trashed, Err(PlatformError::Locked(_))), "{trashed:?}");
    world.site.set_locked(&id, false);
    assert!(session.update("post", &id, &title("Ours"), &seen).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn the_trash_hides_address_slug_and_status_and_a_status_brings_a_post_out() -> anyhow::Result<()> {
    let world = world();
    let id = world.site.add(SitePost::published("post", "Spring time"));
    let session = world.open().await;
    let seen = version(session.as_ref(), &id).await?;
    let trashed = session.trash("post", &id, &seen).await?.item;
    assert!(trashed.trashed && trashed.url.is_none() && trashed.version != seen);
    assert_eq!((trashed.fields.slug.as_ref(), trashed.fields.status), (None, None));
    assert_eq!(world.site.post(&id).unwrap().slug, "spring-time__trashed");
    assert!(
        session.trash("post", &id, &"any version".to_owned()).await.is_ok(),
        "one that is there already is fine"
    );
    let restored =
        session.update("post", &id, &status(ContentStatus::Published), &trashed.version).await?.item;
    assert_eq!((restored.status.as_str(), restored.trashed), ("publish", false));
    assert_eq!(restored.fields.slug.as_deref(), Some("spring-time"));
    world.site.delete(&id);
    assert_eq!(session.get("post", &id).await?, Lookup::Gone);
    let gone = session.update("post", &id, &title("x"), &restored.version).await;
    assert!(matches!(gone, Err(PlatformError::NotFound(_))), "{gone:?}");
    Ok(())
}

#[tokio::test]
async fn a_public_post_whose_date_is_ahead_waits_for_it() -> anyhow::Result<()> {
    let world = world();
    let id = world.site.add(SitePost::draft("post", "Soon"));
    let session = world.open().await;
    let planned = world.clock.now() + TimeDelta::hours(1);
    let fields = FieldPatch { publish_at: Some(Some(planned)), ..status(ContentStatus::Published) };
    let seen = version(session.as_ref(), &id).await?;
    let item = session.update("post", &id, &fields, &seen).await?.item;
    assert_eq!((item.status.as_str(), item.fields.status), ("future", Some(ContentStatus::Approved)));
    assert_eq!(item.fields.publish_at, Some(Some(planned)));
    world.site.run_schedule();
    assert_eq!(world.site.post(&id).unwrap().status, "future");
    world.clock.advance(TimeDelta::hours(2));
    world.site.run_schedule();
    let Lookup::Found(out) = session.get("post", &id).await? else { panic!("it is there") };
    assert_eq!((out.status.as_str(), out.fields.publish_at), ("publish", None));
    assert_eq!(out.modified_at, item.modified_at, "a scheduled publish leaves the date of change alone");
    assert_ne!(out.version, item.version);
    Ok(())
}

#[tokio::test]
async fn the_site_may_keep_something_else_than_it_was_sent_and_says_so() -> anyhow::Result<()> {
    let world = world();
    world.site.set_drops_frames(true);
    world.site.set_default_category(Some("Uncategorized"));
    world.site.close_taxonomy("genre");
    world.site.add(SitePost::published("post", "Spring"));
    let session = world.open().await;
    let term = |taxonomy: &str| Term { taxonomy: taxonomy.into(), name: "New".into(), slug: None };
    let fields = FieldPatch {
        html: Some("a<iframe src='x'>y</iframe>b<iframe>c".to_owned()),
        slug: Some("spring".to_owned()),
        terms: Some(vec![term("post_tag"), term("genre"), term("post_tag")]),
        ..title("Spring")
    };
    let written = session.create("post", content_id(), &fields).await?;
    let codes: Vec<_> = written.notes.iter().map(|note| note.code.as_str()).collect();
    assert_eq!(codes, ["content_filtered", "term_not_allowed"]);
    let kept = written.item.fields;
    assert_eq!((kept.html.as_deref(), kept.slug.as_deref()), (Some("ab"), Some("spring")));
    let names: Vec<_> = kept.terms.unwrap().into_iter().map(|term| term.name).collect();
    assert_eq!(names, ["New", "Uncategorized"]);
    let id = written.item.external_id;
    let public =
        session.update("post", &id, &status(ContentStatus::Published), &written.item.version).await?;
    let slug = public.item.fields.slug.as_deref();
    assert_eq!(
        (slug, public.notes.len()),
        (Some("spring-2"), 0),
        "drafts may share a slug, public posts not"
    );
    Ok(())
}

#[tokio::test]
async fn who_may_not_publish_leaves_a_post_that_waits_and_a_plugin_may_hold_one_back() -> anyhow::Result<()> {
    let world = world();
    let session = world.open().await;
    for (may, word, code) in [(false, "pending", "publish_not_allowed"), (true, "future", "not_published")] {
        world.site.set_may_publish(may);
        world.site.set_holds_back(may);
        let made = session.create("post", content_id(), &title("Spring")).await?.item;
        let published = status(ContentStatus::Published);
        let out = session.update("post", &made.external_id, &published, &made.version).await?;
        assert_eq!((out.item.status.as_str(), out.notes[0].code.as_str()), (word, code));
        assert_eq!(out.pending.contains(&Field::Status), may);
    }
    Ok(())
}

#[tokio::test]
async fn a_cache_shows_old_listings_and_a_site_can_be_away_for_a_while() -> anyhow::Result<()> {
    let world = world();
    let id = world.site.add(SitePost::published("post", "Old"));
    let session = world.open().await;
    world.site.set_caches_listings(true);
    world.site.edit(&id, |post| post.title = "New".into());
    let listed = session.list(&query()).await?.items.remove(0);
    let Lookup::Found(single) = session.get("post", &id).await? else { anyhow::bail!("it is there") };
    assert_eq!((listed.fields.title.as_deref(), single.fields.title.as_deref()), (Some("Old"), Some("New")));
    world.site.set_away(world.site.now() + TimeDelta::minutes(2), uncertain());
    assert_eq!(session.count("post").await, Err(uncertain()));
    world.clock.advance(TimeDelta::minutes(2));
    assert_eq!(session.count("post").await, Ok(1));
    Ok(())
}

#[tokio::test]
async fn a_planned_fault_strikes_its_call_before_or_after_the_effect() -> anyhow::Result<()> {
    let world = world();
    let session = world.open().await;
    world.site.fail_next(CallKind::Create, Fault::before(uncertain()));
    world.site.fail_nth(CallKind::Create, 2, Fault::after(uncertain()));
    for made in [0, 1] {
        assert_eq!(session.create("post", content_id(), &title("a")).await, Err(uncertain()));
        assert_eq!(world.site.posts("post").len(), made);
    }
    assert!(session.create("post", content_id(), &title("a")).await.is_ok());
    assert_eq!((world.site.count(CallKind::Create), world.site.writes()), (3, 3));
    world.site.fail_nth(CallKind::Count, 3, Fault::before(uncertain()));
    for expected in [Ok(2), Ok(2), Err(uncertain()), Ok(2)] {
        assert_eq!(session.count("post").await, expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_site_fails_a_number_of_times_or_until_it_is_healed() -> anyhow::Result<()> {
    let world = world();
    let session = world.open().await;
    let limited = PlatformError::RateLimited {
        trouble: Trouble { code: "rate_limited".into(), message: "slow down".into() },
        retry_after: Some(Duration::from_secs(30)),
    };
    world.site.fail_times(CallKind::Count, 2, Fault::before(limited.clone()));
    assert_eq!(session.count("post").await, Err(limited.clone()));
    assert_eq!(session.count("post").await, Err(limited.clone()));
    assert_eq!(session.count("post").await, Ok(0));
    world.site.fail_always(None, Fault::before(limited.clone()));
    assert_eq!(session.count("post").await, Err(limited.clone()));
    assert_eq!(session.list(&query()).await, Err(limited));
    world.site.heal();
    assert_eq!(session.count("post").await, Ok(0));
    Ok(())
}

#[tokio::test]
async fn a_silent_call_has_its_effect_and_never_comes_back() {
    let world = world();
    let session = world.open().await;
    world.site.fail_next(CallKind::Create, Fault::silence_after());
    let fields = title("a");
    let call = session.create("post", content_id(), &fields);
    assert!(tokio::time::timeout(Duration::from_millis(20), call).await.is_err());
    assert_eq!(world.site.posts("post").len(), 1);
}

#[tokio::test]
async fn an_editor_can_save_just_before_a_call() -> anyhow::Result<()> {
    let world = world();
    let id = world.site.add(SitePost::published("post", "Old"));
    let session = world.open().await;
    let seen = version(session.as_ref(), &id).await?;
    let edited = id.clone();
    world.site.before_next(CallKind::Update, move |site| site.edit(&edited, |post| post.title = "B".into()));
    let written = session.update("post", &id, &title("A"), &seen).await;
    assert!(matches!(written, Err(PlatformError::Conflict(_))), "{written:?}");
    assert_eq!(world.site.post(&id).unwrap().title, "B");
    Ok(())
}

#[tokio::test]
async fn every_call_is_remembered_with_what_it_was_about() -> anyhow::Result<()> {
    let world = world();
    let session = world.open().await;
    let made = session.create("post", content_id(), &title("a")).await?.item;
    session.get("post", &made.external_id).await?;
    let calls = world.site.calls();
    let kinds: Vec<_> = calls.iter().map(|call| call.kind).collect();
    assert_eq!(kinds, [CallKind::Open, CallKind::Create, CallKind::Get]);
    assert_eq!((calls[1].content_id, calls[1].fields.as_slice()), (Some(content_id()), &[Field::Title][..]));
    assert_eq!(calls[2].external_id, Some(made.external_id));
    world.site.forget_calls();
    assert!(world.site.calls().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_key_that_changes_on_the_site_is_refused_by_the_next_call() -> anyhow::Result<()> {
    let world = world();
    let session = world.open().await;
    assert_eq!(session.count("post").await, Ok(0));
    let connection = world.connection();
    assert_eq!(world.platform.test_connection(&connection).await.code, "ok");
    world.site.set_api_key("another-key");
    let refused = session.count("post").await;
    assert!(matches!(refused, Err(PlatformError::Unauthorized(_))), "{refused:?}");
    let report = world.platform.test_connection(&connection).await;
    assert_eq!((report.success, report.code.as_str()), (false, "invalid_api_key"));
    assert_eq!(report.checks.last().map(|check| check.name.as_str()), Some("authentication"));
    Ok(())
}

#[tokio::test]
async fn a_site_proves_the_key_that_it_holds_and_no_other() {
    let world = world();
    let mut challenge = OnboardingChallenge {
        site_id: SiteId::new(1).unwrap(),
        site_url: world.site.url().clone(),
        api_key: world.site.api_key(),
        nonce: "abcdefghijklmnop".to_owned(),
    };
    assert!(world.platform.prove_and_test(&challenge).await.success);
    challenge.api_key = "another-key".into();
    let report = world.platform.prove_and_test(&challenge).await;
    assert_eq!((report.success, report.code.as_str()), (false, "proof_failed"));
    challenge.site_url = SiteUrl::parse("site_url", "https://nowhere.example").unwrap();
    let report = world.platform.prove_and_test(&challenge).await;
    assert_eq!((report.code.as_str(), report.checks.len()), ("dns_failed", 2));
    let opened =
        world.platform.open(&Connection { site_url: challenge.site_url, ..world.connection() }).await;
    assert!(matches!(opened.err(), Some(PlatformError::Unavailable { .. })));
}
