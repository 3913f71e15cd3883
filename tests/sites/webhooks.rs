//! What happens on the site is here at once, told by its plugin.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use super::Connected;

/// From the end of the change on the site to its being right here.
const AT_ONCE: Duration = Duration::from_secs(10);

impl Connected {
    /// The content of a post, as soon as it is as it should be.
    async fn heard(&self, post: i64, enough: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let deadline = Instant::now() + AT_ONCE;
        loop {
            let found = self.contents(&format!("external_id={post}")).await?;
            let content = match found.first() {
                Some(summary) => self.content(&summary["id"]).await?.body,
                None => Value::Null,
            };
            if enough(&content) {
                return Ok(content);
            }
            if Instant::now() > deadline {
                let outbox = self
                    .site
                    .eval("return array( Igny8_Bridge_Outbox::counts(), Igny8_Bridge_Sender::state() );")?;
                bail!("{content}\n{outbox}\n{}", self.service.log()?);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn what_is_published_and_edited_on_the_site_is_here_at_once_with_its_body() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.synced("from_external").await?;
    connected.site.tell_changes()?;
    let post = connected.site.eval(
        "return wp_insert_post( array( 'post_title' => 'Fresh', 'post_status' => 'publish', 'post_content' => '<p>First</p>' ) );",
    )?;
    let post = post.as_i64().context("an id")?;
    let content = connected
        .heard(post, |content| content["html"] == "<p>First</p>" && content["sync_state"] == "in_sync")
        .await?;
    assert_eq!((&content["title"], &content["status"]), (&json!("Fresh"), &json!("published")));

    connected.edit_post(post, "post_content", "<p>Second & third</p>")?;
    let content = connected.heard(post, |content| content["html"] == "<p>Second & third</p>").await?;
    assert_eq!(content["sync_state"], "in_sync");

    let known = connected.some_post(1)?;
    connected.edit_post(known, "post_title", "Another title")?;
    connected.heard(known, |content| content["title"] == "Another title").await?;

    let events = format!("integrations/{}/events/?event_type=webhook", connected.integration);
    let events = connected.owner()?.get(&events).await?;
    let events = events.expect(200)?["results"].as_array().context("events")?;
    ensure!(events.len() >= 3, "{events:?}");
    let run = connected.synced("both").await?;
    assert_eq!((&run["progress"]["updated"], &run["progress"]["conflicts"]), (&json!(0), &json!(0)), "{run}");
    Ok(())
}
