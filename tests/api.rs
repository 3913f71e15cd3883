//! The HTTP contract, on SQLite and on PostgreSQL from one body.

mod callers;
mod contents;
mod health;
mod integrations;
mod judgement;
mod lists;
mod races;
mod retention;
mod secrets;
mod stream;
mod structure;
mod tenants;
mod validation;
mod webhooks;

use serde_json::{Value, json};

use crate::harness::{Answer, Tenant};

const KEY: &str = "wp-key-0123456789";

/// What it takes to make an integration of the tenant's site.
fn integration(tenant: &Tenant) -> Value {
    json!({
        "site_id": tenant.site_id,
        "platform": "wordpress",
        "config_json": { "site_url": "https://acme.example" },
        "credentials_json": { "api_key": KEY },
    })
}

/// An integration, made.
async fn made(tenant: &Tenant) -> anyhow::Result<Answer> {
    let answer = tenant.owner.post("integrations/", &integration(tenant)).await?;
    answer.expect(201)?;
    Ok(answer)
}

/// A content, made.
async fn written(tenant: &Tenant, title: &str) -> anyhow::Result<Answer> {
    let body = json!({ "site_id": tenant.site_id, "title": title, "html": format!("<p>{title}</p>") });
    let answer = tenant.owner.post("content/", &body).await?;
    answer.expect(201)?;
    Ok(answer)
}
