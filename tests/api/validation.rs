use rstest::rstest;
use serde_json::{Value, json};

use super::{integration, made};
use crate::harness::{Answer, Backend, Service, Tenant};

/// The good body with one place changed.
fn changed(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, field) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    if let Some(object) = body.pointer_mut(parent).and_then(Value::as_object_mut) {
        object.insert(field.to_owned(), value);
    }
    body
}

#[rstest]
#[tokio::test]
async fn what_is_wrong_with_an_integration_is_said_by_field(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let cases = [
        ("/site_id", json!("one"), "site_id"),
        ("/site_id", json!(0), "site_id"),
        ("/site_id", json!(9_007_199_254_740_992_u64), "site_id"),
        ("/site_id", Value::Null, "site_id"),
        ("/platform", json!("joomla"), "platform"),
        ("/platform", Value::Null, "platform"),
        ("/config_json", json!("text"), "config_json"),
        ("/config_json/site_url", json!("ftp://acme.example"), "config_json.site_url"),
        ("/config_json/site_url", json!("not a url"), "config_json.site_url"),
        ("/config_json/site_url", json!(7), "config_json.site_url"),
        ("/credentials_json", json!({}), "credentials_json.api_key"),
        ("/credentials_json/api_key", json!("short"), "credentials_json.api_key"),
        ("/credentials_json/api_key", json!("with space in it"), "credentials_json.api_key"),
        ("/credentials_json/api_key", json!("nul\u{0}nul\u{0}nul"), "credentials_json.api_key"),
        ("/is_active", json!("yes"), "is_active"),
        ("/sync_enabled", json!(1), "sync_enabled"),
        ("/conflict_policy", json!("whatever"), "conflict_policy"),
    ];
    for (pointer, value, field) in cases {
        let body = changed(integration(&tenant), pointer, value);
        let answer = tenant.owner.post("integrations/", &body).await?;
        answer.names_fields(&[field]).map_err(|error| error.context(body.to_string()))?;
    }
    assert_eq!(tenant.owner.get("integrations/").await?.expect(200)?["count"], 0);
    Ok(())
}

#[tokio::test]
async fn several_wrong_fields_are_named_at_once() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let body = json!({
        "site_id": tenant.site_id,
        "platform": "wordpress",
        "config_json": { "site_url": "nope" },
        "credentials_json": {},
        "conflict_policy": "whatever",
    });
    let answer = tenant.owner.post("integrations/", &body).await?;
    answer.problem(400, "validation_error")?;
    for field in ["config_json.site_url", "credentials_json.api_key", "conflict_policy"] {
        assert!(answer.text.contains(field), "{field}: {}", answer.text);
    }
    Ok(())
}

#[tokio::test]
async fn a_body_that_is_no_json_is_malformed() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    for body in ["", "{", "{\"site_id\": 1,}", "\u{feff}x"] {
        let request = tenant.owner.request(reqwest::Method::POST, "integrations/");
        let request = request.header("content-type", "application/json").body(body);
        Answer::of(request).await?.problem(400, "malformed_json").map_err(|error| error.context(body))?;
    }
    Ok(())
}

async fn bad_queries(tenant: &Tenant, cases: &[(&str, &str)]) -> anyhow::Result<()> {
    for (path, field) in cases {
        let answer = tenant.owner.get(path).await?;
        answer.names_fields(&[field]).map_err(|error| error.context((*path).to_owned()))?;
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn what_is_wrong_with_a_query_is_said_by_its_name(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let id = made(&tenant).await?.body["id"].clone();
    let events = |query: &str| format!("integrations/{id}/events/?{query}");
    bad_queries(
        &tenant,
        &[
            ("content/?page=0", "page"),
            ("content/?page=1e3", "page"),
            ("content/?page_size=0", "page_size"),
            ("content/?page_size=101", "page_size"),
            ("content/?search=%00", "search"),
            ("content/?site_id=x", "site_id"),
            ("content/?status=nope", "status"),
            ("content/?sync_state=nope", "sync_state"),
            ("content/?deleted=maybe", "deleted"),
            ("integrations/?ordering=-nope", "ordering"),
            ("content/?ordering=-id", "ordering"),
            ("integrations/?is_active=2", "is_active"),
            ("integrations/?platform=joomla", "platform"),
            (&events("cursor=AAAA"), "cursor"),
            (&events("since=2026-02-30T00:00:00Z"), "since"),
            (&events("event_type=nope"), "event_type"),
        ],
    )
    .await?;
    tenant.owner.get(&events("since=2026-01-01T00:00:00%2B14:00")).await?.expect(200)?;
    tenant.owner.get("content/?page=9223372036854775807").await?.problem(404, "not_found")?;
    Ok(())
}

#[rstest]
#[tokio::test]
async fn an_id_in_the_path_that_can_be_none_is_a_400(
    #[values("0", "-1", "0x1", "1.5", "abc", "9007199254740992", "9223372036854775808")] id: &str,
) -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    tenant.owner.get(&format!("integrations/{id}/")).await?.problem(400, "validation_error")?;
    service.anonymous()?.get(&format!("integrations/{id}/")).await?.problem(401, "not_authenticated")?;
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_a_sync_is_said_by_field() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let path = format!("integrations/{}/sync/", made(&tenant).await?.body["id"]);
    for (body, field) in [
        (json!({ "direction": "sideways" }), "direction"),
        (json!({ "full": "yes" }), "full"),
        (json!({ "dry_run": 1 }), "dry_run"),
        (json!({ "content_types": "post" }), "content_types"),
    ] {
        tenant.owner.post(&path, &body).await?.names_fields(&[field])?;
    }
    Ok(())
}
