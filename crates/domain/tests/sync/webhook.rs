use chrono::TimeDelta;
use igny8_integration_domain::content::{ContentStatus, FieldPatch, SeoPatch, SyncState, Term};
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::sync::Direction;
use igny8_integration_domain::testing::platform::{CallKind, SitePost};
use igny8_integration_domain::time::Timestamp;
use igny8_integration_domain::webhook::{Change, Delivery, Metadata, Outcome, Reason};

use crate::world::World;

#[tokio::test]
async fn an_edit_is_told_and_its_body_is_pulled_at_once() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
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
    let (world, ids) = World::pulled(1).await?;
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
    let (world, ids) = World::pulled(1).await?;
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
    let (world, ids) = World::pulled(1).await?;
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
    let (world, ids) = World::pulled(1).await?;
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
        let (world, ids) = World::pulled(20).await?;
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
    let (world, ids) = World::pulled(1).await?;
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
    let (world, ids) = World::pulled(1).await?;
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
    let (world, ids) = World::pulled(1).await?;
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
    let (world, _) = World::pulled(1).await?;
    let new = world.site.add(SitePost::published("post", "New"));
    let taken = world.deliver(&world.told(&new, 1)).await?;
    assert_eq!((taken.outcome, taken.reason), (Outcome::Ignored, Some(Reason::PullQueued)));
    world.site.forget_calls();
    assert_eq!(world.pull_singles().await?, 1);
    assert_eq!(world.of_post(&new).await?.fields.title, "New");
    assert_eq!(world.site.count(CallKind::List), 0);
    let mut internal = world.told(&new, 2);
    internal.post_id = "999".into();
    internal.post_type = Some("attachment".into());
    assert_eq!(world.deliver(&internal).await?.reason, Some(Reason::TypeIsOff));
    Ok(())
}

#[tokio::test]
async fn a_new_status_brings_along_what_changed_with_it() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    let told = world.told(&ids[0], 1);
    let planned = world.clock.now() + TimeDelta::days(3);
    let metadata = Metadata {
        title: Some("Planned".into()),
        slug: Some("planned".into()),
        terms: Some(vec![Term { taxonomy: "category".into(), name: "News".into(), slug: None }]),
        taxonomies: ["category".into()].into(),
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
        taxonomies: ["post_tag".into()].into(),
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
    let (world, ids) = World::pulled(1).await?;
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
        let (world, ids) = World::pulled(20).await?;
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
async fn a_storm_of_deliveries_in_any_order_ends_as_the_ordered_one() -> anyhow::Result<()> {
    let mut ends = Vec::new();
    for shuffled in [false, true] {
        let (world, ids) = World::pulled(5).await?;
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

#[tokio::test]
async fn what_a_delivery_does_not_show_stays_in_conflict() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
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
    let (world, ids) = World::pulled(1).await?;
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
async fn what_was_planned_and_is_public_now_has_no_date_ahead_any_more() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    let ahead = world.site.now() + TimeDelta::days(30);
    let planned = status(world.told(&ids[0], 1), "future", Some(ahead));
    assert_eq!(world.deliver(&planned).await?.outcome, Outcome::Applied);
    let content = world.of_post(&ids[0]).await?;
    assert_eq!((content.fields.status, content.fields.publish_at), (ContentStatus::Approved, Some(ahead)));
    let public = status(world.told(&ids[0], 2), "publish", Some(world.clock.now()));
    world.deliver(&public).await?;
    let content = world.of_post(&ids[0]).await?;
    assert_eq!((content.fields.status, content.fields.publish_at), (ContentStatus::Published, None));
    assert_ne!(content.sync_state, SyncState::PendingPush);
    Ok(())
}

#[tokio::test]
async fn a_plan_made_here_of_a_post_that_was_published_meanwhile_is_asked_about_until_somebody_answers()
-> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    let (first, second) = (TimeDelta::days(3), TimeDelta::days(9));
    let (first, second) = (world.site.now() + first, world.site.now() + second);
    world.deliver(&status(world.told(&ids[0], 1), "future", Some(first))).await?;
    let content = world.of_post(&ids[0]).await?.id;
    world.patch(content, FieldPatch { publish_at: Some(Some(second)), ..FieldPatch::default() }).await?;
    world.deliver(&status(world.told(&ids[0], 2), "publish", None)).await?;
    for _ in 0..3 {
        let stored = world.content(content).await?;
        assert_eq!(stored.sync_state, SyncState::Conflict);
        assert_eq!(stored.fields.publish_at, Some(second));
        world.clock.advance(TimeDelta::days(2));
        world.sync_well(Direction::Both).await?;
    }
    assert_eq!(world.site.post(&ids[0]).unwrap().status, "publish");
    Ok(())
}

#[tokio::test]
async fn another_slug_comes_with_the_address_that_it_makes() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    let metadata = Metadata {
        url: Some("https://site.example/another/".into()),
        slug: Some("another".into()),
        ..Metadata::default()
    };
    let told = Delivery { change: Change::Metadata(Box::new(metadata)), ..world.told(&ids[0], 1) };
    world.deliver(&told).await?;
    let content = world.of_post(&ids[0]).await?;
    assert_eq!(
        content.link.and_then(|link| link.external_url).as_deref(),
        Some("https://site.example/another/")
    );
    Ok(())
}

/// The same post, in another status.
fn status(told: Delivery, word: &str, date: Option<Timestamp>) -> Delivery {
    let change = Change::Status { status: word.to_owned(), url: None, title: None, date, metadata: None };
    Delivery { change, ..told }
}
