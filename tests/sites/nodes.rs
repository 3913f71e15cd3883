//! Who works on a run: a worker alone, another node, or the command that asked for it.

use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::json;

use super::Connected;
use crate::harness::{Backend, Service, small_site};

async fn without_worker(backend: Backend) -> anyhow::Result<Connected> {
    let service = Service::on(backend).argument("--no-worker").start().await?;
    Connected::with(service, small_site().await?)
}

#[rstest]
#[tokio::test]
async fn a_worker_alone_does_what_a_serve_without_one_is_asked(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let connected = without_worker(backend).await?;
    let id = connected.start(json!({ "direction": "from_external" })).await?;
    assert_eq!(connected.run(&id).await?["status"], "queued");
    let worker = connected.service.worker()?;
    let run = connected.ended(&id).await?;
    assert_eq!((&run["status"], &run["progress"]["created"]), (&json!("succeeded"), &json!(15)), "{run}");
    drop(worker);
    Ok(())
}

#[tokio::test]
async fn a_lost_workers_run_is_taken_over_within_one_lease_and_two_seconds() -> anyhow::Result<()> {
    let connected = without_worker(Backend::Postgres).await?;
    connected.site.slow_down(Duration::from_millis(500))?;
    let id = connected.start(json!({ "direction": "from_external" })).await?;
    let lost = connected.service.worker()?;
    connected.wait_for(&id, |run| run["status"] == "running").await?;
    let other = connected.service.worker()?;
    drop(lost);
    let killed = Instant::now();
    connected.wait_for(&id, |run| run["attempt"] == 2).await?;
    // The lease is 2 s; the rest is what this test's own machine takes.
    assert!(killed.elapsed() < Duration::from_secs(2 + 2 + 1), "{:?}", killed.elapsed());
    connected.site.full_speed()?;
    let run = connected.ended(&id).await?;
    assert_eq!((&run["status"], &run["progress"]["created"]), (&json!("succeeded"), &json!(15)), "{run}");
    drop(other);
    Ok(())
}

#[tokio::test]
async fn sync_wait_works_on_the_run_itself_where_no_worker_is_alive() -> anyhow::Result<()> {
    let connected = without_worker(Backend::Sqlite).await?;
    let integration = connected.integration.to_string();
    let command = ["sync", &integration, "--direction", "from_external", "--wait", "--json"];
    let run = connected.service.run(&command)?.json()?;
    assert_eq!((&run["status"], &run["trigger"]), (&json!("succeeded"), &json!("cli")), "{run}");
    assert_eq!(run["progress"]["created"], 15, "{run}");
    Ok(())
}

#[tokio::test]
async fn sync_wait_stays_with_a_run_that_a_worker_does() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    let integration = connected.integration.to_string();
    let run = connected.service.run(&["sync", &integration, "--wait", "--json"])?.json()?;
    assert_eq!(run["status"], "succeeded", "{run}");
    Ok(())
}

#[tokio::test]
async fn sync_wait_fails_where_the_run_does() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    let path = format!("integrations/{}/", connected.integration);
    let wrong = json!({ "credentials_json": { "api_key": "not-the-sites-key-0" } });
    connected.owner()?.patch(&path, &wrong).await?.expect(200)?;
    let integration = connected.integration.to_string();
    let finished = connected.service.run(&["sync", &integration, "--wait", "--json"])?;
    assert!(finished.failure()?.contains("ended failed"), "{finished:?}");
    let run: serde_json::Value = serde_json::from_str(&finished.stdout)?;
    assert_eq!(run["status"], "failed", "{run}");
    Ok(())
}
