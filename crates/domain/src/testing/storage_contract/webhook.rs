//! Deliveries and single pulls.

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;

use super::Outcome;
use super::fixture::{World, at};
use crate::account::SiteKey;
use crate::ports::storage::{Busy, PendingPull, Storage, StorageError, StoredDelivery, WaitingPulls};

fn delivery(world: &World, key: &str, seconds: i64) -> StoredDelivery {
    StoredDelivery {
        account_id: world.account.id,
        site_id: world.site.id,
        key: key.to_owned(),
        event_id: None,
        content_id: None,
        received_at: at(seconds),
    }
}

fn pull(world: &World, post: &str, wanted: i64, due: i64) -> PendingPull {
    PendingPull {
        account_id: world.account.id,
        site_id: world.site.id,
        integration_id: world.integration.id,
        external_id: post.to_owned(),
        content_type: "post".to_owned(),
        wanted_at: at(wanted),
        tries: 0,
        due_at: at(due),
    }
}

async fn key(storage: &dyn Storage, world: &World, byte: u8, seconds: i64) -> anyhow::Result<SiteKey> {
    let mut unit = storage.begin().await?;
    let key = unit.insert_site_key(&world.site, [byte; 32], at(seconds)).await?;
    unit.commit().await?;
    Ok(key)
}

/// Once for each site, until a week has passed.
pub async fn a_delivery_is_taken_in_once(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    let mut unit = storage.begin().await?;
    unit.insert_delivery(&delivery(&world, "id:1", 10)).await?;
    unit.insert_delivery(&delivery(&other, "id:1", 10)).await?;
    unit.commit().await?;
    let found = storage.read().await?.find_delivery(world.site.id, "id:1", at(0)).await?;
    ensure!(found == Some(delivery(&world, "id:1", 10)));
    ensure!(storage.read().await?.find_delivery(world.site.id, "id:1", at(10)).await?.is_none());
    ensure!(storage.read().await?.find_delivery(world.site.id, "id:2", at(0)).await?.is_none());
    let mut unit = storage.begin().await?;
    let again = unit.insert_delivery(&delivery(&world, "id:1", 20)).await;
    ensure!(matches!(again, Err(StorageError::Conflict)));
    drop(unit);
    let week = TimeDelta::days(8).num_seconds();
    let mut unit = storage.begin().await?;
    unit.insert_delivery(&delivery(&world, "id:1", week)).await?;
    unit.commit().await?;
    let found = storage.read().await?.find_delivery(world.site.id, "id:1", at(100)).await?;
    ensure!(found.is_some_and(|found| found.received_at == at(week)));
    Ok(())
}

/// The oldest are forgotten, in batches.
pub async fn old_deliveries_are_forgotten_in_batches(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut unit = storage.begin().await?;
    for number in 0..5 {
        unit.insert_delivery(&delivery(&world, &format!("id:{number}"), number)).await?;
    }
    ensure!(unit.purge_deliveries(at(3), 2).await? == 2);
    ensure!(unit.purge_deliveries(at(3), 2).await? == 1);
    ensure!(unit.purge_deliveries(at(3), 2).await? == 0);
    unit.commit().await?;
    ensure!(storage.read().await?.find_delivery(world.site.id, "id:3", at(0)).await?.is_some());
    Ok(())
}

/// By kind, with what was remarkable about the last one.
pub async fn numbers_about_deliveries_add_up(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let (account, site) = (world.account.id, world.site.id);
    let mut unit = storage.begin().await?;
    unit.count_webhook(account, site, "status", Some("7"), at(1)).await?;
    unit.count_webhook(account, site, "status", None, at(2)).await?;
    unit.count_webhook(account, site, "rejected", Some("late"), at(3)).await?;
    unit.commit().await?;
    let counters = storage.read().await?.list_webhook_counters(site).await?;
    let status = counters.iter().find(|counter| counter.kind == "status").context("no status")?;
    ensure!((status.count, status.last_at, status.note.as_deref()) == (2, at(2), None));
    ensure!(counters.len() == 2);
    Ok(())
}

