//! Testing a stored integration.

use std::sync::Arc;

use anyhow::Context as _;
use chrono::TimeDelta;
use igny8_integration_domain::account::{Denied, Role};
use igny8_integration_domain::event::Action;
use igny8_integration_domain::id::IntegrationId;
use igny8_integration_domain::integration::{
    Credentials, Integration, PlatformName, StatusError, SyncStatus,
};
use igny8_integration_domain::ports::storage::Storage as _;
use igny8_integration_domain::service::ServiceError;
use igny8_integration_domain::service::integration::{CreateIntegration, PatchIntegration};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::platform::{failed, good};
use crate::world::{KEY, World, operator, url, wordpress};

/// An integration whose last run was partly done.
async fn after_a_run(world: &World) -> anyhow::Result<IntegrationId> {
    let tenant = world.tenant("shop").await?;
    let id = world.integration(&tenant).await?.integration.id;
    let mut unit = world.storage.begin().await?;
    let mut integration = unit.lock_integration(id).await?.context("it was made")?;
    integration.sync_status = SyncStatus::Partial;
    integration.run_status = SyncStatus::Partial;
    unit.update_integration(&integration).await?;
    unit.commit().await?;
    Ok(id)
}

async fn stored(world: &World, id: IntegrationId) -> anyhow::Result<Integration> {
    world.storage.read().await?.find_integration(id).await?.context("it is there")
}

#[tokio::test]
async fn a_failed_test_says_so_and_a_good_one_puts_back_what_the_last_run_left() -> anyhow::Result<()> {
    let world = World::new();
    let id = after_a_run(&world).await?;
    world.platform.answer(failed("the name\ncan't be found"));
    let report = world.connections.test_connection(&operator(), id).await?;
    assert!(!report.success);
    let after = stored(&world, id).await?;
    assert_eq!(after.sync_status, SyncStatus::Failed);
    assert_eq!(after.sync_error, Some(StatusError::new("dns_not_found", "the name\ncan't be found")));
    assert_eq!(after.platform_state, Value::Null);
    world.connections.test_connection(&operator(), id).await?;
    let after = stored(&world, id).await?;
    assert_eq!((after.sync_status, after.sync_error), (SyncStatus::Partial, None));
    assert_eq!(after.platform_state, good().state);
    Ok(())
}

#[tokio::test]
async fn each_test_leaves_a_line_of_history_with_its_duration() -> anyhow::Result<()> {
    let world = Arc::new(World::new());
    let id = after_a_run(&world).await?;
    world.platform.answer(failed("the name\n can't be found"));
    let clock = world.clock.clone();
    world.platform.meanwhile(async move {
        clock.advance(TimeDelta::milliseconds(1500));
        Ok(())
    });
    world.connections.test_connection(&operator(), id).await?;
    let events = world.events(id).await?;
    let event = events.last().context("it left one")?;
    assert_eq!((event.action, event.success), (Action::TestConnection, false));
    assert_eq!(event.duration_ms, Some(1500));
    assert_eq!(event.error_code.as_deref(), Some("dns_not_found"));
    assert_eq!(event.error_message.as_deref(), Some("the name can't be found"));
    assert_eq!(event.details["checks"][0]["name"], "dns");
    Ok(())
}

#[tokio::test]
async fn the_site_is_called_with_what_is_stored() -> anyhow::Result<()> {
    let world = World::new();
    let id = after_a_run(&world).await?;
    world.connections.test_connection(&operator(), id).await?;
    world.connections.test_connection(&operator(), id).await?;
    let calls = world.platform.connections();
    assert_eq!(calls[0].integration_id, Some(id));
    assert_eq!(calls[0].site_url, url("https://shop.example")?);
    let key = calls[0].credentials.api_key.as_ref().map(ExposeSecret::expose_secret);
    assert_eq!(key, Some(KEY));
    assert_eq!((&calls[0].state, &calls[1].state), (&Value::Null, &good().state));
    Ok(())
}

#[tokio::test]
async fn credentials_that_cannot_be_opened_fail_the_test_without_a_call() -> anyhow::Result<()> {
    let world = World::new();
    let id = after_a_run(&world).await?;
    world.cipher.rotate();
    world.cipher.forget_older_keys();
    let report = world.connections.test_connection(&operator(), id).await?;
    assert_eq!((report.success, report.code.as_str()), (false, "credentials_unreadable"));
    assert_eq!(stored(&world, id).await?.sync_status, SyncStatus::Failed);
    assert!(world.platform.connections().is_empty());
    Ok(())
}

#[tokio::test]
async fn what_was_found_of_old_credentials_says_nothing_of_new_ones() -> anyhow::Result<()> {
    let world = Arc::new(World::new());
    let id = after_a_run(&world).await?;
    let mut patch = PatchIntegration::default();
    patch.credentials.api_key = Some(Some("another-key".into()));
    let there = world.clone();
    world.platform.meanwhile(async move {
        there.integrations.patch(&operator(), id, None, &patch).await?;
        Ok(())
    });
    world.platform.answer(failed("the key is refused"));
    world.connections.test_connection(&operator(), id).await?;
    let after = stored(&world, id).await?;
    assert_eq!((after.sync_status, after.sync_error), (SyncStatus::Partial, None));
    assert_eq!(world.events(id).await?.last().map(|event| event.success), Some(false));
    Ok(())
}

#[tokio::test]
async fn a_rotation_of_the_encryption_meanwhile_changes_nothing_of_the_answer() -> anyhow::Result<()> {
    let world = Arc::new(World::new());
    let id = after_a_run(&world).await?;
    let there = world.clone();
    world.platform.meanwhile(async move {
        there.cipher.rotate();
        there.rotation.rotate().await?;
        Ok(())
    });
    world.platform.answer(failed("the key is refused"));
    world.connections.test_connection(&operator(), id).await?;
    assert_eq!(stored(&world, id).await?.sync_status, SyncStatus::Failed);
    Ok(())
}

#[tokio::test]
async fn one_that_is_deleted_meanwhile_is_not_found() -> anyhow::Result<()> {
    let world = Arc::new(World::new());
    let id = after_a_run(&world).await?;
    let there = world.clone();
    world.platform.meanwhile(async move { Ok(there.integrations.delete(&operator(), id, None).await?) });
    let outcome = world.connections.test_connection(&operator(), id).await;
    assert!(matches!(outcome, Err(ServiceError::Denied(Denied::NotFound))), "{outcome:?}");
    Ok(())
}

#[tokio::test]
async fn a_platform_without_an_adapter_is_not_supported_for_those_who_may_ask() -> anyhow::Result<()> {
    let world = World::new();
    let (shop, agency) = (world.tenant("shop").await?, world.tenant("agency").await?);
    let custom = CreateIntegration {
        platform: PlatformName::Custom,
        credentials: Credentials::default(),
        ..wordpress(shop.site_id)
    };
    let id = world.integrations.create(&operator(), &custom).await?.integration.id;
    let outcome = world.connections.test_connection(&operator(), id).await;
    assert!(matches!(outcome, Err(ServiceError::PlatformNotSupported)));
    for (tenant, role, expected) in
        [(&shop, Role::Viewer, Denied::InsufficientRole), (&agency, Role::Owner, Denied::NotFound)]
    {
        let outcome = world.connections.test_connection(&world.person(tenant, role).await?, id).await;
        assert!(matches!(outcome, Err(ServiceError::Denied(denied)) if denied == expected));
    }
    Ok(())
}
