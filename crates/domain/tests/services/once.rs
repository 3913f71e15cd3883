//! Requests that are sent again with their key.

use chrono::TimeDelta;
use igny8_integration_domain::account::{Caller, Denied, Role};
use igny8_integration_domain::content::ContentFields;
use igny8_integration_domain::service::content::CreateContent;
use igny8_integration_domain::service::integration::IntegrationView;
use igny8_integration_domain::service::{Conflict, IdempotencyKey, ServiceError};
use igny8_integration_domain::testing::CommitFault;

use crate::world::{Tenant, World, wordpress};

fn key(body: u8) -> IdempotencyKey {
    IdempotencyKey { key: "order-17".to_owned(), path: "integrations/".to_owned(), body_hash: [body; 32] }
}

async fn create(
    world: &World,
    caller: &Caller,
    shop: &Tenant,
    body: u8,
) -> Result<IntegrationView, ServiceError> {
    world.integrations.create_once(caller, &wordpress(shop.site_id), Some(&key(body))).await
}

#[tokio::test]
async fn the_same_key_and_body_answer_what_the_first_did() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let editor = world.person(&shop, Role::Editor).await?;
    let made = create(&world, &editor, &shop, 1).await?;
    let again = create(&world, &editor, &shop, 1).await?;
    assert_eq!(again.integration, made.integration);
    assert_eq!(world.events(made.integration.id).await?.len(), 1);
    let other = create(&world, &editor, &shop, 2).await;
    assert!(matches!(other, Err(ServiceError::IdempotencyKeyReused)), "{other:?}");
    Ok(())
}

#[tokio::test]
async fn a_key_is_its_senders_own_and_holds_for_a_day() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let (editor, admin) = (world.person(&shop, Role::Editor).await?, world.person(&shop, Role::Admin).await?);
    create(&world, &editor, &shop, 1).await?;
    let by_another = create(&world, &admin, &shop, 1).await;
    assert!(matches!(by_another, Err(ServiceError::Conflict(Conflict::AlreadyExists))), "{by_another:?}");
    world.clock.advance(TimeDelta::hours(24));
    let late = create(&world, &editor, &shop, 1).await;
    assert!(matches!(late, Err(ServiceError::Conflict(Conflict::AlreadyExists))), "{late:?}");
    Ok(())
}

#[tokio::test]
async fn an_answer_that_was_lost_can_be_asked_for_again() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let editor = world.person(&shop, Role::Editor).await?;
    let fields = ContentFields { title: "Ten lamps".to_owned(), ..ContentFields::default() };
    let command = CreateContent::new(shop.site_id, "post".to_owned(), fields)?.under(Some(key(1)));
    world.storage.fail_next_commit(CommitFault::AnswerLost);
    assert!(world.contents.create(&editor, &command).await.is_err());
    let made = world.contents.create(&editor, &command).await?;
    world.storage.fail_next_commit(CommitFault::Refused);
    assert_eq!(world.contents.create(&editor, &command).await?.id, made.id);
    Ok(())
}

#[tokio::test]
async fn what_was_refused_leaves_the_key_free_and_what_is_gone_is_not_made_again() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let editor = world.person(&shop, Role::Editor).await?;
    let first = world.integration(&shop).await?.integration.id;
    assert!(create(&world, &editor, &shop, 1).await.is_err());
    world.integrations.delete(&editor, first, None).await?;
    let made = create(&world, &editor, &shop, 2).await?.integration.id;
    world.integrations.delete(&editor, made, None).await?;
    let again = create(&world, &editor, &shop, 2).await;
    assert!(matches!(again, Err(ServiceError::Denied(Denied::NotFound))), "{again:?}");
    Ok(())
}