/// And never falls.
pub async fn a_sites_sequence_only_rises(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let (account, site) = (world.account.id, world.site.id);
    let mut unit = storage.begin().await?;
    ensure!(unit.raise_sequence(account, site, 5).await?.is_none());
    ensure!(unit.raise_sequence(account, site, 9).await? == Some(5));
    ensure!(unit.raise_sequence(account, site, 7).await? == Some(9));
    ensure!(unit.raise_sequence(account, site, 10).await? == Some(9));
    unit.commit().await?;
    Ok(())
}

/// Only a key that was made, and onboarded with, after the site's plugin said that it signs is free of it.
pub async fn a_site_that_signs_must_go_on_signing(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let first = key(storage, &world, 1, 0).await?;
    let before = key(storage, &world, 2, 1).await?;
    let mut unit = storage.begin().await?;
    ensure!(!unit.must_sign(first.id).await?);
    unit.require_signatures(first.id, at(10)).await?;
    unit.require_signatures(first.id, at(500)).await?;
    unit.commit().await?;
    ensure!(storage.read().await?.must_sign(first.id).await?);
    ensure!(storage.read().await?.must_sign(before.id).await?);
    let after = key(storage, &world, 3, 20).await?;
    ensure!(storage.read().await?.must_sign(after.id).await?);
    let mut unit = storage.begin().await?;
    unit.record_onboarded(before.id, at(30)).await?;
    unit.record_onboarded(after.id, at(30)).await?;
    unit.commit().await?;
    ensure!(!storage.read().await?.must_sign(after.id).await?);
    ensure!(storage.read().await?.must_sign(before.id).await?);
    ensure!(storage.read().await?.must_sign(first.id).await?);
    Ok(())
}

/// One open pull for each post; the latest wish counts.
pub async fn a_pull_is_open_until_the_wanted_version_was_read(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut unit = storage.begin().await?;
    unit.upsert_pull(&pull(&world, "5", 10, 10)).await?;
    unit.upsert_pull(&pull(&world, "5", 20, 20)).await?;
    unit.upsert_pull(&pull(&world, "6", 10, 12)).await?;
    unit.commit().await?;
    let mut unit = storage.begin().await?;
    ensure!(unit.claim_pulls(at(9), at(70), &Busy::default(), 10).await?.is_empty());
    let claimed = unit.claim_pulls(at(30), at(90), &Busy::default(), 10).await?;
    unit.commit().await?;
    let posts: Vec<&str> = claimed.iter().map(|pull| pull.external_id.as_str()).collect();
    ensure!(posts == ["5", "6"]);
    ensure!(claimed.first().is_some_and(|pull| pull.wanted_at == at(20)));
    let mut unit = storage.begin().await?;
    ensure!(unit.claim_pulls(at(31), at(91), &Busy::default(), 10).await?.is_empty());
    let (five, six) = (claimed.first().context("5")?, claimed.get(1).context("6")?);
    ensure!(!unit.close_pull(five, at(19)).await?);
    ensure!(unit.close_pull(six, at(10)).await?);
    unit.commit().await?;
    let mut unit = storage.begin().await?;
    let claimed = unit.claim_pulls(at(32), at(92), &Busy::default(), 10).await?;
    ensure!(claimed.len() == 1);
    ensure!(unit.claim_pulls(at(91), at(160), &Busy::default(), 10).await?.is_empty());
    let claimed = unit.claim_pulls(at(92), at(160), &Busy::default(), 10).await?;
    let mut later = claimed.into_iter().next().context("none")?;
    later.tries = 3;
    later.due_at = at(500);
    unit.postpone_pull(&later).await?;
    unit.upsert_pull(&pull(&world, "7", 100, 100)).await?;
    unit.commit().await?;
    let waiting = storage.read().await?.waiting_pulls(world.integration.id).await?;
    ensure!(waiting == WaitingPulls { waiting: 2, retried: 1, next_retry_at: Some(at(500)) });
    let mut unit = storage.begin().await?;
    ensure!(unit.close_pull(&pull(&world, "7", 100, 100), at(100)).await?);
    unit.commit().await?;
    let mut unit = storage.begin().await?;
    ensure!(unit.claim_pulls(at(499), at(600), &Busy::default(), 10).await?.is_empty());
    let claimed = unit.claim_pulls(at(500), at(600), &Busy::default(), 10).await?;
    ensure!(claimed.first().is_some_and(|pull| pull.tries == 3));
    Ok(())
}

