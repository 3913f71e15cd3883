use rstest::rstest;
use serde_json::{Value, json};

use super::{KEY, integration, made};
use crate::harness::{Backend, Service};

#[rstest]
#[tokio::test]
async fn an_integration_is_made_read_changed_and_removed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let created = made(&tenant).await?;
    let id = &created.body["id"];
    let path = format!("integrations/{id}/");
    assert!(
        created.header("location")?.ends_with(&format!("/api/v1/integration/{path}")),
        "{:?}",
        created.headers
    );
    assert_eq!(created.header("cache-control")?, "no-store");
    for (field, value) in [
        ("site_id", json!(tenant.site_id)),
        ("platform", json!("wordpress")),
        ("api_key", json!(KEY)),
        ("has_application_password", json!(false)),
        ("is_active", json!(true)),
        ("sync_enabled", json!(true)),
        ("conflict_policy", json!("ask")),
        ("sync_status", json!("never")),
        ("sync_error", Value::Null),
        ("last_sync_at", Value::Null),
    ] {
        assert_eq!(created.body[field], value, "{field}");
    }
    assert!(created.body.get("credentials_json").is_none());

    let detail = tenant.owner.get(&path).await?;
    assert_eq!(detail.expect(200)?, &created.body);
    assert_eq!(detail.etag()?, created.etag()?);

    let changed = tenant.owner.patch(&path, &json!({ "sync_enabled": false })).await?;
    assert_eq!(changed.expect(200)?["sync_enabled"], false);
    assert_ne!(changed.etag()?, created.etag()?);

    let removed = tenant.owner.delete(&path).await?;
    removed.expect(204)?;
    tenant.owner.get(&path).await?.problem(404, "not_found")?;
    Ok(())
}

#[tokio::test]
async fn a_list_masks_the_key() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    made(&tenant).await?;
    let list = tenant.owner.get("integrations/").await?;
    assert_eq!(list.expect(200)?["results"][0]["api_key"], "…6789");
    assert!(!list.text.contains(KEY));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn a_stale_if_match_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let created = made(&tenant).await?;
    let path = format!("integrations/{}/", created.body["id"]);
    let first = tenant.owner.patch_if(&path, created.etag()?, &json!({ "is_active": false })).await?;
    first.expect(200)?;
    let stale = tenant.owner.patch_if(&path, created.etag()?, &json!({ "is_active": true })).await?;
    stale.problem(412, "precondition_failed")?;
    let delete = tenant.owner.request(reqwest::Method::DELETE, &path).header("if-match", created.etag()?);
    crate::harness::Answer::of(delete).await?.problem(412, "precondition_failed")?;
    assert_eq!(tenant.owner.get(&path).await?.body["is_active"], false);
    Ok(())
}

#[tokio::test]
async fn patch_merges_credentials_and_put_replaces_them() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let path = format!("integrations/{}/", made(&tenant).await?.body["id"]);
    let credentials = json!({ "credentials_json": { "username": "maria@shop.example", "application_password": "abcd efgh" } });
    let patched = tenant.owner.patch(&path, &credentials).await?;
    assert_eq!(patched.expect(200)?["username"], "maria@shop.example");
    assert_eq!(patched.body["has_application_password"], true);
    assert_eq!(patched.body["api_key"], KEY, "what is not named stays");

    let removed = json!({ "credentials_json": { "application_password": null } });
    let removed = tenant.owner.patch(&path, &removed).await?;
    assert_eq!(removed.expect(200)?["has_application_password"], false);

    let mut whole = integration(&tenant);
    whole["credentials_json"]["api_key"] = json!("another-key-9876");
    let put = tenant.owner.put(&path, &whole).await?;
    assert_eq!(put.expect(200)?["username"], Value::Null, "{}", put.text);
    assert_eq!(put.body["api_key"], "another-key-9876");
    Ok(())
}

#[tokio::test]
async fn the_address_falls_back_to_the_sites_own() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example/blog")?;
    let mut body = integration(&tenant);
    body["config_json"] = json!({});
    let created = tenant.owner.post("integrations/", &body).await?;
    assert_eq!(created.expect(201)?["config_json"]["site_url"], "https://acme.example/blog");
    Ok(())
}

#[tokio::test]
async fn a_platform_without_an_adapter_is_recorded_but_not_tested() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let mut body = integration(&tenant);
    body["platform"] = json!("shopify");
    let created = tenant.owner.post("integrations/", &body).await?;
    let id = &created.expect(201)?["id"];
    for action in ["test_connection", "sync"] {
        let asked = tenant.owner.post(&format!("integrations/{id}/{action}/"), &json!({})).await?;
        asked.problem(501, "platform_not_supported")?;
    }
    Ok(())
}

#[tokio::test]
async fn each_change_leaves_an_event() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let id = made(&tenant).await?.body["id"].clone();
    tenant.owner.patch(&format!("integrations/{id}/"), &json!({ "is_active": false })).await?.expect(200)?;
    let events = tenant.owner.get(&format!("integrations/{id}/events/")).await?;
    let actions: Vec<_> = events.expect(200)?["results"].as_array().into_iter().flatten().collect();
    assert_eq!(actions.iter().map(|event| &event["action"]).collect::<Vec<_>>(), ["updated", "created"]);
    assert_eq!(actions[0]["actor"], json!({ "kind": "user", "id": tenant.user_id }));
    Ok(())
}

#[tokio::test]
async fn a_switched_off_integration_does_not_sync() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let id = made(&tenant).await?.body["id"].clone();
    tenant
        .owner
        .patch(&format!("integrations/{id}/"), &json!({ "sync_enabled": false }))
        .await?
        .expect(200)?;
    let asked = tenant.owner.post(&format!("integrations/{id}/sync/"), &json!({})).await?;
    asked.problem(409, "sync_disabled")?;
    Ok(())
}
