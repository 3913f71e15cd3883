//! A site's deliveries, signed by Standard Webhooks.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde_json::Value;
use sha2::Sha256;

use super::http::{Answer, Client};
use super::service::{Service, Tenant};

/// A site's plugin, as far as it delivers.
#[derive(Clone)]
pub struct Sender {
    pub plugin: Client,
    secret: Vec<u8>,
}

/// One delivery: what stays the same on each attempt.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: String,
    /// `status` or `metadata`.
    pub kind: &'static str,
    pub body: Vec<u8>,
}

impl Message {
    /// With an id that no other has.
    pub fn new(kind: &'static str, body: &Value) -> Self {
        Self::of_bytes(kind, body.to_string().into_bytes())
    }

    pub fn of_bytes(kind: &'static str, body: Vec<u8>) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        Self { id: format!("msg_{}", NUMBER.fetch_add(1, Ordering::Relaxed)), kind, body }
    }
}

impl Sender {
    /// With a new secret of the tenant's site.
    pub fn of(service: &Service, tenant: &Tenant) -> anyhow::Result<Self> {
        let site = tenant.site_id.to_string();
        let rotated = service.run(&["site", "rotate-webhook-secret", &site, "--json"])?.json()?;
        let secret = rotated["webhook_secret"].as_str().unwrap_or_default();
        let secret = STANDARD.decode(secret.trim_start_matches("whsec_"))?;
        Ok(Self { plugin: tenant.plugin.clone(), secret })
    }

    /// With the same secret under another site's key.
    pub fn under(&self, plugin: &Client) -> Self {
        Self { plugin: plugin.clone(), secret: self.secret.clone() }
    }

    /// `v1,…` over exactly these bytes.
    pub fn signature(&self, id: &str, timestamp: &str, body: &[u8]) -> anyhow::Result<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret)?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }

    /// Sends it with these three headers.
    pub async fn send(&self, message: &Message, headers: [Option<&str>; 3]) -> anyhow::Result<Answer> {
        let path = format!("webhooks/wordpress/{}/", message.kind);
        let request = self.plugin.request(Method::POST, &path).body(message.body.clone());
        let request = request.header("content-type", "application/json");
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let sent = names.into_iter().zip(headers).filter_map(|(name, value)| Some((name, value?)));
        Answer::of(sent.fold(request, |request, (name, value)| request.header(name, value))).await
    }

    /// Sends it, stamped so many seconds from now.
    pub async fn stamped(&self, message: &Message, ahead: i64) -> anyhow::Result<Answer> {
        let timestamp = (now()? + ahead).to_string();
        let signature = self.signature(&message.id, &timestamp, &message.body)?;
        self.send(message, [Some(&message.id), Some(&timestamp), Some(&signature)]).await
    }

    /// Sends it as the plugin would.
    pub async fn deliver(&self, message: &Message) -> anyhow::Result<Answer> {
        self.stamped(message, 0).await
    }
}

/// Seconds since 1970.
pub fn now() -> anyhow::Result<i64> {
    Ok(i64::try_from(jsonwebtoken::get_current_timestamp())?)
}
