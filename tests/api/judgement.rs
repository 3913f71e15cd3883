//! The order of judgement: what is answered where several things are wrong at once.

use reqwest::Method;
use serde_json::json;

use super::{integration, made};
use crate::harness::{Answer, Backend, Service};

#[tokio::test]
async fn the_path_is_judged_before_the_caller() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let nobody = service.anonymous()?;
    nobody.get("nowhere/").await?.problem(404, "not_found")?;
    nobody.delete("integrations/").await?.problem(405, "method_not_allowed")?;
    let request = nobody.request(Method::GET, "integrations/").header("accept", "text/html");
    Answer::of(request).await?.problem(406, "not_acceptable")?;
    let request =
        nobody.request(Method::POST, "integrations/").header("content-type", "text/plain").body("x");
    Answer::of(request).await?.problem(415, "unsupported_media_type")?;
    nobody.post("integrations/", &json!({ "platform": 7 })).await?.problem(401, "not_authenticated")?;
    Ok(())
}

#[tokio::test]
async fn a_body_that_is_too_large_is_a_413_and_the_connection_stays_sane() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let mut large = integration(&tenant);
    large["padding"] = json!("x".repeat(1024 * 1024));
    tenant.owner.post("integrations/", &large).await?.problem(413, "payload_too_large")?;
    tenant.owner.get("integrations/").await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn role_and_existence_are_judged_before_the_body() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let id = made(&tenant).await?.body["id"].clone();
    let viewer = service.member(&tenant, "viewer@acme.example", "viewer")?;
    let wrong = json!({ "is_active": "yes" });
    viewer.patch(&format!("integrations/{id}/"), &wrong).await?.problem(403, "insufficient_role")?;
    tenant.plugin.patch(&format!("integrations/{id}/"), &wrong).await?.problem(403, "not_for_this_caller")?;
    viewer.patch("integrations/987654/", &wrong).await?.problem(404, "not_found")?;
    tenant.owner.patch(&format!("integrations/{id}/"), &wrong).await?.names_fields(&["is_active"])
}

#[tokio::test]
async fn the_body_is_judged_before_what_it_names_and_that_before_conflicts() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    made(&tenant).await?;
    let mut body = integration(&tenant);
    body["site_id"] = json!(987_654);
    body["conflict_policy"] = json!("whatever");
    tenant.owner.post("integrations/", &body).await?.names_fields(&["conflict_policy"])?;
    body["conflict_policy"] = json!("ask");
    tenant.owner.post("integrations/", &body).await?.problem(404, "not_found")?;
    tenant.owner.post("integrations/", &integration(&tenant)).await?.problem(409, "already_exists")?;
    Ok(())
}

#[tokio::test]
async fn a_path_without_its_last_slash_is_served_too() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    tenant.owner.post("integrations", &integration(&tenant)).await?.expect(201)?;
    tenant.owner.get("integrations").await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn every_answer_carries_a_request_id_and_a_sane_one_is_the_callers_own() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let nobody = service.anonymous()?;
    let own = nobody.request(Method::GET, "integrations/").header("x-request-id", "frontend-42");
    let answer = Answer::of(own).await?;
    assert_eq!(answer.header("x-request-id")?, "frontend-42");
    assert_eq!(answer.body["request_id"], "frontend-42");
    let insane = nobody.request(Method::GET, "/healthz").header("x-request-id", "x".repeat(129));
    assert_ne!(Answer::of(insane).await?.header("x-request-id")?.len(), 129);
    Ok(())
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() -> anyhow::Result<()> {
    let service = Service::on(Backend::Sqlite).env("IGNY8_THROTTLE_INTEGRATION", "2/h").start().await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let first = tenant.owner.get("integrations/").await?;
    first.expect(200)?;
    assert_eq!(first.header("ratelimit-policy")?, "\"integration\";q=2;w=3600");
    assert!(first.header("ratelimit")?.starts_with("\"integration\";r=1;t="), "{:?}", first.headers);
    tenant.owner.get("nowhere/").await?.problem(404, "not_found")?;
    tenant.owner.get("integrations/987654/").await?.problem(404, "not_found")?;
    let refused = tenant.owner.get("integrations/987654/").await?;
    refused.problem(429, "throttled")?;
    assert!(refused.header("retry-after")?.parse::<u32>()? > 0);
    tenant.owner.get("/healthz").await?.expect(200)?;
    let another = service.member(&tenant, "editor@acme.example", "editor")?;
    another.get("integrations/").await?.expect(200)?;
    Ok(())
}
