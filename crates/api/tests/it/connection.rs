//! Connection tests and onboarding over the wire.

use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::stub::report;
use crate::world::{Tenant, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_test_is_an_answer_and_shows_in_the_integration() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let id = world.integration(&tenant).await?;
    let test = async || {
        world.send(&tenant.owner, "POST", &format!("integrations/{id}/test_connection/"), &json!({})).await
    };
    world.platform.answer(report(false));
    let failed = test().await?;
    assert_eq!(failed.status, 200);
    assert_eq!(
        failed.json(),
        json!({
            "success": false, "code": "dns_not_found", "message": "The name does not resolve.",
            "checks": [{"name": "dns", "ok": false, "detail": "what was seen", "duration_ms": 3}],
            "limitations": ["no webhooks"], "findings": [{
                "severity": "error", "code": "dns_not_found", "evidence": "what was seen", "fix": "What helps.",
            }], "platform_version": "7.1", "plugin_version": null, "latency_ms": 12,
        })
    );
    let shown = world.get(&tenant.owner, &format!("integrations/{id}/")).await?;
    assert_eq!(
        (shown.member("/sync_status"), shown.member("/sync_error/code")),
        (json!("failed"), json!("dns_not_found"))
    );
    assert_eq!(test().await?.member("/success"), true);
    let shown = world.get(&tenant.owner, &format!("integrations/{id}/")).await?;
    assert_eq!((shown.member("/sync_status"), shown.member("/sync_error")), (json!("never"), Value::Null));
    Ok(())
}

async fn onboard(world: &World, body: &Value) -> anyhow::Result<Response> {
    world.ask(Request::new("POST", "integrations/test-connection/").json(body)).await
}

fn body(tenant: &Tenant) -> Value {
    json!({"site_id": tenant.site.get(), "api_key": tenant.key, "site_url": "https://acme.example"})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_with_its_key_connects_itself_and_gets_its_webhook_secret() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let first = onboard(&world, &body(&tenant)).await?;
    assert_eq!((first.status, first.header("cache-control")), (200, Some("no-store")), "{}", first.json());
    assert_eq!((first.member("/success"), first.member("/created")), (json!(true), json!(true)));
    assert!(first.member("/webhook_secret").as_str().is_some_and(|secret| secret.starts_with("whsec_")));
    let second = onboard(&world, &body(&tenant)).await?;
    assert_eq!(
        (second.member("/created"), second.member("/integration_id")),
        (json!(false), first.member("/integration_id"))
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_and_an_unknown_site_read_alike() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let with = |field: &str, value: Value| {
        let mut body = body(&tenant);
        body[field] = value;
        body
    };
    for body in [with("api_key", "another-key".into()), with("site_id", 4711.into())] {
        let refused = onboard(&world, &body).await?;
        assert_eq!(refused.problem(), (403, "api_key_mismatch".into()));
    }
    let invalid = onboard(&world, &json!({"site_id": 0, "site_url": "nonsense"})).await?;
    assert_eq!(invalid.errors(), ["site_id: invalid", "api_key: required", "site_url: invalid_url"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_fails_its_test_is_not_connected() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    world.platform.answer(report(false));
    let failed = onboard(&world, &body(&tenant)).await?;
    assert_eq!(failed.problem(), (400, "connection_failed".into()));
    assert_eq!((failed.member("/success"), failed.member("/checks/0/name")), (json!(false), json!("dns")));
    assert_eq!(world.get(&tenant.owner, "integrations/").await?.member("/count"), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_onboards_its_own_sites_without_their_key_and_gets_no_secret() -> anyhow::Result<()> {
    let world = World::start()?;
    let (acme, zenith) = (world.tenant("acme").await?, world.tenant("zenith").await?);
    let onboard = async |token: &str, site: i64| {
        let body = json!({"site_id": site, "api_key": "any-key-at-all", "site_url": "https://acme.example"});
        world.send(token, "POST", "integrations/test-connection/", &body).await
    };
    let connected = onboard(&acme.owner, acme.site.get()).await?;
    assert_eq!((connected.status, connected.json().get("webhook_secret").is_some()), (200, false));
    assert_eq!(onboard(&acme.owner, zenith.site.get()).await?.problem(), (404, "not_found".into()));
    assert_eq!(onboard("eyJhbGciOiJIUzI1NiJ9.e30.c2ln", acme.site.get()).await?.problem().0, 401);
    Ok(())
}
