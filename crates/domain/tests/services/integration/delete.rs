//! Deleting them, and where their syncing stands.

use anyhow::Context as _;
use chrono::TimeDelta;
use igny8_integration_domain::account::Denied;
use igny8_integration_domain::event::Actor;
use igny8_integration_domain::integration::Integration;
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::storage::{Queued, Storage as _, StorageError};
use igny8_integration_domain::service::ServiceError;
use igny8_integration_domain::sync::{Direction, NewRun, RunOptions, RunStatus, SyncRun, Trigger};

use crate::world::{World, operator};

/// A run that a worker holds.
async fn running(world: &World, integration: &Integration) -> anyhow::Result<SyncRun> {
    let now = world.clock.now();
    let mut unit = world.storage.begin().await?;
    let queued = unit
        .insert_run(&NewRun {
            account_id: integration.account_id,
            site_id: integration.site_id,
            integration_id: integration.id,
            direction: Direction::Both,
            trigger: Trigger::Api,
            actor: Actor::CLI,
            options: RunOptions::default(),
            queued_at: now,
        })
        .await?;
    anyhow::ensure!(matches!(queued, Queued::New(_)));
    let run = unit.claim_run(None, "node", now, now + TimeDelta::seconds(30)).await?;
    unit.commit().await?;
    run.context("it was claimed")
}

#[tokio::test]
async fn a_deleted_integration_is_gone_and_makes_room_for_another() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let integration = world.integration(&shop).await?.integration;
    world.integrations.delete(&operator(), integration.id, Some(integration.version)).await?;
    for outcome in [
        world.integrations.get(&operator(), integration.id).await.err(),
        world.integrations.delete(&operator(), integration.id, None).await.err(),
    ] {
        assert!(matches!(outcome, Some(ServiceError::Denied(Denied::NotFound))), "{outcome:?}");
    }
    assert_ne!(world.integration(&shop).await?.integration.id, integration.id);
    Ok(())
}

#[tokio::test]
async fn the_worker_of_a_deleted_integration_can_record_nothing_more() -> anyhow::Result<()> {
    let world = World::new();
    let integration = world.integration(&world.tenant("shop").await?).await?.integration;
    let run = running(&world, &integration).await?;
    world.integrations.delete(&operator(), integration.id, None).await?;
    let recorded = world.storage.begin().await?.record_run(&run).await;
    assert!(matches!(recorded, Err(StorageError::Conflict)), "{recorded:?}");
    Ok(())
}

#[tokio::test]
async fn where_syncing_stands_tells_the_run_under_way_and_the_last_one() -> anyhow::Result<()> {
    let world = World::new();
    let integration = world.integration(&world.tenant("shop").await?).await?.integration;
    let status = world.integrations.sync_status(&operator(), integration.id).await?;
    assert!(status.current_run.is_none() && status.last_run.is_none());
    let mut run = running(&world, &integration).await?;
    let status = world.integrations.sync_status(&operator(), integration.id).await?;
    assert_eq!(status.current_run.as_ref().map(|run| run.id), Some(run.id));
    run.status = RunStatus::Succeeded;
    run.finished_at = Some(world.clock.now());
    let mut unit = world.storage.begin().await?;
    unit.record_run(&run).await?;
    unit.commit().await?;
    let status = world.integrations.sync_status(&operator(), integration.id).await?;
    assert!(status.current_run.is_none());
    assert_eq!(status.last_run.map(|run| run.id), Some(run.id));
    Ok(())
}
