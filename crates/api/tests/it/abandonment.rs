//! A client that goes away and a time that is over leave the use case to finish, and the next request unharmed. The
//! storage of these tests refuses to be waited for on a worker of the server, as the real one does.

use std::time::Duration;

use igny8_integration_api::Settings;
use serde_json::json;

use crate::client::{Connection, Request};
use crate::world::{World, wordpress};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_time_is_over_is_told_so_and_its_use_case_finishes() -> anyhow::Result<()> {
    let settings = Settings { time_limit: Duration::from_millis(300), ..Settings::default() };
    let world = World::with(settings)?;
    let tenant = world.tenant("acme").await?;
    world.storage.slow_down(Duration::from_millis(400));
    let late = world.send(&tenant.owner, "POST", "integrations/", &wordpress(&tenant)).await?;
    assert_eq!(late.problem(), (503, "unavailable".into()));
    world.storage.slow_down(Duration::ZERO);
    world.tracker.close();
    world.tracker.wait().await;
    let list = world.get(&tenant.owner, "integrations/").await?;
    assert_eq!((list.status, list.member("/count")), (200, json!(1)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_leaves_its_use_case_to_finish() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    world.storage.slow_down(Duration::from_millis(200));
    let request =
        Request::new("POST", "integrations/").header("authorization", &format!("Bearer {}", tenant.owner));
    let mut connection = Connection::open(world.port).await?;
    connection.send(&request.json(&wordpress(&tenant)).bytes()).await?;
    while world.tracker.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(connection);
    world.tracker.close();
    world.tracker.wait().await;
    world.storage.slow_down(Duration::ZERO);
    for _ in 0..4 {
        assert_eq!(world.get(&tenant.owner, "integrations/").await?.member("/count"), 1);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_requests_under_way_finish() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    world.storage.slow_down(Duration::from_millis(300));
    let request = async { world.get(&tenant.owner, "integrations/").await };
    let stop = async {
        while world.tracker.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.draining.cancel();
        world.stop().await;
    };
    let (response, ()) = tokio::join!(request, stop);
    assert_eq!(response?.status, 200);
    Ok(())
}
