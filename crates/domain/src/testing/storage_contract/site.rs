//! Sites, their keys and their webhook secrets.

use anyhow::ensure;

use super::Outcome;
use super::fixture::{World, at, new_site, url};
use crate::account::{Site, SiteKey, WebhookSecret};
use crate::ports::storage::{NewSite, Storage};
use crate::time::Timestamp;

async fn store_key(storage: &dyn Storage, site: &Site, hash: u8) -> anyhow::Result<SiteKey> {
    let mut unit = storage.begin().await?;
    let key = unit.insert_site_key(site, [hash; 32], at(5)).await?;
    unit.commit().await?;
    Ok(key)
}

async fn store_secret(
    storage: &dyn Storage,
    site: &Site,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
) -> anyhow::Result<WebhookSecret> {
    let sealed = vec![0, 255, 7];
    let secret =
        WebhookSecret { account_id: site.account_id, site_id: site.id, sealed, created_at, expires_at };
    let mut unit = storage.begin().await?;
    unit.insert_webhook_secret(&secret).await?;
    unit.commit().await?;
    Ok(secret)
}

/// Addresses of sites are not unique: the account's oldest one is found.
pub async fn the_oldest_site_of_an_address_is_found(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let stranger = World::make(storage, "Other").await?;
    let mut unit = storage.begin().await?;
    let twin = unit.insert_site(new_site(&world.account, "Twin")?).await?;
    let address = url("https://shop.example:8443/Läden")?;
    let new = NewSite { url: address.clone(), ..new_site(&world.account, "Läden 🛍")? };
    let elsewhere = unit.insert_site(new).await?;
    unit.commit().await?;
    let mut unit = storage.read().await?;
    ensure!(twin.url == world.site.url);
    ensure!(unit.find_site_by_url(world.account.id, &twin.url).await? == Some(world.site));
    ensure!(unit.find_site_by_url(stranger.account.id, &twin.url).await? == Some(stranger.site));
    ensure!(unit.find_site_by_url(world.account.id, &address).await? == Some(elsewhere.clone()));
    ensure!(unit.find_site_by_url(stranger.account.id, &address).await? == None);
    ensure!(unit.find_site(elsewhere.id).await? == Some(elsewhere));
    Ok(())
}

/// A key opens by its hash; whether it still holds is the caller's to judge.
pub async fn a_key_is_found_by_its_hash_expired_or_not(storage: &dyn Storage) -> Outcome {
    let site = World::make(storage, "Acme").await?.site;
    let old = store_key(storage, &site, 0).await?;
    let new = store_key(storage, &site, 255).await?;
    ensure!(old.site_id == site.id && old.account_id == site.account_id && old.hash == [0; 32]);
    ensure!(old.created_at == at(5) && old.expires_at.is_none());
    let mut unit = storage.begin().await?;
    unit.expire_site_keys(site.id, &new, at(6)).await?;
    unit.commit().await?;
    let mut unit = storage.read().await?;
    ensure!(unit.find_site_key([0; 32]).await? == Some(SiteKey { expires_at: Some(at(6)), ..old }));
    ensure!(unit.find_site_key([255; 32]).await? == Some(new));
    ensure!(unit.find_site_key([1; 32]).await? == None);
    Ok(())
}

/// The kept key, other sites' keys and keys that end earlier stay as they are.
pub async fn expiring_keys_spares_the_kept_one_and_prolongs_none(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let (other_site, _) = world.add_site(storage, "Other").await?;
    store_key(storage, &world.site, 1).await?;
    let second = store_key(storage, &world.site, 2).await?;
    let third = store_key(storage, &world.site, 3).await?;
    store_key(storage, &other_site, 4).await?;
    let mut unit = storage.begin().await?;
    unit.expire_site_keys(world.site.id, &third, at(100)).await?;
    unit.expire_site_keys(world.site.id, &third, at(200)).await?;
    unit.expire_site_keys(world.site.id, &second, at(50)).await?;
    unit.commit().await?;
    let mut unit = storage.read().await?;
    let mut ends = Vec::new();
    for hash in 1..=4 {
        ends.push(unit.find_site_key([hash; 32]).await?.and_then(|key| key.expires_at));
    }
    ensure!(ends == [Some(at(50)), Some(at(100)), Some(at(50)), None]);
    Ok(())
}