/// So that one site's pulls leave room for another's.
pub async fn pulls_of_the_busy_are_passed_over(storage: &dyn Storage) -> Outcome {
    let (world, other) = (World::make(storage, "Acme").await?, World::make(storage, "Other").await?);
    let mut unit = storage.begin().await?;
    unit.upsert_pull(&pull(&world, "5", 10, 10)).await?;
    unit.upsert_pull(&pull(&other, "6", 10, 20)).await?;
    let busy = Busy { integrations: vec![world.integration.id], ..Busy::default() };
    let claimed = unit.claim_pulls(at(30), at(90), &busy, 10).await?;
    ensure!(claimed.iter().map(|pull| pull.external_id.as_str()).eq(["6"]));
    let both = vec![world.account.id, other.account.id];
    let busy = Busy { accounts: both, ..Busy::default() };
    ensure!(unit.claim_pulls(at(30), at(90), &busy, 10).await?.is_empty());
    let busy = Busy { accounts: vec![other.account.id], ..Busy::default() };
    let claimed = unit.claim_pulls(at(30), at(90), &busy, 10).await?;
    ensure!(claimed.iter().map(|pull| pull.external_id.as_str()).eq(["5"]));
    unit.commit().await?;
    Ok(())
}

/// A site that asks for patience is left alone: none of its pulls is taken up meanwhile, and no other site's waits.
pub async fn an_integrations_pulls_are_put_off_together(storage: &dyn Storage) -> Outcome {
    let (world, other) = (World::make(storage, "Acme").await?, World::make(storage, "Other").await?);
    let mut unit = storage.begin().await?;
    unit.upsert_pull(&pull(&world, "4", 10, 5)).await?;
    let held = unit.claim_pulls(at(6), at(66), &Busy::default(), 10).await?.pop().context("none is held")?;
    for pull in [pull(&world, "5", 10, 10), pull(&world, "6", 10, 70), pull(&other, "7", 10, 10)] {
        unit.upsert_pull(&pull).await?;
    }
    unit.postpone_pulls(world.integration.id, at(50)).await?;
    let claimed = unit.claim_pulls(at(49), at(99), &Busy::default(), 10).await?;
    ensure!(claimed.iter().map(|pull| pull.external_id.as_str()).eq(["7"]));
    let claimed = unit.claim_pulls(at(50), at(99), &Busy::default(), 10).await?;
    ensure!(claimed.iter().map(|pull| pull.external_id.as_str()).eq(["5"]), "one is due later, one is held");
    ensure!(unit.close_pull(&held, at(10)).await?, "what is held is not asked for anew");
    unit.commit().await?;
    Ok(())
}

/// One at a time, and none is lost: who holds it may have read before the post changed once more.
pub async fn a_pull_that_is_asked_for_while_it_is_held_is_due_afterwards(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut unit = storage.begin().await?;
    unit.upsert_pull(&pull(&world, "5", 10, 10)).await?;
    let held = unit.claim_pulls(at(20), at(80), &Busy::default(), 10).await?;
    // By a clock that is behind.
    unit.upsert_pull(&pull(&world, "5", 10, 9)).await?;
    ensure!(!unit.close_pull(held.first().context("none is held")?, at(10)).await?);
    let held = unit.claim_pulls(at(20), at(80), &Busy::default(), 10).await?;
    unit.upsert_pull(&pull(&world, "5", 10, 30)).await?;
    ensure!(unit.claim_pulls(at(31), at(90), &Busy::default(), 10).await?.is_empty());
    ensure!(!unit.close_pull(held.first().context("none is held")?, at(10)).await?);
    let again = unit.claim_pulls(at(32), at(92), &Busy::default(), 10).await?;
    ensure!(unit.close_pull(again.first().context("none is due")?, at(10)).await?);
    ensure!(unit.claim_pulls(at(500), at(560), &Busy::default(), 10).await?.is_empty());
    unit.commit().await?;
    Ok(())
}
