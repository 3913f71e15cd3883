use std::collections::BTreeMap;

use chrono::TimeDelta;
use igny8_integration_domain::event::Action;
use igny8_integration_domain::integration::{Structure, TaxonomyEntry, TypeEntry};
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::storage::Storage as _;
use igny8_integration_domain::service::{NotStored, ServiceError, StructureChoices, TypeChoice};
use igny8_integration_domain::sync::Direction;
use serde_json::json;

use crate::world::{World, operator};

fn pushed(world: &World, minutes: i64) -> Structure {
    let entry = |label: &str| TypeEntry { label: label.to_owned(), count: 3, ..TypeEntry::default() };
    Structure {
        post_types: [("post".to_owned(), entry("Posts")), ("page".to_owned(), entry("Pages"))].into(),
        taxonomies: [(
            "category".to_owned(),
            TaxonomyEntry { label: "Categories".into(), ..Default::default() },
        )]
        .into(),
        plugin: Some(json!({ "version": "0.1.0", "signs_webhooks": true })),
        timestamp: Some(world.clock.now() + TimeDelta::minutes(minutes)),
    }
}

fn choose(name: &str, enabled: Option<bool>, limit: Option<u32>) -> StructureChoices {
    let choice = TypeChoice { enabled, fetch_limit: limit.map(Some) };
    StructureChoices { post_types: [(name.to_owned(), choice)].into(), taxonomies: BTreeMap::new() }
}

#[tokio::test]
async fn a_persons_choices_survive_a_push_and_an_older_push_changes_nothing() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.integration;
    assert!(world.structures.store(&world.plugin, id, pushed(&world, -9), None).await?.refused.is_none());
    world.structures.choose(&operator(), id, None, &choose("page", Some(false), Some(500))).await?;
    let again = world.structures.store(&world.plugin, id, pushed(&world, -4), None).await?;
    let page = &again.structure.post_types["page"];
    assert_eq!((page.enabled, page.fetch_limit), (Some(false), Some(500)));
    let old = world
        .structures
        .store(&world.plugin, id, Structure { post_types: BTreeMap::new(), ..pushed(&world, -8) }, None)
        .await?;
    assert!(old.refused == Some(NotStored::Older) && old.structure.post_types.len() == 2);
    let unknown = world.structures.choose(&operator(), id, None, &choose("book", Some(true), None)).await;
    let Err(ServiceError::Invalid(errors)) = unknown else { anyhow::bail!("{unknown:?}") };
    assert_eq!(errors.errors()[0].field, "post_types.book");
    Ok(())
}

#[tokio::test]
async fn a_clock_that_is_ahead_does_not_make_a_push_the_last_one() -> anyhow::Result<()> {
    let world = World::new().await?;
    let years_ahead = pushed(&world, 60 * 24 * 400);
    let stored = world.structures.store(&world.plugin, world.integration, years_ahead, None).await?;
    assert_eq!(stored.structure.timestamp, Some(world.clock.now()));
    world.clock.advance(TimeDelta::minutes(1));
    assert!(
        world
            .structures
            .store(&world.plugin, world.integration, pushed(&world, 0), None)
            .await?
            .refused
            .is_none()
    );
    Ok(())
}

#[tokio::test]
async fn a_push_that_says_nothing_of_the_plugin_leaves_what_is_known_of_it() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.integration;
    world.structures.store(&world.plugin, id, pushed(&world, 0), None).await?;
    let silent = Structure { plugin: None, timestamp: None, ..pushed(&world, 0) };
    let stored = world.structures.store(&world.plugin, id, silent, None).await?.structure;
    assert_eq!((stored.plugin, stored.timestamp), (pushed(&world, 0).plugin, Some(world.clock.now())));
    Ok(())
}

#[tokio::test]
async fn only_the_plugin_itself_binds_a_site_to_sign() -> anyhow::Result<()> {
    let world = World::new().await?;
    let igny8_integration_domain::account::Caller::SiteKey { key_id, .. } = world.plugin else {
        anyhow::bail!("no key")
    };
    world.structures.store(&operator(), world.integration, pushed(&world, 0), None).await?;
    assert!(!world.storage.read().await?.must_sign(key_id).await?);
    world.structures.store(&world.plugin, world.integration, pushed(&world, 1), None).await?;
    assert!(world.storage.read().await?.must_sign(key_id).await?);
    let unsaid = Structure { plugin: Some(json!({ "signs_webhooks": false })), ..pushed(&world, 2) };
    world.structures.store(&world.plugin, world.integration, unsaid, None).await?;
    assert!(world.storage.read().await?.must_sign(key_id).await?);
    Ok(())
}

#[tokio::test]
async fn a_type_that_is_off_does_not_sync_and_a_limit_is_kept() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.integration;
    world.site.add_many("page", 4);
    world.site.add_many("post", 7);
    world.structures.store(&world.plugin, id, pushed(&world, 0), None).await?;
    world.structures.choose(&operator(), id, None, &choose("page", Some(false), None)).await?;
    world.structures.choose(&operator(), id, None, &choose("post", None, Some(5))).await?;
    world.sync_well(Direction::FromExternal).await?;
    assert_eq!(world.all().await?.len(), 5);
    world.clock.advance(TimeDelta::hours(3));
    world.site.add_many("post", 1);
    world.site.forget_calls();
    world.sync_well(Direction::FromExternal).await?;
    assert_eq!(world.all().await?.len(), 5);
    assert!(world.site.calls().len() <= 5, "{:?}", world.site.calls());
    let why: Vec<_> =
        world.events().await?.into_iter().filter(|event| event.action == Action::Skipped).collect();
    assert!(why.first().is_some_and(|event| event.details["count"] == 2), "{why:?}");
    assert!(why.iter().all(|event| event.error_code.as_deref() == Some("fetch_limit")), "{why:?}");
    let shown = world.structures.get(&operator(), id).await?;
    assert_eq!(shown.totals["post"].in_sync, 5);
    assert!(shown.fetched_at.contains_key("post"));
    Ok(())
}

#[tokio::test]
async fn a_single_pull_makes_no_more_contents_than_a_person_lets_sync() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.integration;
    world.site.add_many("post", 2);
    world.sync_well(Direction::FromExternal).await?;
    let unsigned = Structure { plugin: None, ..pushed(&world, 0) };
    world.structures.store(&world.plugin, id, unsigned, None).await?;
    world.structures.choose(&operator(), id, None, &choose("post", None, Some(2))).await?;
    world.clock.advance(TimeDelta::minutes(1));
    let third = world.site.add_many("post", 1);
    world.deliver(&world.told(&third[0], 1)).await?;
    assert_eq!(world.pull_singles().await?, 1);
    assert_eq!(world.all().await?.len(), 2);
    world.structures.choose(&operator(), id, None, &choose("post", None, Some(3))).await?;
    world.deliver(&world.told(&third[0], 2)).await?;
    world.pull_singles().await?;
    assert_eq!(world.all().await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn a_limit_outlives_a_push_without_its_type() -> anyhow::Result<()> {
    let world = World::new().await?;
    let id = world.integration;
    world.structures.store(&world.plugin, id, pushed(&world, 0), None).await?;
    world.structures.choose(&operator(), id, None, &choose("page", None, Some(5))).await?;
    let mut without = pushed(&world, 1);
    without.post_types.remove("page");
    world.structures.store(&world.plugin, id, without, None).await?;
    let again = world.structures.store(&world.plugin, id, pushed(&world, 2), None).await?;
    assert_eq!(again.structure.post_types["page"].fetch_limit, Some(5));
    Ok(())
}