/// A secret holds until just before it ends.
pub async fn secrets_that_hold_are_listed_newest_first(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let (other_site, _) = world.add_site(storage, "Other").await?;
    let oldest = store_secret(storage, &world.site, at(1), Some(at(100))).await?;
    let newest = store_secret(storage, &world.site, at(3), None).await?;
    let middle = store_secret(storage, &world.site, at(2), Some(at(50))).await?;
    store_secret(storage, &other_site, at(4), None).await?;
    let mut unit = storage.read().await?;
    let site = world.site.id;
    ensure!(unit.list_webhook_secrets(site, at(49)).await? == [newest.clone(), middle, oldest.clone()]);
    ensure!(unit.list_webhook_secrets(site, at(50)).await? == [newest.clone(), oldest]);
    ensure!(unit.list_webhook_secrets(site, at(100)).await? == [newest]);
    Ok(())
}

/// Secrets made before an instant end; those that end earlier anyway do not hold longer.
pub async fn expiring_secrets_ends_the_older_ones_and_prolongs_none(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let (other_site, _) = world.add_site(storage, "Other").await?;
    store_secret(storage, &world.site, at(1), Some(at(10))).await?;
    store_secret(storage, &world.site, at(2), None).await?;
    store_secret(storage, &world.site, at(3), None).await?;
    store_secret(storage, &other_site, at(1), None).await?;
    let mut unit = storage.begin().await?;
    unit.expire_webhook_secrets(world.site.id, at(3), at(50)).await?;
    unit.commit().await?;
    let mut unit = storage.read().await?;
    let held: Vec<_> = unit.list_webhook_secrets(world.site.id, at(5)).await?;
    let ends: Vec<_> = held.into_iter().map(|secret| secret.expires_at).collect();
    ensure!(ends == [None, Some(at(50)), Some(at(10))]);
    ensure!(unit.list_webhook_secrets(other_site.id, at(60)).await?.len() == 1);
    Ok(())
}

/// Somebody who resealed it in between is not overwritten.
pub async fn a_secret_is_resealed_only_where_it_still_is_the_old_one(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let secret = store_secret(storage, &world.site, at(1), None).await?;
    let later = store_secret(storage, &world.site, at(2), None).await?;
    let mut unit = storage.begin().await?;
    ensure!(unit.reseal_webhook_secret(&secret, &[1, 0, 2]).await?);
    ensure!(!unit.reseal_webhook_secret(&secret, &[9]).await?);
    unit.commit().await?;
    let mut unit = storage.read().await?;
    let resealed = WebhookSecret { sealed: vec![1, 0, 2], ..secret };
    ensure!(unit.list_webhook_secrets(world.site.id, at(3)).await? == [later, resealed]);
    Ok(())
}

/// For re-encryption: every site's secrets, expired ones too.
pub async fn all_secrets_are_listed_by_site(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let (second_site, _) = world.add_site(storage, "Second").await?;
    let second = store_secret(storage, &second_site, at(1), Some(at(2))).await?;
    let first = store_secret(storage, &world.site, at(9), None).await?;
    let mut unit = storage.read().await?;
    ensure!(unit.list_all_webhook_secrets(None, 10).await? == [first.clone(), second.clone()]);
    ensure!(unit.list_all_webhook_secrets(None, 1).await? == [first]);
    ensure!(unit.list_all_webhook_secrets(Some(world.site.id), 10).await? == [second]);
    ensure!(unit.list_all_webhook_secrets(Some(second_site.id), 10).await? == []);
    Ok(())
}
