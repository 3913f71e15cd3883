use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit as _, Mac as _};
use igny8_integration_domain::content::{ContentStatus, FieldPatch, SeoPatch, SyncState, Term};
use igny8_integration_domain::id::{ContentId, IntegrationId, RunId};
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::platform::{PlatformError, Trouble};
use igny8_integration_domain::ports::storage::Storage as _;
use igny8_integration_domain::service::run::Turn;
use igny8_integration_domain::service::sync::StartSync;
use igny8_integration_domain::service::{ServiceError, WebhookError};
use igny8_integration_domain::sync::Direction;
use igny8_integration_domain::testing::platform::{CallKind, Fault, SitePost};
use igny8_integration_domain::webhook::{
    Change, Delivery, Metadata, Outcome, SignatureError, SignatureHeaders,
};
use secrecy::ExposeSecret as _;
use sha2::Sha256;
use tokio::runtime::Handle;

use crate::world::{World, operator};

async fn pulled(count: usize) -> anyhow::Result<(World, Vec<String>)> {
    let world = World::new().await?;
    let ids = world.site.add_many("post", count);
    world.sync_well(Direction::Both).await?;
    world.clock.advance(TimeDelta::minutes(5));
    Ok((world, ids))
}

#[tokio::test]
async fn an_edit_is_told_and_its_body_is_pulled_at_once() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    world.site.edit(&ids[0], |post| {
        post.title = "Theirs".into();
        post.html = "<p>Theirs</p>".into();
    });
    let taken = world.deliver(&world.told(&ids[0], 1)).await?;
    assert_eq!((taken.outcome, taken.reason), (Outcome::Applied, None));
    let content = world.of_post(&ids[0]).await?;
    assert_eq!((content.fields.title.as_str(), content.sync_state), ("Theirs", SyncState::PendingPull));
    assert_eq!(world.pull_singles().await?, 1);
    let content = world.of_post(&ids[0]).await?;
    assert_eq!((content.fields.html.as_str(), content.sync_state), ("<p>Theirs</p>", SyncState::InSync));
    assert_eq!(world.pull_singles().await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_same_delivery_again_is_a_duplicate() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    world.site.edit(&ids[0], |post| post.title = "Theirs".into());
    let told = world.told(&ids[0], 1);
    let first = world.deliver(&told).await?;
    let again = world.deliver(&told).await?;
    assert_eq!((again.outcome, again.event_id), (Outcome::Duplicate, first.event_id));
    assert_eq!(again.content_id, first.content_id);
    world.clock.advance(TimeDelta::days(8));
    assert_ne!(world.deliver(&told).await?.outcome, Outcome::Duplicate);
    Ok(())
}

#[tokio::test]
async fn what_is_older_or_of_a_lower_sequence_is_stale() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    world.site.edit(&ids[0], |post| post.title = "First".into());
    let first = world.told(&ids[0], 1);
    world.site.edit(&ids[0], |post| post.title = "Second".into());
    let second = world.told(&ids[0], 2);
    world.clock.advance(TimeDelta::minutes(1));
    world.site.edit(&ids[0], |post| post.title = "Third".into());
    let third = world.told(&ids[0], 3);
    assert_eq!(world.deliver(&second).await?.outcome, Outcome::Applied);
    assert_eq!(world.deliver(&first).await?.outcome, Outcome::Stale);
    assert_eq!(world.deliver(&third).await?.outcome, Outcome::Applied);
    let late = Delivery { sequence: Some(9), ..second };
    assert_eq!(world.deliver(&late).await?.outcome, Outcome::Stale);
    assert_eq!(world.of_post(&ids[0]).await?.fields.title, "Third");
    Ok(())
}

#[tokio::test]
async fn a_site_whose_clock_is_ahead_does_not_make_everything_after_look_old() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    let mut told = world.told(&ids[0], 1);
    told.modified_at = world.clock.now() + TimeDelta::days(1);
    world.deliver(&told).await?;
    world.clock.advance(TimeDelta::minutes(1));
    world.site.edit(&ids[0], |post| post.title = "Later".into());
    assert_eq!(world.deliver(&world.told(&ids[0], 2)).await?.outcome, Outcome::Applied);
    Ok(())
}

