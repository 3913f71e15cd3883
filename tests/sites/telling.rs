//! A connected site whose plugin tells what happens there, and what of it arrives.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use super::Connected;
use crate::harness::{Answer, Client};

/// What takes a second takes longer on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A connected site whose plugin tells what happens there.
pub struct Telling {
    pub connected: Connected,
}

impl Telling {
    /// One whose posts are all here.
    pub async fn start() -> anyhow::Result<Self> {
        Self::of(Connected::small().await?).await
    }

    pub async fn of(connected: Connected) -> anyhow::Result<Self> {
        connected.synced("from_external").await?;
        connected.site.tell_changes()?;
        Ok(Self { connected })
    }

    /// A request of the block editor. In its path and in the code of [`Self::does`] `{id}` stands for the post.
    pub async fn edit(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Answer> {
        let site = &self.connected.site;
        let request = Client::anonymous(&site.url)?.request(method, &format!("/wp-json/wp/v2/{path}"));
        let person = &site.admin;
        let answer =
            Answer::of(request.basic_auth(&person.user, Some(&person.application_password)).json(body))
                .await?;
        ensure!(answer.status.is_success(), "{path}: {}", answer.text);
        Ok(answer)
    }

    /// Gives a post another title.
    pub async fn titled(&self, post: i64, title: &str) -> anyhow::Result<()> {
        self.edit(Method::POST, &format!("posts/{post}"), &json!({ "title": title })).await.map(drop)
    }

    /// Waits until it is here.
    pub async fn arrives(&self, post: i64, title: &str) -> anyhow::Result<()> {
        self.content_is("an edit", post, |content| content["title"] == title).await.map(drop)
    }

    /// Deliveries that the site has made of a post, sent or not.
    pub fn made(&self, post: i64) -> anyhow::Result<i64> {
        let php = format!(
            "global $wpdb; return (int) $wpdb->get_var( 'SELECT COUNT(*) FROM ' . Igny8_Bridge_Outbox::table() . ' WHERE post_id = {post}' );"
        );
        self.connected.site.eval(&php)?.as_i64().context("a number")
    }

    /// Webhooks of a post that came in, oldest first.
    pub async fn came(&self, post: i64) -> anyhow::Result<Vec<Value>> {
        let mut found = self.events("event_type=webhook").await?;
        found.retain(|event| event["external_id"].as_str() == Some(post.to_string().as_str()));
        found.reverse();
        Ok(found)
    }

    /// Every event of a kind, newest first.
    pub async fn events(&self, filter: &str) -> anyhow::Result<Vec<Value>> {
        let owner = self.connected.owner()?;
        let mut path = format!("integrations/{}/events/?page_size=100&{filter}", self.connected.integration);
        let mut events = Vec::new();
        loop {
            let list = owner.get(&path).await?;
            events.extend(list.expect(200)?["results"].as_array().context("results")?.iter().cloned());
            let Some(next) = list.body["next"].as_str() else { return Ok(events) };
            path = next.strip_prefix(self.connected.service.origin()).context("our own address")?.to_owned();
        }
    }

    /// Waits until the content of a post is as it should be and waits for nothing.
    pub async fn content_is(
        &self,
        what: &str,
        post: i64,
        right: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        let mut last = None;
        while Instant::now() < deadline {
            last = self.find(post).await?;
            if let Some(content) =
                last.as_ref().filter(|content| content["sync_state"] == "in_sync" && right(content))
            {
                return Ok(content.clone());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let outbox = self.connected.site.eval(
            "global $wpdb; return array( Igny8_Bridge_Sender::state(), $wpdb->get_results( 'SELECT * FROM ' . Igny8_Bridge_Outbox::table() ) );",
        )?;
        bail!("{what}: {last:?}\n{:?}\n{outbox}\n{}", self.came(post).await?, self.connected.service.log()?)
    }

    /// The words for what is not well.
    pub async fn reasons(&self) -> anyhow::Result<Vec<String>> {
        let path = format!("integrations/{}/debug_status/", self.connected.integration);
        let status = self.connected.owner()?.get(&path).await?;
        let reasons = status.expect(200)?["health"]["reasons"].as_array().context("reasons")?.clone();
        Ok(reasons.iter().filter_map(|reason| reason["code"].as_str().map(str::to_owned)).collect())
    }

    /// Waits until the health says so, or no longer.
    pub async fn says(&self, reason: &str, told: bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.reasons().await?.iter().any(|said| said == reason) != told {
            ensure!(Instant::now() < deadline, "{reason} is {told}: {:?}", self.reasons().await?);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn find(&self, post: i64) -> anyhow::Result<Option<Value>> {
        for deleted in ["", "&deleted=true"] {
            let found = self.connected.contents(&format!("external_id={post}{deleted}")).await?;
            if let Some(content) = found.first() {
                return Ok(Some(self.connected.content(&content["id"]).await?.body));
            }
        }
        Ok(None)
    }
}
