use rstest::rstest;
use serde_json::{Value, json};

use super::{integration, made};
use crate::harness::{Backend, Client, Service};

async fn status(client: &Client, path: &str) -> anyhow::Result<Value> {
    Ok(client.get(&format!("{path}debug_status/")).await?.expect(200)?.clone())
}

fn codes(status: &Value) -> Vec<&str> {
    let reasons = status["health"]["reasons"].as_array().into_iter().flatten();
    reasons.filter_map(|reason| reason["code"].as_str()).collect()
}

#[rstest]
#[tokio::test]
async fn a_connection_that_was_never_used_is_unknown(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let path = format!("integrations/{}/", made(&tenant).await?.body["id"]);
    let status = status(&tenant.owner, &path).await?;
    assert_eq!(status["health"]["verdict"], "unknown", "{status}");
    assert_eq!(status["connection"]["last_test"], Value::Null);
    let none = json!({ "waiting": 0, "running": 0, "retries": 0, "next_attempt_at": null });
    assert_eq!(status["queue"], none);
    assert_eq!((&status["drift"], &status["totals"]), (&Value::Null, &json!({})));
    assert_eq!(status["events"].as_array().map(Vec::len), Some(1), "{status}");
    let without = tenant.owner.get(&format!("{path}debug_status/?include_events=false")).await?;
    assert!(without.expect(200)?.get("events").is_none(), "{}", without.text);
    tenant
        .owner
        .get(&format!("{path}debug_status/?include_events=nope"))
        .await?
        .names_fields(&["include_events"])?;
    Ok(())
}

#[rstest]
#[tokio::test]
async fn a_failed_test_is_told_with_what_to_do(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let mut body = integration(&tenant);
    // A port on which nothing listens.
    body["config_json"]["site_url"] = json!("http://127.0.0.1:9");
    let made = tenant.owner.post("integrations/", &body).await?;
    let path = format!("integrations/{}/", made.expect(201)?["id"]);
    let test = tenant.owner.post(&format!("{path}test_connection/"), &json!({})).await?;
    let code = test.expect(200)?["code"].as_str().unwrap_or_default().to_owned();
    let status = status(&tenant.owner, &path).await?;
    assert_eq!(status["health"]["verdict"], "failing", "{status}");
    assert_eq!(codes(&status), [code.as_str()]);
    assert!(status["health"]["reasons"][0]["fix"].as_str().is_some_and(|fix| !fix.is_empty()));
    assert_eq!(status["connection"]["last_test"]["checks"], test.body["checks"]);
    Ok(())
}

#[tokio::test]
async fn what_a_person_switched_off_and_what_is_shared_is_told() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let path = format!("integrations/{}/", made(&tenant).await?.body["id"]);
    let site = service.run(&[
        "site",
        "create",
        "--account",
        &tenant.account_id.to_string(),
        "--name",
        "Second",
        "--url",
        "https://second.example",
        "--json",
    ])?;
    let mut second = integration(&tenant);
    second["site_id"] = site.json()?["site_id"].clone();
    let second = tenant.owner.post("integrations/", &second).await?;
    let second = second.expect(201)?["id"].to_string();
    tenant.owner.patch(&path, &json!({ "sync_enabled": false })).await?.expect(200)?;
    let status = status(&tenant.owner, &path).await?;
    assert_eq!(status["health"]["verdict"], "degraded");
    assert_eq!(codes(&status), ["sync_disabled"]);
    let warnings: Vec<_> =
        status["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    assert!(warnings.len() == 1 && warnings[0].contains(&second), "{warnings:?}");
    Ok(())
}

#[tokio::test]
async fn a_plugin_that_was_deactivated_is_told() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let path = format!("integrations/{}/", made(&tenant).await?.body["id"]);
    let push = |enabled: bool| json!({ "post_types": {}, "plugin": { "version": "1.2.3", "connection_enabled": enabled } });
    let store = format!("{path}update_site_structure/");
    tenant.plugin.post(&store, &push(false)).await?.expect(200)?;
    let off = status(&tenant.owner, &path).await?;
    assert_eq!(codes(&off), ["plugin_disconnected"], "{off}");
    assert_eq!(off["connection"]["plugin_version"], "1.2.3");
    tenant.plugin.post(&store, &push(true)).await?.expect(200)?;
    assert!(!codes(&status(&tenant.owner, &path).await?).contains(&"plugin_disconnected"));
    Ok(())
}

#[tokio::test]
async fn only_editors_of_the_account_see_it() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let path = format!("integrations/{}/debug_status/", made(&tenant).await?.body["id"]);
    let viewer = service.member(&tenant, "viewer@example.com", "viewer")?;
    viewer.get(&path).await?.problem(403, "insufficient_role")?;
    tenant.plugin.get(&path).await?.problem(403, "not_for_this_caller")?;
    let other = service.bootstrap("other", "https://other.example")?;
    other.owner.get(&path).await?.problem(404, "not_found")?;
    Ok(())
}