#[tokio::test]
async fn a_post_that_is_dated_ahead_can_still_be_told_of() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    world.site.edit_quietly(&ids[0], |post| post.modified_at = world.clock.now() + TimeDelta::days(30));
    world.sync_well(Direction::FromExternal).await?;
    world.clock.advance(TimeDelta::minutes(1));
    world.site.edit(&ids[0], |post| {
        post.title = "Out now".into();
        post.html = "<p>Out now</p>".into();
    });
    assert_eq!(world.deliver(&world.told(&ids[0], 2)).await?.outcome, Outcome::Applied);
    world.pull_singles().await?;
    let content = world.of_post(&ids[0]).await?;
    assert_eq!((content.fields.html.as_str(), content.sync_state), ("<p>Out now</p>", SyncState::InSync));
    Ok(())
}

#[tokio::test]
async fn trash_restore_and_deletion_end_alike_in_whatever_order_they_come() -> anyhow::Result<()> {
    let orders: [[usize; 4]; 4] = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]];
    for order in orders {
        let (world, ids) = pulled(20).await?;
        let mut told = Vec::new();
        world.site.trash(&ids[0]);
        told.push(world.told(&ids[0], 1));
        world.clock.advance(TimeDelta::seconds(10));
        world.site.untrash(&ids[0]);
        told.push(world.told(&ids[0], 2));
        world.clock.advance(TimeDelta::seconds(10));
        world.site.trash(&ids[0]);
        told.push(world.told(&ids[0], 3));
        world.clock.advance(TimeDelta::seconds(10));
        world.site.delete(&ids[0]);
        told.push(world.told(&ids[0], 4));
        for at in order {
            world.deliver(&told[at]).await?;
        }
        let content = world.of_post(&ids[0]).await?;
        assert!(content.deleted_at.is_some(), "{order:?}");
        assert!(content.link.is_some_and(|link| link.is_gone()), "{order:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_restore_takes_the_content_back() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    world.site.trash(&ids[0]);
    world.deliver(&world.told(&ids[0], 1)).await?;
    assert!(world.of_post(&ids[0]).await?.deleted_at.is_some());
    world.clock.advance(TimeDelta::seconds(10));
    world.site.untrash(&ids[0]);
    world.deliver(&world.told(&ids[0], 2)).await?;
    let content = world.of_post(&ids[0]).await?;
    assert_eq!((content.deleted_at, content.fields.status), (None, ContentStatus::Draft));
    Ok(())
}

#[tokio::test]
async fn a_field_changed_on_both_sides_is_a_conflict_and_never_an_overwrite() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    let content = world.of_post(&ids[0]).await?.id;
    world.retitle(content, "Mine").await?;
    world.site.edit(&ids[0], |post| post.title = "Theirs".into());
    world.deliver(&world.told(&ids[0], 1)).await?;
    let content = world.content(content).await?;
    assert_eq!((content.sync_state, content.fields.title.as_str()), (SyncState::Conflict, "Mine"));
    Ok(())
}

#[tokio::test]
async fn the_echo_of_our_own_push_makes_no_pull_no_push_and_no_conflict() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    let content = world.of_post(&ids[0]).await?.id;
    world.retitle(content, "Mine").await?;
    world.sync_well(Direction::Both).await?;
    world.site.forget_calls();
    let taken = world.deliver(&world.told(&ids[0], 1)).await?;
    assert_eq!(taken.outcome, Outcome::Applied);
    assert_eq!(world.pull_singles().await?, 0);
    assert_eq!(world.content(content).await?.sync_state, SyncState::InSync);
    assert!(world.site.calls().is_empty());
    Ok(())
}

#[tokio::test]
async fn an_unknown_post_of_a_type_that_syncs_is_pulled_by_itself() -> anyhow::Result<()> {
    let (world, _) = pulled(1).await?;
    let new = world.site.add(SitePost::published("post", "New"));
    let taken = world.deliver(&world.told(&new, 1)).await?;
    assert_eq!((taken.outcome, taken.reason), (Outcome::Ignored, Some("pull_queued")));
    world.site.forget_calls();
    assert_eq!(world.pull_singles().await?, 1);
    assert_eq!(world.of_post(&new).await?.fields.title, "New");
    assert_eq!(world.site.count(CallKind::List), 0);
    let mut internal = world.told(&new, 2);
    internal.post_id = "999".into();
    internal.post_type = Some("attachment".into());
    assert_eq!(world.deliver(&internal).await?.reason, Some("type_is_off"));
    Ok(())
}

