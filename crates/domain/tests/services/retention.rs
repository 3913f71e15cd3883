//! What is old enough is forgotten.

use std::sync::Arc;

use chrono::TimeDelta;
use igny8_integration_domain::account::Role;
use igny8_integration_domain::service::{Forgotten, IdempotencyKey, RetentionService};

use crate::world::{World, wordpress};

#[tokio::test]
async fn a_key_is_forgotten_when_it_is_of_no_use_any_more_although_its_account_sends_no_other()
-> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let editor = world.person(&shop, Role::Editor).await?;
    let key =
        IdempotencyKey { key: "order-17".to_owned(), path: "integrations/".to_owned(), body_hash: [1; 32] };
    world.integrations.create_once(&editor, &wordpress(shop.site_id), Some(&key)).await?;
    let keep = TimeDelta::days(90);
    let retention = RetentionService::new(Arc::new(world.storage.clone()), world.clock.clone(), keep);
    world.clock.advance(TimeDelta::hours(24));
    assert_eq!(retention.forget().await?, Forgotten::default(), "it holds for a day");
    world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(retention.forget().await?, Forgotten { receipts: 1, ..Forgotten::default() });
    assert_eq!(retention.forget().await?, Forgotten::default());
    Ok(())
}
