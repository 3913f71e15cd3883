use igny8_integration_domain::account::Email;
use igny8_integration_domain::integration::SiteUrl;
use igny8_integration_domain::service::account::{AccountChange, NewSiteCommand, NewUserCommand, UserChange};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{Said, explained, explained_field};
use crate::cli::{AccountCommand, SiteCommand, UserCommand};
use crate::node::Node;

pub async fn account(node: &Node, command: AccountCommand) -> anyhow::Result<Said> {
    let accounts = node.accounts();
    match command {
        AccountCommand::Create { name } => {
            let id = accounts.create_account(&name).await.map_err(explained)?.id;
            Ok(Said::new(json!({ "account_id": id }), format!("account {id} is made")))
        }
        AccountCommand::Set { id, active, conflict_policy } => {
            let change = AccountChange { is_active: active, conflict_policy };
            let account = accounts.set_account(id, change).await.map_err(explained)?;
            let (switch, policy) = (switch(account.is_active), account.conflict_policy.as_str());
            let words = format!("account {id} is {switch}, its conflict policy {policy}");
            Ok(Said::new(json!({ "account_id": id }), words))
        }
    }
}

pub async fn site(node: &Node, command: SiteCommand) -> anyhow::Result<Said> {
    let accounts = node.accounts();
    match command {
        SiteCommand::Create { account, name, url } => {
            let url = SiteUrl::parse("url", &url).map_err(explained_field)?;
            let new = NewSiteCommand { account_id: account, name, url };
            let issued = accounts.create_site(&new).await.map_err(explained)?;
            let (id, key) = (issued.site_id, issued.api_key.expose_secret());
            let words = format!("site {id} is made\nIts API key, shown this once: {key}");
            Ok(Said::new(json!({ "site_id": id, "api_key": key }), words))
        }
        SiteCommand::RotateKey { id, now } => {
            let issued = accounts.rotate_site_key(id, now).await.map_err(explained)?;
            let key = issued.api_key.expose_secret();
            let words = format!(
                "The new API key of site {id}, shown this once: {key}\n{}\n\
                 Enter it on the site under Settings > IGNY8 and save: the plugin connects with it by itself.",
                old_one(now)
            );
            Ok(Said::new(json!({ "site_id": id, "api_key": key }), words))
        }
        SiteCommand::RotateWebhookSecret { id, now } => {
            let secret = accounts.rotate_webhook_secret(id, now).await.map_err(explained)?;
            let secret = secret.expose_secret();
            let words = format!(
                "The new webhook secret of site {id}, shown this once: {secret}\n{}\n\
                 The site's plugin fetches it by itself once the old one is refused.",
                old_one(now)
            );
            Ok(Said::new(json!({ "site_id": id, "webhook_secret": secret }), words))
        }
    }
}

fn old_one(ended: bool) -> &'static str {
    if ended { "The old one no longer holds." } else { "The old one holds for another 24 hours." }
}

fn switch(is_active: bool) -> &'static str {
    if is_active { "active" } else { "inactive" }
}

pub async fn user(node: &Node, command: UserCommand) -> anyhow::Result<Said> {
    let accounts = node.accounts();
    let (id, words) = match command {
        UserCommand::Create { account, email, role } => {
            let email = Email::parse(&email).map_err(explained_field)?;
            let new = NewUserCommand { account_id: account, email, role };
            let id = accounts.create_user(&new).await.map_err(explained)?.id;
            (id, format!("user {id} is made"))
        }
        UserCommand::Set { id, active, role } => {
            let change = UserChange { is_active: active, role };
            let user = accounts.set_user(id, change).await.map_err(explained)?;
            (id, format!("user {id} is {}, its role {}", switch(user.is_active), user.role.as_str()))
        }
        UserCommand::Grant { id, site } => {
            accounts.grant(id, site).await.map_err(explained)?;
            (id, format!("user {id} is a member of site {site}"))
        }
        UserCommand::Revoke { id, site } => {
            accounts.revoke(id, site).await.map_err(explained)?;
            (id, format!("user {id} is no member of site {site}"))
        }
    };
    Ok(Said::new(json!({ "user_id": id }), words))
}

pub async fn rotate_credentials(node: &Node) -> anyhow::Result<Said> {
    let report = node.rotation().rotate().await.map_err(explained)?;
    let (integrations, sites) = (&report.unreadable_integrations, &report.unreadable_webhook_secrets);
    let unreadable = integrations.len() + sites.len();
    if unreadable > 0 {
        tracing::warn!(
            ?integrations,
            ?sites,
            "some secrets can't be opened with the configured keys and stay as they are"
        );
    }
    let json = json!({
        "rotated": report.rotated,
        "current": report.current,
        "unreadable": unreadable,
        "unreadable_integrations": integrations,
        "unreadable_sites": sites,
    });
    let words = format!(
        "{} re-encrypted, {} were under the newest key, {unreadable} can't be opened",
        report.rotated, report.current
    );
    Ok(Said::new(json, words))
}
