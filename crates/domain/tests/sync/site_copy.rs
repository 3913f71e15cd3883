//! Deliveries of another site: of another integration, of a copy, of the site that an integration has left.

use chrono::TimeDelta;
use igny8_integration_domain::account::Caller;
use igny8_integration_domain::id::{ContentId, IntegrationId};
use igny8_integration_domain::integration::Structure;
use igny8_integration_domain::ports::storage::Storage as _;
use igny8_integration_domain::service::NotStored;
use igny8_integration_domain::sync::Direction;
use igny8_integration_domain::webhook::{Change, Delivery, Metadata, Outcome, Reason};
use rstest::rstest;
use serde_json::json;

use crate::moved::{other_site, url};
use crate::world::{World, operator};

fn from(address: &str, told: Delivery) -> Delivery {
    Delivery { site_url: Some(url(address)), ..told }
}

/// The post's address is elsewhere than the site's.
fn with_permalink(permalink: &str, told: Delivery) -> Delivery {
    let Change::Status { status, title, date, metadata, .. } = told.change else { panic!("a status") };
    let change = Change::Status { status, url: Some(permalink.to_owned()), title, date, metadata };
    Delivery { change, ..told }
}

fn retitled(told: Delivery) -> Delivery {
    let metadata = Metadata { title: Some("Theirs".into()), ..Metadata::default() };
    Delivery { change: Change::Metadata(Box::new(metadata)), ..told }
}

impl World {
    /// Why the connection is not well.
    async fn reasons(&self) -> anyhow::Result<Vec<(String, String)>> {
        let status = self.health.debug_status(&operator(), self.integration, false).await?;
        Ok(status.health.reasons.into_iter().map(|reason| (reason.code, reason.message)).collect())
    }
}

#[tokio::test]
async fn what_names_a_foreign_content_or_integration_changes_nothing() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    world.site.trash(&ids[0]);
    let told = world.told(&ids[0], 1);
    let foreign = Delivery { content_id: ContentId::new(999), ..told.clone() };
    assert_eq!(world.deliver(&foreign).await?.reason, Some(Reason::UnknownContent));
    let other = Delivery { integration_id: IntegrationId::new(999), ..told };
    assert_eq!(world.deliver(&other).await?.reason, Some(Reason::OtherIntegration));
    assert!(world.of_post(&ids[0]).await?.deleted_at.is_none());
    Ok(())
}

#[tokio::test]
async fn whatever_a_copy_tells_changes_nothing_and_is_shown_with_its_address() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(2).await?;
    let before = world.all().await?;
    world.site.trash(&ids[0]);
    world.site.delete(&ids[1]);
    let (trashed, deleted) = (world.told(&ids[0], 1), world.told(&ids[1], 2));
    for (number, told) in [trashed, deleted.clone(), retitled(deleted)].into_iter().enumerate() {
        let taken = world.deliver(&from("https://shop.example/staging", told)).await?;
        assert_eq!((taken.outcome, taken.reason), (Outcome::Ignored, Some(Reason::SiteCopy)), "{number}");
    }
    assert_eq!(world.all().await?, before);
    assert_eq!(world.pull_singles().await?, 0);

    let copied: Vec<_> =
        world.events().await?.into_iter().filter(|event| event.error_code.is_some()).collect();
    assert_eq!(copied.len(), 3);
    assert!(copied.iter().all(|event| event.error_code.as_deref() == Some("site_copy") && !event.success));
    assert_eq!(copied[0].details["site_url"], "shop.example/staging");
    let reasons = world.reasons().await?;
    let shown = reasons.iter().find(|(code, _)| code == "site_copy").map(|(_, message)| message);
    assert!(shown.is_some_and(|message| message.contains("shop.example/staging")), "{reasons:?}");
    let counters = world.storage.read().await?.list_webhook_counters(world.site_id).await?;
    assert_eq!(counters.iter().map(|counter| counter.kind.as_str()).collect::<Vec<_>>(), ["site_copy"]);
    Ok(())
}

#[tokio::test]
async fn a_copys_structure_changes_nothing_and_is_shown() -> anyhow::Result<()> {
    let world = World::new().await?;
    let plugin = |on: bool| json!({ "connection_enabled": on, "signs_webhooks": true });
    let live = Structure { plugin: Some(plugin(true)), ..Structure::default() };
    world.structures.store(&operator(), world.integration, live, Some(world.site.url())).await?;
    let ended = Structure { plugin: Some(plugin(false)), ..Structure::default() };
    let copy = url("https://staging.shop.example");
    let stored = world.structures.store(&world.plugin, world.integration, ended, Some(&copy)).await?;
    assert_eq!(stored.refused, Some(NotStored::SiteCopy));
    assert_eq!(stored.structure.plugin, Some(plugin(true)));
    let shown = world.structures.get(&operator(), world.integration).await?;
    assert_eq!(shown.structure.plugin, Some(plugin(true)));
    let Caller::SiteKey { key_id, .. } = &world.plugin else { anyhow::bail!("no key") };
    assert!(!world.storage.read().await?.must_sign(*key_id).await?);
    let last = world.events().await?.pop().expect("a line");
    assert_eq!((last.success, last.error_code.as_deref()), (false, Some("site_copy")));
    assert!(world.reasons().await?.iter().any(|(code, _)| code == "site_copy"));
    Ok(())
}

