//! Making them.

use igny8_integration_domain::account::{Denied, Role};
use igny8_integration_domain::event::Action;
use igny8_integration_domain::integration::{ConflictPolicy, Credentials, PlatformName};
use igny8_integration_domain::ports::storage::{IntegrationFilter, PageRequest};
use igny8_integration_domain::service::account::AccountChange;
use igny8_integration_domain::service::integration::CreateIntegration;
use igny8_integration_domain::service::{Conflict, ServiceError};
use igny8_integration_domain::testing::CommitFault;
use secrecy::ExposeSecret;

use crate::world::{KEY, World, operator, problems, url, wordpress};

#[tokio::test]
async fn a_new_integration_takes_the_sites_address_and_the_accounts_policy() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let policy = Some(ConflictPolicy::PreferWordpress);
    let change = AccountChange { conflict_policy: policy, is_active: None };
    world.accounts.set_account(shop.account_id, change).await?;
    let editor = world.person(&shop, Role::Editor).await?;
    let made = world.integrations.create(&editor, &wordpress(shop.site_id)).await?;
    let read = world.integrations.get(&editor, made.integration.id).await?;
    assert_eq!(read.integration, made.integration);
    assert_eq!(made.integration.site_url.as_str(), "https://shop.example");
    assert_eq!(made.integration.conflict_policy, ConflictPolicy::PreferWordpress);
    assert_eq!(read.api_key.as_ref().map(ExposeSecret::expose_secret), Some(KEY));
    let events = world.events(made.integration.id).await?;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].action, events[0].actor), (Action::Created, editor.actor()));
    Ok(())
}

#[tokio::test]
async fn what_was_asked_for_comes_before_the_defaults() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let command = CreateIntegration {
        site_url: Some(url("https://other.example/blog/")?),
        sync_enabled: false,
        conflict_policy: Some(ConflictPolicy::PreferIgny8),
        ..wordpress(shop.site_id)
    };
    let made = world.integrations.create(&operator(), &command).await?.integration;
    assert_eq!(made.site_url.as_str(), "https://other.example/blog");
    assert_eq!((made.sync_enabled, made.conflict_policy), (false, ConflictPolicy::PreferIgny8));
    assert_eq!(made.next_sync_at, None);
    Ok(())
}

#[tokio::test]
async fn a_site_has_one_integration_for_each_platform() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let first = world.integration(&shop).await?.integration;
    let again = world.integrations.create(&operator(), &wordpress(shop.site_id)).await;
    assert!(matches!(again, Err(ServiceError::Conflict(Conflict::AlreadyExists))));
    let shopify = CreateIntegration {
        platform: PlatformName::Shopify,
        credentials: Credentials::default(),
        ..wordpress(shop.site_id)
    };
    world.integrations.create(&operator(), &shopify).await?;
    assert_eq!(world.integrations.get(&operator(), first.id).await?.integration, first);
    Ok(())
}

#[tokio::test]
async fn of_many_that_are_made_at_once_one_is_made() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let (operator, command) = (operator(), wordpress(shop.site_id));
    let make = || world.integrations.create(&operator, &command);
    let (a, b, c) = tokio::join!(make(), make(), make());
    assert_eq!([a, b, c].iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let page = PageRequest { page: 1, page_size: 25 };
    assert_eq!(world.integrations.list(&operator, IntegrationFilter::default(), page).await?.count, 1);
    Ok(())
}

#[tokio::test]
async fn a_body_is_judged_before_the_site_that_it_names() -> anyhow::Result<()> {
    let world = World::new();
    let (shop, agency) = (world.tenant("shop").await?, world.tenant("agency").await?);
    let editor = world.person(&shop, Role::Editor).await?;
    let without_key = CreateIntegration { credentials: Credentials::default(), ..wordpress(agency.site_id) };
    let refused = world.integrations.create(&editor, &without_key).await;
    assert_eq!(problems(refused)?, ["credentials_json.api_key: required"]);
    for site in [agency.site_id, 999.try_into()?] {
        let refused = world.integrations.create(&editor, &wordpress(site)).await;
        assert!(matches!(refused, Err(ServiceError::Denied(Denied::NotFound))));
    }
    let viewer = world.person(&shop, Role::Viewer).await?;
    let refused = world.integrations.create(&viewer, &without_key).await;
    assert!(matches!(refused, Err(ServiceError::Denied(Denied::InsufficientRole))));
    Ok(())
}

#[tokio::test]
async fn one_whose_commit_failed_is_not_there() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    world.storage.fail_next_commit(CommitFault::Refused);
    let refused = world.integrations.create(&operator(), &wordpress(shop.site_id)).await;
    assert!(matches!(refused, Err(ServiceError::Unavailable(_))));
    assert!(world.integrations.create(&operator(), &wordpress(shop.site_id)).await.is_ok());
    Ok(())
}
