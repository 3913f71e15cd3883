//! Runs and history over the wire.

use rstest::rstest;
use serde_json::{Value, json};

use crate::client::Request;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_started_run_is_answered_at_once_and_stands_in_the_way_of_another() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let id = world.integration(&tenant).await?;
    let started = world.send(&tenant.owner, "POST", &format!("integrations/{id}/sync/"), &json!({})).await?;
    assert_eq!(started.status, 202);
    assert_eq!(
        started.header("location"),
        Some("http://api.example/api/v1/integration/integrations/1/runs/1/")
    );
    assert_eq!(
        started.json(),
        json!({
            "id": 1, "integration_id": 1, "direction": "both", "trigger": "api", "status": "queued",
            "progress": {"total": 0, "done": 0, "created": 0, "updated": 0, "unchanged": 0, "conflicts": 0,
                         "failed": 0, "deleted": 0},
            "attempt": 0, "next_attempt_at": null, "error": null,
            "queued_at": "2026-01-01T12:00:00Z", "started_at": null, "finished_at": null,
        })
    );
    let second = world.send(&tenant.owner, "POST", &format!("integrations/{id}/sync/"), &json!({})).await?;
    assert_eq!(second.problem(), (409, "sync_in_progress".into()));
    assert_eq!(second.member("/run_id"), 1);
    let overview = world.get(&tenant.owner, &format!("integrations/{id}/sync_status/")).await?;
    assert_eq!((overview.member("/current_run/id"), overview.member("/last_run")), (json!(1), Value::Null));
    assert_eq!(overview.member("/sync_status"), "queued");
    assert_eq!(overview.member("/totals/contents"), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_run_is_cancelled_at_once_and_once_ended_it_stays() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let id = world.integration(&tenant).await?;
    world.send(&tenant.owner, "POST", &format!("integrations/{id}/sync/"), &json!({})).await?;
    let target = format!("integrations/{id}/runs/1/cancel/");
    let cancelled = world.send(&tenant.owner, "POST", &target, &json!({})).await?;
    assert_eq!((cancelled.status, cancelled.member("/status")), (202, json!("cancelled")));
    let again = world.send(&tenant.owner, "POST", &target, &json!({})).await?;
    assert_eq!((again.status, again.json()), (200, cancelled.json()));
    let missing =
        world.send(&tenant.owner, "POST", &format!("integrations/{id}/runs/9/cancel/"), &json!({})).await?;
    assert_eq!(missing.problem(), (404, "not_found".into()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_is_told_how_it_ended() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let id = world.integration(&tenant).await?;
    let bearer = format!("Bearer {}", tenant.owner);
    let sync = Request::new("POST", &format!("integrations/{id}/sync/")).header("authorization", &bearer);
    let waiting = sync.header("prefer", "wait=20").json(&json!({"direction": "metadata"}));
    let cancelling = async {
        loop {
            let target = format!("integrations/{id}/runs/1/cancel/");
            if world.send(&tenant.owner, "POST", &target, &json!({})).await?.status == 202 {
                return anyhow::Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let (ended, cancelled) = tokio::join!(world.ask(waiting), cancelling);
    cancelled?;
    let ended = ended?;
    assert_eq!((ended.status, ended.member("/status")), (200, json!("cancelled")));
    assert_eq!(ended.header("preference-applied"), Some("wait=20"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_is_too_short_leaves_the_run_queued() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let id = world.integration(&tenant).await?;
    let bearer = format!("Bearer {}", tenant.owner);
    let sync = Request::new("POST", &format!("integrations/{id}/sync/")).header("authorization", &bearer);
    let response = world.ask(sync.header("prefer", "wait=1").json(&json!({}))).await?;
    assert_eq!((response.status, response.header("preference-applied")), (202, None));
    Ok(())
}

#[rstest]
#[case(json!({"direction": "sideways"}), "direction: invalid_choice")]
#[case(json!({"content_types": "post"}), "content_types: invalid")]
#[case(json!({"content_types": ["post", 5]}), "content_types[1]: invalid")]
#[case(json!({"content_types": []}), "content_types: invalid")]
#[case(json!({"content_types": ["attachment"]}), "content_types[0]: invalid_choice")]
#[case(json!({"full": "yes"}), "full: invalid")]
#[case(json!({"dry_run": null}), "dry_run: null")]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_is_asked_to_do_is_checked(
    #[case] body: Value,
    #[case] error: &str,
) -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let id = world.integration(&tenant).await?;
    let response = world.send(&tenant.owner, "POST", &format!("integrations/{id}/sync/"), &body).await?;
    assert_eq!(response.errors(), [error]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_without_an_adapter_is_not_implemented_and_a_switched_off_one_in_conflict()
-> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let body = json!({"site_id": tenant.site.get(), "platform": "shopify"});
    assert_eq!(world.send(&tenant.owner, "POST", "integrations/", &body).await?.status, 201);
    for action in ["sync", "test_connection"] {
        let response =
            world.send(&tenant.owner, "POST", &format!("integrations/1/{action}/"), &json!({})).await?;
        assert_eq!(response.problem(), (501, "platform_not_supported".into()), "{action}");
    }
    world.send(&tenant.owner, "PATCH", "integrations/1/", &json!({"sync_enabled": false})).await?;
    let response = world.send(&tenant.owner, "POST", "integrations/1/sync/", &json!({})).await?;
    assert_eq!(response.problem(), (409, "sync_disabled".into()));
    Ok(())
}

/// The path of an absolute address.
fn path(url: &Value) -> String {
    url.as_str().unwrap_or_default().trim_start_matches("http://api.example").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_read_newest_first_page_by_page_and_back() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let id = world.integration(&tenant).await?;
    for active in [false, true, false] {
        world
            .send(&tenant.owner, "PATCH", &format!("integrations/{id}/"), &json!({"is_active": active}))
            .await?;
    }
    let target =
        format!("integrations/{id}/events/?page_size=2&event_type=connection&since=2025-12-31T00:00:00Z");
    let ids = |page: &crate::client::Response| -> Vec<i64> {
        page.member("/results")
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|row| row["id"].as_i64())
            .collect()
    };
    let first = world.get(&tenant.owner, &target).await?;
    assert_eq!((ids(&first), first.member("/previous")), (vec![4, 3], Value::Null));
    let second = world.get(&tenant.owner, &path(&first.member("/next"))).await?;
    assert_eq!((ids(&second), second.member("/next")), (vec![2, 1], Value::Null));
    let back = world.get(&tenant.owner, &path(&second.member("/previous"))).await?;
    assert_eq!(ids(&back), [4, 3]);
    let created = second.member("/results/1");
    assert_eq!((&created["action"], &created["actor"]["kind"]), (&json!("created"), &json!("user")));
    let cursor = path(&first.member("/next")).split("cursor=").nth(1).unwrap_or_default().to_owned();
    for odd in [format!("cursor={cursor}"), "cursor=AAAA".into(), "since=2026-02-30T00:00:00Z".into()] {
        let response = world.get(&tenant.owner, &format!("integrations/{id}/events/?{odd}")).await?;
        assert_eq!(response.errors().len(), 1, "{odd}");
    }
    let foreign = world.get(&tenant.owner, &format!("integrations/{id}/runs/?cursor={cursor}")).await?;
    assert_eq!(foreign.errors(), ["cursor: invalid"]);
    Ok(())
}
