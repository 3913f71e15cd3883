//! What a site delivers, on SQLite and on PostgreSQL from one body.

mod copies;
mod outcomes;
mod shapes;
mod signatures;
mod storm;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::harness::{Answer, Backend, Message, Sender, Service, now, small_site};
use crate::sites::Connected;

/// A site of which everything is here, and its deliveries.
struct Pulled {
    connected: Connected,
    sender: Sender,
}

impl Pulled {
    async fn on(backend: Backend) -> anyhow::Result<Self> {
        Self::over(Service::start(backend).await?).await
    }

    async fn over(service: Service) -> anyhow::Result<Self> {
        let site = small_site().await?;
        // Some sites were filled only just now, and what is told here must be later.
        site.eval(
            "global $wpdb; $wpdb->query( \"UPDATE $wpdb->posts SET post_modified = '2020-01-02 03:04:05', post_modified_gmt = '2020-01-02 03:04:05'\" );",
        )?;
        let connected = Connected::with(service, site)?;
        connected.synced("from_external").await?;
        let sender = Sender::of(&connected.service, &connected.tenant)?;
        Ok(Self { connected, sender })
    }

    /// Delivers it and names the outcome.
    async fn told(&self, kind: &'static str, body: &Value) -> anyhow::Result<String> {
        let answer = self.sender.deliver(&Message::new(kind, body)).await?;
        outcome(&answer)
    }
}

/// The outcome and, where there is one, its reason.
fn outcome(answer: &Answer) -> anyhow::Result<String> {
    let body = answer.expect(200)?;
    let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
    Ok(format!("{} {}", text("outcome"), text("reason")).trim_end().to_owned())
}

/// So many seconds from now, as a site says it.
fn at(seconds: i64) -> anyhow::Result<String> {
    let at = DateTime::<Utc>::from_timestamp(now()?, 0).unwrap_or_default() + TimeDelta::seconds(seconds);
    Ok(at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// A post has this status since so many seconds from now.
fn status(post: i64, status: &str, seconds: i64) -> anyhow::Result<Value> {
    Ok(json!({ "post_id": post, "post_type": "post", "post_status": status, "modified_gmt": at(seconds)? }))
}
