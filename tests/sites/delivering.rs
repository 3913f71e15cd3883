//! Deliveries survive what happens to service, key, secret, clock and plugin.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use super::Connected;
use super::telling::Telling;
use crate::harness::{Backend, DeadPort, Service, small_site};

const PATIENCE: Duration = Duration::from_mins(2);

impl Telling {
    fn waiting(&self) -> anyhow::Result<Value> {
        Ok(self.connected.site.eval("return Igny8_Bridge_Outbox::counts();")?["waiting"].clone())
    }

    fn option(&self, name: &str) -> anyhow::Result<Value> {
        self.connected.site.eval(&format!("return get_option( 'igny8_bridge_{name}' );"))
    }

    fn operate(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let site = self.connected.tenant.site_id.to_string();
        let mut command = vec!["site"];
        command.extend(arguments);
        command.extend([site.as_str(), "--json"]);
        self.connected.service.run(&command)?.json()
    }

    /// Waits until no answer of a moment ago lets the old key in any more.
    async fn refuses_the_old_key(&self) -> anyhow::Result<()> {
        let path = format!("integrations/{}/sync_status/", self.connected.integration);
        let deadline = Instant::now() + PATIENCE;
        while self.connected.tenant.plugin.get(&path).await?.status != 401 {
            ensure!(Instant::now() < deadline, "the old key still opens");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

#[tokio::test]
async fn an_integration_that_was_made_anew_hears_what_happens_on_its_site() -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let connected = &telling.connected;
    let owner = connected.owner()?;
    owner.delete(&format!("integrations/{}/", connected.integration)).await?.expect(204)?;
    let anew = json!({
        "site_id": connected.tenant.site_id, "platform": "wordpress",
        "credentials_json": { "api_key": connected.tenant.api_key },
    });
    owner.post("integrations/", &anew).await?.expect(201)?;
    telling.titled(connected.some_post(1)?, "Told afresh").await?;
    let deadline = Instant::now() + PATIENCE;
    while connected.contents("search=afresh").await?.is_empty() {
        ensure!(Instant::now() < deadline, "{}", connected.service.log()?);
        // The next attempt is made by the next request that finds it due.
        connected.site.eval("Igny8_Bridge_Sender::resume();")?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

#[tokio::test]
async fn fifty_edits_while_the_service_is_away_all_arrive_once_and_in_order() -> anyhow::Result<()> {
    // Nobody else gets the address while the service is away.
    let port = DeadPort::hold()?;
    let service = Service::on(Backend::Sqlite).env("IGNY8_BIND", &port.address.to_string()).start().await?;
    let mut telling = Telling::of(Connected::with(service, small_site().await?)?).await?;
    let posts: Vec<i64> =
        (1..=5).map(|nth| telling.connected.some_post(nth)).collect::<anyhow::Result<_>>()?;

    telling.connected.service.kill()?;
    for round in 0..10 {
        for post in &posts {
            let edit =
                json!({ "title": format!("Title {round}"), "content": format!("<p>{post} {round}</p>") });
            telling.edit(Method::POST, &format!("posts/{post}"), &edit).await?;
        }
    }
    assert_eq!(telling.waiting()?, 50);
    telling.connected.service.restart()?;

    // A call of the service by its key shows the plugin that it is back.
    let deadline = Instant::now() + PATIENCE;
    let test = format!("integrations/{}/test_connection/", telling.connected.integration);
    while telling.waiting()? != 0 {
        ensure!(Instant::now() < deadline, "{}: {}", telling.waiting()?, telling.connected.service.log()?);
        telling.connected.owner()?.post(&test, &json!({})).await?.expect(200)?;
    }
    for post in &posts {
        let body = format!("<p>{post} 9</p>");
        telling
            .content_is("fifty edits", *post, |content| {
                content["title"] == "Title 9" && content["html"] == body
            })
            .await?;
    }
    let mut events = telling.events("event_type=webhook").await?;
    events.reverse();
    ensure!(events.iter().all(|event| event["details"]["outcome"] == "applied"), "{events:?}");
    let mut sequences: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for event in &events {
        let sequence = event["details"]["sequence"].as_i64().context("a sequence")?;
        sequences.entry(event["external_id"].to_string()).or_default().push(sequence);
    }
    assert_eq!(sequences.values().map(Vec::len).collect::<Vec<_>>(), [10; 5]);
    assert!(sequences.values().all(|of_post| of_post.is_sorted()), "{sequences:?}");
    assert_eq!(sequences.values().flatten().collect::<BTreeSet<_>>().len(), 50);
    Ok(())
}

#[tokio::test]
async fn a_rotated_secret_is_picked_up_by_the_plugin_itself() -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let post = telling.connected.some_post(2)?;
    let old = telling.option("webhook_secret")?;
    telling.operate(&["rotate-webhook-secret"])?;
    telling.titled(post, "Under the old one").await?;
    telling.arrives(post, "Under the old one").await?;
    assert_eq!(telling.option("webhook_secret")?, old);

    let new = telling.operate(&["rotate-webhook-secret", "--now"])?;
    telling.titled(post, "Under the new one").await?;
    telling.arrives(post, "Under the new one").await?;
    assert_eq!(telling.option("webhook_secret")?, new["webhook_secret"]);
    assert_eq!((telling.made(post)?, telling.came(post).await?.len()), (2, 2));
    Ok(())
}

#[tokio::test]
async fn a_rotated_key_holds_on_and_the_new_one_is_asked_for_and_then_used() -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let post = telling.connected.some_post(3)?;
    telling.operate(&["rotate-key"])?;
    telling.titled(post, "Under the old one").await?;
    telling.arrives(post, "Under the old one").await?;

    let new = telling.operate(&["rotate-key", "--now"])?["api_key"].as_str().context("a key")?.to_owned();
    telling.refuses_the_old_key().await?;
    telling.titled(post, "Kept").await?;
    assert_eq!(telling.waiting()?, 1);
    assert_eq!(telling.connected.site.eval("return Igny8_Bridge_Sender::state();")?["answer"], 401);
    telling.connected.site.eval(&format!("update_option( Igny8_Bridge_Options::API_KEY, '{new}' );"))?;
    telling.arrives(post, "Kept").await?;
    let path = format!("integrations/{}/", telling.connected.integration);
    assert_eq!(telling.connected.owner()?.get(&path).await?.expect(200)?["api_key"], new);
    // The service calls the site with it.
    telling.connected.synced("both").await?;
    Ok(())
}

#[tokio::test]
async fn a_clock_that_is_seven_minutes_off_costs_no_delivery() -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let post = telling.connected.some_post(4)?;
    for offset in [-420, 420] {
        telling.connected.site.eval(&format!("update_option( Igny8_Bridge_Service::CLOCK, {offset} );"))?;
        let title = format!("Off by {offset}");
        telling.titled(post, &title).await?;
        telling.arrives(post, &title).await?;
        assert_eq!(telling.option("clock_offset")?, "0");
    }
    assert_eq!(telling.came(post).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_deactivated_plugin_says_so_and_tells_nothing_more() -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let post = telling.connected.some_post(5)?;
    let plugin = "'igny8-bridge/igny8-bridge.php'";
    telling.connected.site.eval(&format!("deactivate_plugins( {plugin} );"))?;
    telling.says("plugin_disconnected", true).await?;
    telling.titled(post, "Unseen").await?;
    assert_eq!(telling.came(post).await?, [json!(null); 0]);
    telling.connected.site.eval(&format!("activate_plugin( {plugin} );"))?;
    telling.says("plugin_disconnected", false).await?;
    telling.titled(post, "Seen").await?;
    telling.arrives(post, "Seen").await?;

    telling.connected.site.eval(&format!("deactivate_plugins( {plugin} ); uninstall_plugin( {plugin} );"))?;
    let left = "global $wpdb; return array_merge( $wpdb->get_col( \"SHOW TABLES LIKE '%igny8%'\" ),
        $wpdb->get_col( \"SELECT option_name FROM $wpdb->options WHERE option_name LIKE '%igny8%'\" ) );";
    assert_eq!(telling.connected.site.eval(left)?, json!([]));
    telling.says("plugin_disconnected", true).await?;
    Ok(())
}
