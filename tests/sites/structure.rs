use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::Connected;

/// What the service knows of the site, once `enough` of it is there: the plugin tells it after its own answers.
async fn told(connected: &Connected, enough: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
    let path = format!("integrations/{}/get_content_types/", connected.integration);
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        let shown = connected.owner()?.get(&path).await?.expect(200)?.clone();
        if enough(&shown) {
            return Ok(shown);
        }
        // Any request of a visitor sends what is due.
        visit(&connected.site.url).await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("{}", connected.owner()?.get(&path).await?.text)
}

async fn visit(url: &str) -> anyhow::Result<()> {
    crate::harness::Client::anonymous(url)?.get("/").await.map(drop)
}

async fn choose(connected: &Connected, choice: Value) -> anyhow::Result<()> {
    let path = format!("integrations/{}/get_content_types/", connected.integration);
    connected.owner()?.patch(&path, &choice).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn the_plugin_tells_what_the_site_consists_of_and_that_it_was_deactivated() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.site.tell_changes()?;
    let told_all = |shown: &Value| {
        shown["post_types"]["post"].is_object() && shown["plugin"]["two_way_sync_enabled"] == true
    };
    let shown = told(&connected, told_all).await?;
    assert_eq!(shown["post_types"]["page"]["count"], 3, "{shown}");
    assert_eq!(shown["post_types"]["book"]["enabled"], true, "{shown}");
    assert!(shown["taxonomies"]["category"]["count"].as_u64().is_some_and(|count| count > 0), "{shown}");
    assert_eq!(shown["plugin"]["signs_webhooks"], true, "{shown}");
    let internal =
        shown["post_types"].as_object().context("types")?.keys().filter(|name| name.starts_with("wp_"));
    assert_eq!(internal.count(), 0);

    let page = format!("integrations/{}/debug_status/", connected.integration);
    let status = connected.owner()?.get(&page).await?.expect(200)?.clone();
    assert_eq!(status["health"]["verdict"], "healthy", "{status}");
    assert!(status["connection"]["platform_version"].is_string(), "{status}");
    assert_eq!(status["connection"]["last_test"]["success"], true, "{status}");

    connected.site.eval("deactivate_plugins( 'igny8-bridge/igny8-bridge.php' );")?;
    told(&connected, |shown| shown["plugin"]["connection_enabled"] == false).await?;
    let status = connected.owner()?.get(&page).await?.expect(200)?.clone();
    let codes: Vec<_> =
        status["health"]["reasons"].as_array().into_iter().flatten().map(|r| &r["code"]).collect();
    assert_eq!(codes, ["plugin_disconnected"], "{status}");
    Ok(())
}

#[tokio::test]
async fn a_run_honours_what_is_on_and_how_much_of_it() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    told(&connected, |shown| shown["post_types"]["book"].is_object()).await?;
    let choice = json!({ "post_types": { "page": { "enabled": false }, "post": { "fetch_limit": 4 } } });
    choose(&connected, choice).await?;
    connected.synced("from_external").await?;
    let mut types: Vec<_> =
        connected.contents("").await?.into_iter().map(|c| c["content_type"].clone()).collect();
    types.sort_by_key(ToString::to_string);
    assert_eq!(types, ["book", "book", "post", "post", "post", "post"]);

    let path = format!("integrations/{}/get_content_types/", connected.integration);
    let shown = connected.owner()?.get(&path).await?.expect(200)?.clone();
    assert_eq!(shown["post_types"]["post"]["counts"]["synced"], 4, "{shown}");
    assert!(shown["post_types"]["post"]["last_fetched_at"].is_string(), "{shown}");
    assert_eq!(shown["post_types"]["page"]["last_fetched_at"], Value::Null, "{shown}");

    choose(
        &connected,
        json!({ "post_types": { "page": { "enabled": true }, "post": { "fetch_limit": null } } }),
    )
    .await?;
    connected.sync(json!({ "direction": "from_external", "full": true })).await?;
    assert_eq!(connected.contents("").await?.len(), 15);
    let page = format!("integrations/{}/debug_status/", connected.integration);
    let status = connected.owner()?.get(&page).await?.expect(200)?.clone();
    assert_eq!(status["health"]["verdict"], "healthy", "{status}");
    assert_eq!(status["totals"]["post"]["in_sync"], 10, "{status}");
    Ok(())
}