#[tokio::test]
async fn foreign_ids_and_copies_of_the_site_change_nothing() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    world.site.trash(&ids[0]);
    let told = world.told(&ids[0], 1);
    let foreign = Delivery { content_id: ContentId::new(999), ..told.clone() };
    assert_eq!(world.deliver(&foreign).await?.reason, Some("unknown_content"));
    let other = Delivery { integration_id: IntegrationId::new(999), ..told.clone() };
    assert_eq!(world.deliver(&other).await?.reason, Some("other_integration"));
    let url = Some("https://staging.shop.example/hello/".to_owned());
    let change = Change::Status { status: "trash".into(), url, title: None, date: None, metadata: None };
    let copy = Delivery { change, ..told };
    assert_eq!(world.deliver(&copy).await?.reason, Some("site_copy"));
    assert!(world.of_post(&ids[0]).await?.deleted_at.is_none());
    Ok(())
}

#[tokio::test]
async fn a_new_status_brings_along_what_changed_with_it() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    let told = world.told(&ids[0], 1);
    let planned = world.clock.now() + TimeDelta::days(3);
    let metadata = Metadata {
        title: Some("Planned".into()),
        slug: Some("planned".into()),
        terms: Some(vec![Term { taxonomy: "category".into(), name: "News".into(), slug: None }]),
        taxonomies: vec!["category".into()],
        ..Metadata::default()
    };
    let change = Change::Status {
        status: "future".into(),
        url: None,
        title: None,
        date: Some(planned),
        metadata: Some(Box::new(metadata)),
    };
    let taken = world.deliver(&Delivery { change, ..told }).await?;
    assert_eq!((taken.outcome, world.pull_singles().await?), (Outcome::Applied, 0));
    let content = world.of_post(&ids[0]).await?;
    let fields = content.fields;
    assert_eq!((fields.status, fields.publish_at), (ContentStatus::Approved, Some(planned)));
    assert_eq!((fields.title.as_str(), fields.slug.as_str()), ("Planned", "planned"));
    assert_eq!(fields.terms.iter().map(|term| term.name.as_str()).collect::<Vec<_>>(), ["News"]);
    assert_eq!(content.sync_state, SyncState::InSync);
    Ok(())
}

#[tokio::test]
async fn metadata_brings_terms_of_the_taxonomies_it_carries_and_leaves_the_others() -> anyhow::Result<()> {
    let world = World::new().await?;
    let term = |taxonomy: &str, name: &str| Term { taxonomy: taxonomy.into(), name: name.into(), slug: None };
    let mut post = SitePost::published("post", "Hello");
    post.terms = vec![term("category", "News"), term("post_tag", "old")];
    let id = world.site.add(post);
    world.sync_well(Direction::Both).await?;
    world.clock.advance(TimeDelta::minutes(1));
    let metadata = Metadata {
        terms: Some(vec![term("post_tag", "new")]),
        taxonomies: vec!["post_tag".into()],
        ..Metadata::default()
    };
    let told = Delivery { change: Change::Metadata(Box::new(metadata)), ..world.told(&id, 1) };
    world.deliver(&told).await?;
    let mut names: Vec<String> =
        world.of_post(&id).await?.fields.terms.into_iter().map(|term| term.name).collect();
    names.sort();
    assert_eq!(names, vec!["News", "new"]);
    Ok(())
}

#[tokio::test]
async fn parts_of_the_seo_fields_that_are_not_carried_stay() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    let seo = |title: Option<&str>, description: Option<&str>| {
        let owned = |part: Option<&str>| part.map(str::to_owned);
        let seo = SeoPatch { title: owned(title), description: owned(description), ..SeoPatch::default() };
        Change::Metadata(Box::new(Metadata { seo: Some(seo), ..Metadata::default() }))
    };
    let told = Delivery { change: seo(Some("Title"), Some("Told")), ..world.told(&ids[0], 1) };
    world.deliver(&told).await?;
    let told = Delivery { change: seo(Some(""), None), ..world.told(&ids[0], 2) };
    world.deliver(&told).await?;
    let seo = world.of_post(&ids[0]).await?.fields.seo;
    assert_eq!((seo.title.as_str(), seo.description.as_str()), ("", "Told"));
    Ok(())
}