#[rstest]
#[case::another_scheme("http://shop.example")]
#[case::with_www("https://www.shop.example/")]
#[case::other_letters("HTTPS://Shop.Example")]
#[case::with_its_port("https://shop.example:443")]
#[tokio::test]
async fn another_spelling_of_the_address_is_no_copy(#[case] address: &str) -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    world.site.edit(&ids[0], |post| post.title = "Theirs".into());
    let taken = world.deliver(&from(address, world.told(&ids[0], 1))).await?;
    assert_eq!(taken.outcome, Outcome::Applied);
    let structures = &world.structures;
    let pushed =
        structures.store(&world.plugin, world.integration, Structure::default(), Some(&url(address))).await?;
    assert_eq!(pushed.refused, None);
    Ok(())
}

#[tokio::test]
async fn a_post_whose_address_is_elsewhere_is_the_sites_where_the_site_says_so() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    world.site.edit(&ids[0], |post| post.title = "Hallo".into());
    let german = with_permalink("https://shop-auf-deutsch.example/hallo/", world.told(&ids[0], 1));
    assert_eq!(world.deliver(&from("https://shop.example", german)).await?.outcome, Outcome::Applied);
    let content = world.of_post(&ids[0]).await?;
    assert_eq!(content.fields.title, "Hallo");
    let link = content.link.expect("a link");
    assert_eq!(link.external_url.as_deref(), Some("https://shop-auf-deutsch.example/hallo/"));
    Ok(())
}

#[tokio::test]
async fn who_does_not_say_where_it_is_is_known_by_the_posts_address() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    world.site.trash(&ids[0]);
    let copy = with_permalink("https://staging.shop.example/hello/", world.told(&ids[0], 1));
    assert_eq!(world.deliver(&copy).await?.reason, Some(Reason::SiteCopy));
    let own = with_permalink("http://www.shop.example/blog/hello/", world.told(&ids[0], 2));
    assert_eq!(world.deliver(&own).await?.outcome, Outcome::Applied);
    Ok(())
}

/// What waited on the site when it was copied waits on both, under one id.
#[tokio::test]
async fn a_copys_delivery_does_not_keep_out_the_sites_own_of_the_same_id() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    world.site.edit(&ids[0], |post| post.title = "Theirs".into());
    let told = world.told(&ids[0], 1);
    let copy = from("https://staging.shop.example", told.clone());
    let first = world.deliver_as("msg_1", &copy).await?;
    assert_eq!(first.reason, Some(Reason::SiteCopy));
    let again = world.deliver_as("msg_1", &copy).await?;
    assert_eq!((again.outcome, again.event_id), (Outcome::Duplicate, first.event_id));
    let own = from("https://shop.example", told);
    assert_eq!(world.deliver_as("msg_1", &own).await?.outcome, Outcome::Applied);
    assert_eq!(world.deliver_as("msg_1", &own).await?.outcome, Outcome::Duplicate);
    assert_eq!(world.of_post(&ids[0]).await?.fields.title, "Theirs");
    Ok(())
}

#[tokio::test]
async fn the_site_that_an_integration_has_left_tells_nothing_of_the_new_ones_posts() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    let other = other_site(&world, 1);
    assert_eq!(other.posts("post")[0].id.to_string(), ids[0], "every WordPress has a first post");
    world.move_to(&other).await?;
    world.sync_well(Direction::FromExternal).await?;
    let before = world.all().await?;
    world.clock.advance(TimeDelta::minutes(1));
    world.site.delete(&ids[0]);
    let gone = world.told(&ids[0], 1);
    for told in [gone.clone(), retitled(gone.clone())] {
        let taken = world.deliver(&from("https://shop.example", told)).await?;
        assert_eq!(taken.reason, Some(Reason::SiteCopy));
    }
    assert_eq!(world.all().await?, before);
    let taken = world.deliver(&from("https://other.example", retitled(gone))).await?;
    assert_eq!(taken.outcome, Outcome::Applied);
    Ok(())
}

#[tokio::test]
async fn an_integration_that_moved_to_where_a_copy_was_heard_from_has_no_copy_there() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    let other = other_site(&world, 1);
    world.deliver(&from("https://other.example", world.told(&ids[0], 1))).await?;
    assert!(world.reasons().await?.iter().any(|(code, _)| code == "site_copy"));
    world.move_to(&other).await?;
    assert!(world.reasons().await?.iter().all(|(code, _)| code != "site_copy"));
    Ok(())
}
