//! Rotation of the keys that secrets are encrypted under.

use anyhow::Context as _;
use chrono::TimeDelta;
use igny8_integration_domain::ports::CredentialCipher as _;
use igny8_integration_domain::ports::storage::Storage as _;
use igny8_integration_domain::service::RotationReport;
use secrecy::ExposeSecret;

use crate::world::{KEY, World, operator};

#[tokio::test]
async fn everything_is_sealed_anew_and_opens_without_the_old_key() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let id = world.integration(&shop).await?.integration.id;
    let secret = world.accounts.rotate_webhook_secret(shop.site_id, false).await?;
    world.cipher.rotate();
    let report = world.rotation.rotate().await?;
    assert_eq!(report, RotationReport { rotated: 3, ..RotationReport::default() });
    world.cipher.forget_older_keys();
    let view = world.integrations.get(&operator(), id).await?;
    assert_eq!(view.api_key.as_ref().map(ExposeSecret::expose_secret), Some(KEY));
    let secrets = world.storage.read().await?.list_all_webhook_secrets(None, 10).await?;
    let newest = secrets.last().context("there are two")?;
    assert_eq!(newest.open(&*world.cipher)?.expose_secret(), secret.expose_secret());
    let again = world.rotation.rotate().await?;
    assert_eq!(again, RotationReport { current: 3, ..RotationReport::default() });
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_opened_is_said_and_left_as_it_is() -> anyhow::Result<()> {
    let world = World::new();
    let (shop, agency) = (world.tenant("shop").await?, world.tenant("agency").await?);
    let broken = world.integration(&shop).await?.integration;
    world.cipher.rotate();
    world.cipher.forget_older_keys();
    world.integration(&agency).await?;
    world.cipher.rotate();
    let report = world.rotation.rotate().await?;
    let expected = RotationReport {
        rotated: 1,
        current: 0,
        unreadable_integrations: vec![broken.id],
        unreadable_webhook_secrets: vec![shop.site_id, agency.site_id],
    };
    assert_eq!(report, expected);
    let stored = world.storage.read().await?.find_integration(broken.id).await?;
    assert_eq!(stored, Some(broken));
    Ok(())
}

#[tokio::test]
async fn rows_of_many_batches_are_all_reached() -> anyhow::Result<()> {
    let world = World::new();
    for number in 0..130 {
        world.integration(&world.tenant(&format!("shop{number}")).await?).await?;
    }
    world.cipher.rotate();
    assert_eq!(world.rotation.rotate().await?.rotated, 260);
    Ok(())
}

#[tokio::test]
async fn a_site_with_more_secrets_than_a_batch_has_all_of_them_sealed() -> anyhow::Result<()> {
    let world = World::new();
    let first = world.tenant("shop").await?;
    world.tenant("agency").await?;
    for _ in 0..150 {
        world.clock.advance(TimeDelta::seconds(1));
        world.accounts.rotate_webhook_secret(first.site_id, false).await?;
    }
    world.cipher.rotate();
    assert_eq!(world.rotation.rotate().await?.rotated, 152);
    let secrets = world.storage.read().await?.list_all_webhook_secrets(None, 1000).await?;
    assert!(secrets.iter().all(|secret| world.cipher.is_current(&secret.sealed)));
    Ok(())
}
