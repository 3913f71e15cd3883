use std::time::Duration;

use anyhow::bail;
use rstest::rstest;
use serde_json::json;

use super::{integration, made};
use crate::harness::{Backend, Client, Service};

/// Waits until a list is empty.
async fn emptied(client: &Client, path: &str) -> anyhow::Result<()> {
    for _ in 0..600 {
        if client.get(path).await?.expect(200)?["results"].as_array().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("{}", client.get(path).await?.text)
}

#[rstest]
#[tokio::test]
async fn what_is_older_than_an_operator_keeps_is_forgotten(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service =
        Service::on(backend).argument("--no-worker").env("IGNY8_EVENT_RETENTION", "1s").start().await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let mut body = integration(&tenant);
    body["config_json"]["site_url"] = json!("http://127.0.0.1:9");
    let made = tenant.owner.post("integrations/", &body).await?;
    let path = format!("integrations/{}/", made.expect(201)?["id"]);
    let (runs, events) = (format!("{path}runs/"), format!("{path}events/"));
    let ended = tenant.owner.post(&format!("{path}sync/"), &json!({})).await?.expect(202)?["id"].clone();
    tenant.owner.post(&format!("{runs}{ended}/cancel/"), &json!({})).await?.expect(202)?;
    assert_eq!(tenant.owner.get(&runs).await?.expect(200)?["results"].as_array().map(Vec::len), Some(1));
    let _worker = service.worker()?;
    emptied(&tenant.owner, &runs).await?;
    emptied(&tenant.owner, &events).await?;
    tenant.owner.get(&path).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn what_is_young_enough_stays() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let path = format!("integrations/{}/", made(&tenant).await?.body["id"]);
    assert!(!service.log()?.contains("forgotten"));
    let events = tenant.owner.get(&format!("{path}events/")).await?;
    assert_eq!(events.expect(200)?["results"].as_array().map(Vec::len), Some(1));
    Ok(())
}
