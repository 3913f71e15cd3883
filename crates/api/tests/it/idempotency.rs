//! Requests that are sent again.

use serde_json::{Value, json};

use crate::client::{Request, Response};
use crate::world::{Tenant, World, wordpress};

async fn post(
    world: &World,
    tenant: &Tenant,
    target: &str,
    key: &str,
    body: &Value,
) -> anyhow::Result<Response> {
    let request = Request::new("POST", target).header("authorization", &format!("Bearer {}", tenant.owner));
    world.ask(request.header("idempotency-key", key).json(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_and_body_answer_what_the_first_did() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let article = json!({"site_id": tenant.site.get(), "title": "One", "html": ""});
    let cases =
        [("integrations/", wordpress(&tenant)), ("content/", article), ("integrations/1/sync/", json!({}))];
    for (target, body) in cases {
        let first = post(&world, &tenant, target, "order-17", &body).await?;
        assert!(matches!(first.status, 201 | 202), "{target}: {}", first.json());
        for _ in 0..2 {
            let again = post(&world, &tenant, target, "order-17", &body).await?;
            assert_eq!((again.status, again.json()), (first.status, first.json()), "{target}");
            assert_eq!(again.header("location"), first.header("location"), "{target}");
        }
        let mut other = body.clone();
        other["unknown"] = json!(true);
        let reused = post(&world, &tenant, target, "order-17", &other).await?;
        assert_eq!(reused.problem(), (422, "idempotency_key_reused".into()), "{target}");
    }
    assert_eq!(world.get(&tenant.owner, "content/").await?.member("/count"), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_is_done_and_all_are_answered() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let body = wordpress(&tenant);
    let posts = (0..10).map(|_| post(&world, &tenant, "integrations/", "order-17", &body));
    for answer in futures_util::future::join_all(posts).await {
        let answer = answer?;
        assert_eq!((answer.status, answer.member("/id")), (201, json!(1)));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_no_key_is_named() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let refused = post(&world, &tenant, "integrations/", &"x".repeat(256), &wordpress(&tenant)).await?;
    assert_eq!(refused.errors(), ["Idempotency-Key: invalid"]);
    Ok(())
}
