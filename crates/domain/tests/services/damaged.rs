//! Rows whose credentials cannot be opened, among others: each harms itself alone, and can be healed or deleted.

use std::sync::Arc;

use anyhow::Context as _;
use chrono::TimeDelta;
use igny8_integration_domain::event::Actor;
use igny8_integration_domain::id::IntegrationId;
use igny8_integration_domain::integration::SealedCredentials;
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::platform::Platforms;
use igny8_integration_domain::ports::storage::{IntegrationFilter, PageRequest, Storage};
use igny8_integration_domain::service::integration::PatchIntegration;
use igny8_integration_domain::service::run::{ExecutorPorts, RunExecutor};
use igny8_integration_domain::service::sync::SyncService;
use igny8_integration_domain::sync::RunStatus;
use igny8_integration_domain::testing::{CountingQueue, ScriptedPlatform, ScriptedSite, SequentialRandom};
use secrecy::ExposeSecret;

use crate::world::{KEY, World, operator, url};

async fn damage(
    world: &World,
    id: IntegrationId,
    how: impl FnOnce(Vec<u8>) -> Vec<u8>,
) -> anyhow::Result<Vec<u8>> {
    let mut unit = world.storage.begin().await?;
    let mut row = unit.lock_integration(id).await?.context("the row")?;
    let before = std::mem::replace(&mut row.credentials, SealedCredentials(Vec::new())).0;
    row.credentials = SealedCredentials(how(before.clone()));
    unit.update_integration(&row).await?;
    unit.commit().await?;
    Ok(before)
}

/// Five integrations of five accounts: the first two swapped, a bit of the third flipped, the fourth cut short.
async fn five(world: &World) -> anyhow::Result<Vec<IntegrationId>> {
    let mut ids = Vec::new();
    for name in ["one", "two", "three", "four", "five"] {
        ids.push(world.integration(&world.tenant(name).await?).await?.integration.id);
    }
    let first = damage(world, ids[0], |sealed| sealed).await?;
    let second = damage(world, ids[1], |_| first).await?;
    damage(world, ids[0], |_| second).await?;
    damage(world, ids[2], |mut sealed| {
        sealed[0] ^= 1;
        sealed
    })
    .await?;
    damage(world, ids[3], |sealed| sealed[..5].to_vec()).await?;
    Ok(ids)
}

#[tokio::test]
async fn damaged_and_swapped_rows_break_no_list_open_nothing_and_heal() -> anyhow::Result<()> {
    let world = World::new();
    let ids = five(&world).await?;
    let page = PageRequest { page: 1, page_size: 10 };
    let page = world.integrations.list(&operator(), IntegrationFilter::default(), page).await?;
    let unreadable: Vec<bool> = page.items.iter().map(|view| view.unreadable).collect();
    assert_eq!(unreadable, [true, true, true, true, false]);
    for id in &ids[..4] {
        let view = world.integrations.get(&operator(), *id).await?;
        assert!(view.api_key.is_none(), "a row that was swapped does not open");
        let error = view.integration.sync_error.context("an error")?;
        assert!(error.code == "credentials_unreadable" && !error.message.contains(KEY));
        let report = world.connections.test_connection(&operator(), *id).await?;
        assert_eq!((report.success, report.code.as_str()), (false, "credentials_unreadable"));
    }
    let mut new = PatchIntegration::default();
    new.credentials.api_key = Some(Some("another-key-12".into()));
    let healed = world.integrations.patch(&operator(), ids[0], None, &new).await?;
    assert_eq!(healed.api_key.as_ref().map(ExposeSecret::expose_secret), Some("another-key-12"));
    for id in ids {
        world.integrations.delete(&operator(), id, None).await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_schedule_goes_on_with_the_others() -> anyhow::Result<()> {
    let world = World::new();
    let ids = five(&world).await?;
    let platform = ScriptedPlatform::new();
    for name in ["one", "two", "three", "four", "five"] {
        let site = ScriptedSite::new(url(&format!("https://{name}.example"))?, world.clock.clone());
        site.set_api_key(KEY);
        platform.add(&site);
    }
    let (storage, every): (Arc<dyn Storage>, _) = (Arc::new(world.storage.clone()), TimeDelta::minutes(15));
    let platforms = Platforms::default().with(Arc::new(platform));
    let queue = Arc::new(CountingQueue::default());
    let runs = SyncService::new(storage.clone(), platforms.clone(), queue, world.clock.clone(), Some(every));
    world.clock.advance(TimeDelta::minutes(16));
    assert_eq!(runs.queue_due().await?, 5);
    let ports = ExecutorPorts {
        storage,
        platforms,
        cipher: world.cipher.clone(),
        clock: world.clock.clone(),
        random: Arc::new(SequentialRandom::default()),
    };
    let executor = RunExecutor::new(ports, TimeDelta::seconds(30), Some(every));
    let mut ended = 0;
    while let Some(run) = executor.claim("node", None).await? {
        assert_eq!(run.actor, Actor::SCHEDULE);
        executor.execute(run).await?;
        ended += 1;
    }
    assert_eq!(ended, 5);
    for (at, id) in ids.iter().enumerate() {
        let row = world.storage.read().await?.find_integration(*id).await?.context("the row")?;
        let expected = if at == 4 { RunStatus::Succeeded } else { RunStatus::Failed };
        let last = world.storage.read().await?.find_last_run(*id).await?.context("a run")?;
        assert_eq!(last.status, expected);
        assert!(row.is_active && row.next_sync_at.is_some_and(|next| next > world.clock.now()));
    }
    Ok(())
}
