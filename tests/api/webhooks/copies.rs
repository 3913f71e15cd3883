//! What a copy of the site sends: it has the site's key and secret, and says another address of itself.

use anyhow::{Context as _, ensure};
use rstest::rstest;
use serde_json::{Value, json};

use super::{Pulled, at, outcome, status};
use crate::harness::{Backend, Message};

const COPY: &str = "https://staging.live.example/shop";

impl Pulled {
    fn structure(&self, address: &str, connected: bool) -> anyhow::Result<(String, Value)> {
        let path = format!("integrations/{}/update_site_structure/", self.connected.integration);
        let body = json!({
            "post_types": { "post": { "label": "Posts", "count": 10 } },
            "plugin": { "connection_enabled": connected, "two_way_sync_enabled": connected },
            "site_url": address, "timestamp": at(0)?,
        });
        Ok((path, body))
    }

    async fn reason(&self, code: &str) -> anyhow::Result<Option<Value>> {
        let path = format!("integrations/{}/debug_status/", self.connected.integration);
        let page = self.connected.tenant.owner.get(&path).await?;
        let reasons = page.expect(200)?["health"]["reasons"].as_array().context("reasons")?.clone();
        Ok(reasons.into_iter().find(|reason| reason["code"] == code))
    }
}

#[rstest]
#[tokio::test]
async fn deletions_metadata_and_structure_of_a_copy_change_nothing_and_are_shown(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let pulled = Pulled::on(backend).await?;
    let (post, address) = (pulled.connected.some_post(1)?, pulled.connected.site.url.clone());
    let before = pulled.connected.content_of(post).await?;
    let mut deleted = status(post, "deleted", -60)?;
    let mut retitled =
        json!({ "post_id": post, "modified_gmt": at(-50)?, "metadata": { "title": "Copied" } });
    for body in [&mut deleted, &mut retitled] {
        body["site_url"] = json!(COPY);
    }
    // The same words under the same id: what waited on the site waits on its copy too.
    let copied = Message::new("metadata", &retitled);
    assert_eq!(pulled.told("status", &deleted).await?, "ignored site_copy");
    assert_eq!(outcome(&pulled.sender.deliver(&copied).await?)?, "ignored site_copy");
    let (path, body) = pulled.structure(COPY, false)?;
    let answer = pulled.connected.tenant.plugin.post(&path, &body).await?;
    assert_eq!(answer.expect(200)?["stored"], false, "{}", answer.text);
    ensure!(answer.body["reason"].as_str().is_some_and(|why| why.contains("copy")), "{}", answer.text);
    assert_eq!(pulled.connected.content_of(post).await?, before);
    assert_eq!(pulled.reason("plugin_disconnected").await?, None);

    let events = format!("integrations/{}/events/?success=false", pulled.connected.integration);
    let events = pulled.connected.tenant.owner.get(&events).await?;
    let events = events.expect(200)?["results"].as_array().context("events")?;
    let told: Vec<_> = events.iter().map(|event| (&event["event_type"], &event["error_code"])).collect();
    let (webhook, structure) = (json!("webhook"), json!("structure"));
    let copy = json!("site_copy");
    assert_eq!(told, [(&structure, &copy), (&webhook, &copy), (&webhook, &copy)]);
    ensure!(events.iter().all(|event| event["details"]["site_url"] == "staging.live.example/shop"));
    let shown = pulled.reason("site_copy").await?.context("it is shown")?;
    ensure!(shown["message"].as_str().is_some_and(|m| m.contains("staging.live.example/shop")), "{shown}");

    retitled["site_url"] = json!(format!("{}/", address.replace("http:", "HTTPS:")));
    let own = Message { body: retitled.to_string().into_bytes(), ..copied };
    assert_eq!(outcome(&pulled.sender.deliver(&own).await?)?, "applied");
    assert_eq!(pulled.connected.content_of(post).await?["title"], "Copied");
    let (path, body) = pulled.structure(&address, true)?;
    let answer = pulled.connected.tenant.plugin.post(&path, &body).await?;
    assert_eq!(answer.expect(200)?["stored"], true, "{}", answer.text);
    Ok(())
}

#[tokio::test]
async fn a_post_under_another_domain_is_taken_in_where_its_site_says_that_it_is_the_site()
-> anyhow::Result<()> {
    let pulled = Pulled::on(Backend::Sqlite).await?;
    let post = pulled.connected.some_post(2)?;
    let mut told = status(post, "draft", -60)?;
    told["post_url"] = json!("https://auf-deutsch.example/hallo/");
    told["site_url"] = json!(pulled.connected.site.url);
    assert_eq!(pulled.told("status", &told).await?, "applied");
    let content = pulled.connected.content_of(post).await?;
    assert_eq!(content["external_url"], "https://auf-deutsch.example/hallo/");
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_none_is_named() -> anyhow::Result<()> {
    let pulled = Pulled::on(Backend::Sqlite).await?;
    let mut told = status(pulled.connected.some_post(3)?, "draft", -60)?;
    for wrong in [json!("shop.example"), json!("ftp://shop.example"), json!(5), json!({ "a": 1 })] {
        told["site_url"] = wrong.clone();
        pulled.sender.deliver(&Message::new("status", &told)).await?.names_fields(&["site_url"])?;
        let (path, mut body) = pulled.structure("", true)?;
        body["site_url"] = wrong;
        pulled.connected.tenant.plugin.post(&path, &body).await?.names_fields(&["site_url"])?;
    }
    Ok(())
}