#[tokio::test]
async fn what_an_overtaken_delivery_told_is_read_from_the_site() -> anyhow::Result<()> {
    let orders: [[usize; 3]; 4] = [[0, 2, 1], [2, 0, 1], [2, 1, 0], [1, 2, 0]];
    for order in orders {
        let (world, ids) = pulled(20).await?;
        world.site.trash(&ids[0]);
        let trashed = world.told(&ids[0], 1);
        world.site.untrash(&ids[0]);
        world.site.edit(&ids[0], |post| post.title = "Back".into());
        let back = world.told(&ids[0], 2);
        let metadata = Metadata { title: Some("Back".into()), ..Metadata::default() };
        let told = Delivery { change: Change::Metadata(Box::new(metadata)), ..world.told(&ids[0], 3) };
        let deliveries = [trashed, back, told];
        for at in order {
            world.deliver(&deliveries[at]).await?;
        }
        world.pull_singles().await?;
        let content = world.of_post(&ids[0]).await?;
        assert_eq!((content.fields.title.as_str(), content.deleted_at), ("Back", None), "{order:?}");
        assert_eq!(content.sync_state, SyncState::InSync, "{order:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_post_that_changes_while_it_is_read_is_read_once_more() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    world.site.edit(&ids[0], |post| post.html = "<p>First</p>".into());
    world.deliver(&world.told(&ids[0], 1)).await?;
    let reading = world.pulls.claim(100, &[]).await?;
    world.clock.advance(TimeDelta::milliseconds(10));
    let told = world.told(&ids[0], 2);
    world.deliver(&told).await?;
    assert!(world.pulls.claim(100, &[]).await?.is_empty(), "one at a time");
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
    let (world, ids) = pulled(1).await?;
    world.site.edit(&ids[0], |post| post.html = "<p>First</p>".into());
    world.deliver(&world.told(&ids[0], 1)).await?;
    let claimed = world.pulls.claim(100, &[]).await?;
    world.pulls.release(&claimed[0]).await?;
    assert_eq!(world.pull_singles().await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_cache_that_shows_an_older_version_does_not_end_the_pull() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
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

fn sign(world: &World, id: &str, timestamp: &str, body: &[u8]) -> anyhow::Result<String> {
    let text = world.webhook_secret.expose_secret();
    let key = STANDARD.decode(text.trim_start_matches("whsec_"))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key)?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[tokio::test]
async fn a_signed_delivery_holds_and_keeps_its_id_over_attempts() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    let told = world.told(&ids[0], 1);
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        let timestamp = world.clock.now().timestamp().to_string();
        let signature = sign(&world, "msg_1", &timestamp, b"{}")?;
        let headers =
            SignatureHeaders { id: Some("msg_1"), timestamp: Some(&timestamp), signature: Some(&signature) };
        let verified = world.webhooks.verify(&world.plugin, headers, b"{}").await?;
        outcomes.push(world.webhooks.take_in(&world.plugin, &verified, &told).await?.outcome);
        world.clock.advance(TimeDelta::minutes(10));
    }
    assert_eq!(outcomes, vec![Outcome::Applied, Outcome::Duplicate]);
    Ok(())
}

#[tokio::test]
async fn a_late_or_forged_delivery_is_refused_and_counted_and_so_is_an_unsigned_one_of_a_site_that_signs()
-> anyhow::Result<()> {
    let (world, _) = pulled(1).await?;
    let timestamp = (world.clock.now() - TimeDelta::minutes(7)).timestamp().to_string();
    let signature = sign(&world, "msg_1", &timestamp, b"{}")?;
    let headers =
        SignatureHeaders { id: Some("msg_1"), timestamp: Some(&timestamp), signature: Some(&signature) };
    let late = world.webhooks.verify(&world.plugin, headers, b"{}").await;
    assert!(matches!(late, Err(WebhookError::Signature(SignatureError::TooOld(420)))));
    let igny8_integration_domain::account::Caller::SiteKey { key_id, .. } = &world.plugin else {
        anyhow::bail!("no key")
    };
    let mut unit = world.storage.begin().await?;
    unit.require_signatures(*key_id, world.clock.now()).await?;
    unit.commit().await?;
    let unsigned = world.webhooks.verify(&world.plugin, SignatureHeaders::default(), b"{}").await;
    assert!(matches!(unsigned, Err(WebhookError::Unsigned)));
    let person = world.webhooks.verify(&operator(), SignatureHeaders::default(), b"{}").await;
    assert!(matches!(person, Err(WebhookError::Service(ServiceError::Denied(_)))));
    let counters = world.storage.read().await?.list_webhook_counters(world.site_id).await?;
    assert_eq!(counters.iter().find(|counter| counter.kind == "rejected").unwrap().count, 2);
    Ok(())
}

#[tokio::test]
async fn a_storm_of_deliveries_in_any_order_ends_as_the_ordered_one() -> anyhow::Result<()> {
    let mut ends = Vec::new();
    for shuffled in [false, true] {
        let (world, ids) = pulled(5).await?;
        let mut told = Vec::new();
        for round in 0..20_i64 {
            for (at, id) in ids.iter().enumerate() {
                world.clock.advance(TimeDelta::milliseconds(300));
                world.site.edit(id, |post| post.title = format!("{at} in round {round}"));
                told.push(world.told(id, i64::try_from(told.len())? + 1));
            }
        }
        if shuffled {
            // A fixed shuffle: steps that share no factor with the length visit each once.
            let length = told.len();
            told = (0..length).map(|step| told[(step * 37 + 11) % length].clone()).collect();
        }
        for delivery in &told {
            world.deliver(delivery).await?;
            if delivery.sequence.is_some_and(|sequence| sequence % 10 == 0) {
                world.deliver(delivery).await?;
            }
        }
        world.pull_singles().await?;
        let all = world.all().await?;
        ends.push(all.into_iter().map(|content| (content.fields, content.sync_state)).collect::<Vec<_>>());
    }
    assert_eq!(ends[0], ends[1]);
    assert!(ends[0].iter().all(|(_, state)| *state == SyncState::InSync));
    Ok(())
}

fn lost() -> PlatformError {
    PlatformError::Uncertain(Trouble { code: "timeout".into(), message: "no answer".into() })
}

/// A write of ours is on its way, and nobody can say yet whether it arrived.
async fn pushing() -> anyhow::Result<(World, String, ContentId, RunId)> {
    let (world, ids) = pulled(1).await?;
    let content = world.of_post(&ids[0]).await?.id;
    world.retitle(content, "Mine").await?;
    world.site.fail_next(CallKind::Update, Fault::before(lost()));
    let run = world.start(StartSync { direction: Direction::ToExternal, ..StartSync::default() }).await?;
    let claimed = world.executor.claim("node", Some(run)).await?.context("it is due")?;
    assert_eq!(world.executor.execute(claimed).await?, Turn::Waiting);
    assert!(world.content(content).await?.intent.is_some(), "it is not known whether it arrived");
    Ok((world, ids[0].clone(), content, run))
}

#[tokio::test]
async fn an_edit_that_is_told_during_a_push_is_not_taken_for_the_pushs_own() -> anyhow::Result<()> {
    let (world, post, content, run) = pushing().await?;
    world.site.edit(&post, |post| post.title = "Theirs".into());
    assert_eq!(world.deliver(&world.told(&post, 1)).await?.outcome, Outcome::Applied);
    world.work(run).await?;
    let after = world.content(content).await?;
    assert_eq!((after.sync_state, after.fields.title.as_str()), (SyncState::Conflict, "Mine"));
    assert_eq!(world.site.post(&post).expect("the post").title, "Theirs");
    Ok(())
}

#[tokio::test]
async fn a_body_that_is_told_during_a_push_of_the_body_is_not_taken_for_the_pushs_own() -> anyhow::Result<()>
{
    let (world, ids) = pulled(1).await?;
    let content = world.of_post(&ids[0]).await?.id;
    world.patch(content, FieldPatch { html: Some("<p>Mine</p>".into()), ..FieldPatch::default() }).await?;
    world.site.fail_next(CallKind::Update, Fault::before(lost()));
    let run = world.start(StartSync { direction: Direction::ToExternal, ..StartSync::default() }).await?;
    let claimed = world.executor.claim("node", Some(run)).await?.context("it is due")?;
    world.executor.execute(claimed).await?;
    world.site.edit(&ids[0], |post| post.html = "<p>Theirs</p>".into());
    world.deliver(&world.told(&ids[0], 1)).await?;
    world.pull_singles().await?;
    world.work(run).await?;
    let after = world.content(content).await?;
    assert_eq!((after.sync_state, after.fields.html.as_str()), (SyncState::Conflict, "<p>Mine</p>"));
    assert_eq!(world.site.post(&ids[0]).expect("the post").html, "<p>Theirs</p>");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_told_before_the_pushs_answer_is_recorded_is_not_undone() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    let world = Arc::new(world);
    let content = world.of_post(&ids[0]).await?.id;
    world.retitle(content, "Mine").await?;
    let (meanwhile, post) = (world.clone(), ids[0].clone());
    world.site.after_next(CallKind::Update, move |site| {
        meanwhile.clock.advance(TimeDelta::seconds(2));
        site.edit(&post, |post| post.title = "Theirs".into());
        let told = meanwhile.told(&post, 1);
        tokio::task::block_in_place(|| Handle::current().block_on(meanwhile.deliver(&told)))
            .expect("taken in");
    });
    world.sync_well(Direction::ToExternal).await?;
    world.pull_singles().await?;
    let after = world.content(content).await?;
    assert_eq!(world.site.post(&ids[0]).expect("the post").title, "Theirs");
    let known = after.link.as_ref().and_then(|link| link.external_modified_at);
    assert_eq!(known, world.site.post(&ids[0]).map(|post| post.modified_at), "the newest is known");
    assert!(after.sync_state != SyncState::InSync || after.fields.title == "Theirs", "{after:?}");
    Ok(())
}

#[tokio::test]
async fn what_a_delivery_does_not_show_stays_in_conflict() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    let content = world.of_post(&ids[0]).await?.id;
    world.patch(content, FieldPatch { excerpt: Some("Mine".into()), ..FieldPatch::default() }).await?;
    world.site.edit(&ids[0], |post| post.excerpt = "Theirs".into());
    world.sync_well(Direction::Both).await?;
    assert_eq!(world.content(content).await?.sync_state, SyncState::Conflict);
    world.clock.advance(TimeDelta::minutes(1));
    world.site.edit(&ids[0], |post| post.status = "draft".into());
    world.deliver(&world.told(&ids[0], 1)).await?;
    assert_eq!(world.content(content).await?.sync_state, SyncState::Conflict);
    world.pull_singles().await?;
    let after = world.content(content).await?;
    assert_eq!((after.sync_state, after.fields.excerpt.as_str()), (SyncState::Conflict, "Mine"));
    Ok(())
}

#[tokio::test]
async fn a_site_that_was_restored_and_counts_from_below_is_still_heard() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
    world.site.edit(&ids[0], |post| post.title = "Before".into());
    world.deliver(&world.told(&ids[0], 1000)).await?;
    world.clock.advance(TimeDelta::hours(1));
    world.site.edit(&ids[0], |post| post.title = "After".into());
    assert_eq!(world.deliver(&world.told(&ids[0], 600)).await?.outcome, Outcome::Applied);
    // Its terms alone: the time of the post does not move.
    world.site.edit_quietly(&ids[0], |post| post.title = "Later".into());
    assert_eq!(world.deliver(&world.told(&ids[0], 601)).await?.outcome, Outcome::Applied);
    assert_eq!(world.of_post(&ids[0]).await?.fields.title, "Later");
    Ok(())
}

#[tokio::test]
async fn a_pull_waits_for_as_long_as_the_site_is_away() -> anyhow::Result<()> {
    let (world, ids) = pulled(1).await?;
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
