//! What whoever operates the service asks.

use crate::client::Request;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_are_for_anybody_and_any_accept() -> anyhow::Result<()> {
    let world = World::start()?;
    for target in ["/healthz", "/readyz", "/metrics"] {
        let response = world.ask(Request::new("GET", target).header("accept", "text/html")).await?;
        assert_eq!(response.status, 200, "{target}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_database_is_away_is_alive_but_not_ready() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    world.storage.memory.set_away(true);
    assert_eq!(world.ask(Request::new("GET", "/healthz")).await?.status, 200);
    for target in ["/readyz", "integrations/"] {
        let response = world.get(&tenant.owner, target).await?;
        assert_eq!(response.problem(), (503, "unavailable".into()), "{target}");
        assert!(response.header("retry-after").is_some());
    }
    world.storage.memory.set_away(false);
    assert_eq!(world.get(&tenant.owner, "integrations/").await?.status, 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_about_to_stop_takes_nothing_new() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    world.draining.cancel();
    for target in ["/readyz", "integrations/"] {
        assert_eq!(
            world.get(&tenant.owner, target).await?.problem(),
            (503, "unavailable".into()),
            "{target}"
        );
    }
    assert_eq!(world.ask(Request::new("GET", "/healthz")).await?.status, 200);
    Ok(())
}
