//! Deliveries that are signed, and those that should be.

use chrono::TimeDelta;
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::storage::Storage as _;
use igny8_integration_domain::service::{ServiceError, WebhookError};
use igny8_integration_domain::webhook::{Outcome, SignatureError, SignatureHeaders};

use crate::world::{World, operator};

#[tokio::test]
async fn a_signed_delivery_holds_and_keeps_its_id_over_attempts() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    let told = world.told(&ids[0], 1);
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        outcomes.push(world.deliver_as("msg_1", &told).await?.outcome);
        world.clock.advance(TimeDelta::minutes(10));
    }
    assert_eq!(outcomes, vec![Outcome::Applied, Outcome::Duplicate]);
    Ok(())
}

#[tokio::test]
async fn a_late_or_forged_delivery_is_refused_and_counted_and_so_is_an_unsigned_one_of_a_site_that_signs()
-> anyhow::Result<()> {
    let (world, _) = World::pulled(1).await?;
    let timestamp = (world.clock.now() - TimeDelta::minutes(7)).timestamp().to_string();
    let signature = world.sign("msg_1", &timestamp, b"{}")?;
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
