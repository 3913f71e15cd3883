//! Who asks too often.

use std::time::Duration;

use igny8_integration_api::{Settings, Throttles};
use igny8_integration_domain::account::Role;
use igny8_integration_domain::ports::Rate;
use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::world::{Tenant, World};

fn limited(requests: u32, window: Duration) -> anyhow::Result<World> {
    let rate = Some(Rate { requests, window });
    let throttles = Throttles { integration: rate, onboarding: rate, webhooks: rate };
    World::with(Settings { throttles, trusted_proxies: vec!["127.0.0.1/32".parse()?], ..Settings::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_asks_too_often_is_told_when_to_come_back() -> anyhow::Result<()> {
    let world = limited(3, Duration::from_mins(1))?;
    let tenant = world.tenant("acme").await?;
    let first = world.get(&tenant.owner, "integrations/").await?;
    assert_eq!(first.header("ratelimit-policy"), Some("\"integration\";q=3;w=60"));
    assert_eq!(first.header("ratelimit"), Some("\"integration\";r=2;t=60"));
    // What is refused for another reason counts too.
    assert_eq!(world.get(&tenant.owner, "integrations/0/").await?.errors(), ["id: invalid"]);
    let missing = world.get(&tenant.owner, "integrations/77/").await?;
    assert_eq!(
        (missing.status, missing.header("ratelimit").is_some_and(|left| left.contains("r=0"))),
        (404, true)
    );
    for _ in 0..2 {
        let refused = world.get(&tenant.owner, "integrations/0/").await?;
        assert_eq!(refused.problem(), (429, "throttled".into()));
        let wait: u64 = refused.header("retry-after").unwrap_or_default().parse()?;
        assert!((1..=60).contains(&wait));
        assert!(refused.header("ratelimit").is_some_and(|left| left.starts_with("\"integration\";r=0;t=")));
    }
    let (colleague, _) = world.person(tenant.account, Role::Admin).await?;
    assert_eq!(world.get(&colleague, "integrations/").await?.status, 200);
    assert_eq!(world.ask(Request::new("GET", "/healthz")).await?.header("ratelimit"), None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_does_not_count_and_time_heals() -> anyhow::Result<()> {
    let world = limited(1, Duration::from_millis(700))?;
    let tenant = world.tenant("acme").await?;
    assert_eq!(world.get(&tenant.owner, "integrations/").await?.status, 200);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    loop {
        let response = world.get(&tenant.owner, "integrations/").await?;
        if response.status == 200 {
            return Ok(());
        }
        assert_eq!(response.status, 429);
        assert!(tokio::time::Instant::now() < deadline, "refused requests keep the door shut");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn onboard(world: &World, address: &str, body: &Value) -> anyhow::Result<Response> {
    let request = Request::new("POST", "integrations/test-connection/").header("x-forwarded-for", address);
    world.ask(request.json(body)).await
}

fn wrong_key(tenant: &Tenant) -> Value {
    json!({"site_id": tenant.site.get(), "api_key": "not-the-key", "site_url": "https://acme.example"})
}

#[tokio::test(flavor = "multi_thread")]
async fn onboarding_is_limited_for_each_address_and_for_each_site() -> anyhow::Result<()> {
    let world = limited(2, Duration::from_mins(1))?;
    let (acme, zenith) = (world.tenant("acme").await?, world.tenant("zenith").await?);
    assert_eq!(onboard(&world, "203.0.113.1", &wrong_key(&acme)).await?.status, 403);
    assert_eq!(onboard(&world, "203.0.113.2", &wrong_key(&acme)).await?.status, 403);
    let by_site = onboard(&world, "203.0.113.3", &wrong_key(&acme)).await?;
    assert_eq!(by_site.problem(), (429, "throttled".into()));
    assert_eq!(by_site.header("ratelimit-policy"), Some("\"onboarding\";q=2;w=60"));
    // The refused one did not count for its address, and what can't be read counts for its address alone.
    assert_eq!(onboard(&world, "203.0.113.3", &wrong_key(&zenith)).await?.status, 403);
    assert_eq!(onboard(&world, "203.0.113.3", &json!({})).await?.status, 400);
    assert_eq!(
        onboard(&world, "203.0.113.3", &wrong_key(&zenith)).await?.problem(),
        (429, "throttled".into())
    );
    assert_eq!(onboard(&world, "203.0.113.4", &wrong_key(&zenith)).await?.status, 403);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_are_counted_by_site_and_beside_everything_else() -> anyhow::Result<()> {
    let world = limited(2, Duration::from_mins(1))?;
    let (acme, zenith) = (world.tenant("acme").await?, world.tenant("zenith").await?);
    let deliver =
        async |key: &str| world.send(key, "POST", "webhooks/wordpress/status/", &json!({"post_id": 5})).await;
    let first = deliver(&acme.key).await?;
    assert_eq!(first.status, 400);
    assert_eq!(first.header("ratelimit-policy"), Some("\"webhooks\";q=2;w=60"));
    assert_eq!(first.header("ratelimit"), Some("\"webhooks\";r=1;t=60"));
    assert_eq!(deliver(&acme.key).await?.status, 400);
    let refused = deliver(&acme.key).await?;
    assert_eq!(refused.problem(), (429, "throttled".into()));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(deliver(&zenith.key).await?.status, 400);
    assert_eq!(world.get(&acme.key, "integrations/77/sync_status/").await?.status, 404);
    Ok(())
}
