//! Posts that the plugin tells of and the site then does not show: they are waited for, or left with a reason.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

use super::telling::Telling;

const PATIENCE: Duration = Duration::from_mins(1);

impl Telling {
    /// From now on whoever reads a single post is answered so, as long as the flag is there.
    fn refuse(&self, php: &str) -> anyhow::Result<()> {
        let site = &self.connected.site;
        site.must_use(
            "refuse",
            &format!(
                "if ( file_exists( WP_CONTENT_DIR . '/refuse' ) && 'GET' === ( $_SERVER['REQUEST_METHOD'] ?? '' )
                    && false !== strpos( $_SERVER['REQUEST_URI'], '/wp/v2/posts/' ) ) {{ {php} exit; }}"
            ),
        )?;
        Ok(std::fs::write(site.content().join("refuse"), "")?)
    }

    fn show_again(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.connected.site.content().join("refuse"))?)
    }

    /// How often a post was read by itself.
    fn readings(&self, post: i64) -> anyhow::Result<usize> {
        let requests = self.connected.site.requests()?;
        let read = format!("/wp/v2/posts/{post}?");
        Ok(requests.iter().filter(|request| request.starts_with("GET ") && request.contains(&read)).count())
    }

    /// `debug_status`, as soon as it is as it should be.
    async fn told(&self, enough: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let path = format!("integrations/{}/debug_status/", self.connected.integration);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = self.connected.owner()?.get(&path).await?.expect(200)?.clone();
            if enough(&status) {
                return Ok(status);
            }
            ensure!(Instant::now() < deadline, "{status}\n{}", self.connected.service.log()?);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The newest event that says why a post was left.
fn skipped(status: &Value, post: i64) -> Option<&Value> {
    let post = json!(post.to_string());
    status["events"]
        .as_array()?
        .iter()
        .find(|event| event["action"] == "skipped" && event["external_id"] == post)
}

#[tokio::test]
async fn a_post_that_the_site_does_not_let_us_read_is_named_with_what_the_site_said() -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let connected = &telling.connected;
    telling.refuse(
        "http_response_code( 403 ); header( 'Content-Type: application/json' );
         echo '{\"code\":\"rest_forbidden\",\"message\":\"Not for robots\",\"data\":{\"status\":403}}';",
    )?;
    let known = connected.some_post(1)?;
    connected.edit_post(known, "post_content", "<p>Unseen</p>")?;
    let new = connected.site.eval(
        "return wp_insert_post( array( 'post_title' => 'New', 'post_status' => 'publish', 'post_content' => '<p>New</p>' ) );",
    )?;
    let new = new.as_i64().context("an id")?;
    let both = |status: &Value| skipped(status, known).is_some() && skipped(status, new).is_some();
    let status = telling.told(both).await?;
    for post in [known, new] {
        let event = skipped(&status, post).context("an event")?;
        assert_eq!((&event["event_type"], &event["success"]), (&json!("content"), &json!(false)), "{event}");
        assert_eq!(event["error_code"], "missing_capability", "{event}");
        let message = event["error_message"].as_str().context("a message")?;
        assert!(message.ends_with("Not for robots"), "{message}");
    }
    let content = connected.content_of(known).await?;
    assert_eq!(content["sync_state"], "failed", "{content}");
    assert_eq!(content["sync_error"]["code"], "missing_capability", "{content}");
    let reasons = status["health"]["reasons"].to_string();
    assert!(reasons.contains("failed_contents"), "{reasons}");
    assert_eq!((telling.readings(known)?, telling.readings(new)?), (1, 1), "it is not tried for ever");

    telling.show_again()?;
    connected.synced("both").await?;
    for (post, html) in [(known, "<p>Unseen</p>"), (new, "<p>New</p>")] {
        telling.content_is("readable again", post, |content| content["html"] == html).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_site_that_asks_for_patience_gets_it_from_single_pulls_too() -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let connected = &telling.connected;
    telling.refuse("http_response_code( 429 ); header( 'Retry-After: 600' );")?;
    let post = connected.some_post(1)?;
    connected.edit_post(post, "post_content", "<p>Later</p>")?;
    let status = telling.told(|status| status["queue"]["retries"] == 1).await?;
    let told = telling.came(post).await?.pop().context("a delivery")?;
    let time = |value: &Value| DateTime::parse_from_rfc3339(value.as_str().unwrap_or_default());
    let wait = time(&status["queue"]["next_attempt_at"])? - time(&told["created_at"])?;
    ensure!(wait >= TimeDelta::seconds(600) && wait < TimeDelta::seconds(660), "{wait}");
    assert_eq!(connected.content_of(post).await?["sync_state"], "pending_pull");
    assert_eq!(telling.readings(post)?, 1);
    assert_eq!(skipped(&status, post), None, "it is waited for");
    Ok(())
}
