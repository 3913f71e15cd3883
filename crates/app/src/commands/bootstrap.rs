use std::time::Duration;

use anyhow::{Context as _, anyhow};
use chrono::SecondsFormat;
use igny8_integration_domain::account::Email;
use igny8_integration_domain::id::UserId;
use igny8_integration_domain::integration::SiteUrl;
use igny8_integration_domain::service::SessionError;
use igny8_integration_domain::service::account::Bootstrap;
use secrecy::ExposeSecret;
use serde_json::json;

use super::{Said, explained, explained_field};
use crate::cli::BootstrapArgs;
use crate::node::Node;

const BOOTSTRAP_TTL: Duration = Duration::from_hours(1);

pub async fn bootstrap(node: &Node, arguments: &BootstrapArgs) -> anyhow::Result<Said> {
    let command = Bootstrap {
        account: arguments.account.clone(),
        email: Email::parse(&arguments.email).map_err(explained_field)?,
        site_url: SiteUrl::parse("site_url", &arguments.site_url).map_err(explained_field)?,
    };
    let made = node.accounts().bootstrap(&command).await.map_err(explained)?;
    let issuer = node.token_issuer()?;
    let issued = issuer.map(|issuer| issuer.issue(made.user_id, node.now(), BOOTSTRAP_TTL)).transpose()?;
    let token = issued.as_ref().map(|(token, _)| token.expose_secret());
    let api_key = made.api_key.as_ref().map(ExposeSecret::expose_secret);
    let json = json!({
        "account_id": made.account_id,
        "user_id": made.user_id,
        "site_id": made.site_id,
        "token": token,
        "api_key": api_key,
    });
    let words = [
        format!("account {}, its owner user {}, site {}", made.account_id, made.user_id, made.site_id),
        match token {
            Some(token) => format!("A token of the owner, for an hour: {token}"),
            None => "No token: HS256 is off, so the app issues them.".to_owned(),
        },
        match api_key {
            Some(key) => format!("The site's API key, shown this once: {key}"),
            None => "The site was there already, so its API key is not shown again (site rotate-key makes another)."
                .to_owned(),
        },
    ];
    Ok(Said::new(json, words.join("\n")))
}

pub async fn issue_token(node: &Node, user: UserId, ttl: Duration) -> anyhow::Result<Said> {
    let issuer = node.token_issuer()?.context(
        "HS256 is off where IGNY8_JWT_JWKS is set and IGNY8_JWT_SECRETS is not: the app issues tokens",
    )?;
    node.sessions().user_caller(user).await.map_err(|error| match error {
        SessionError::NotAuthenticated => anyhow!("there is no user {user}"),
        SessionError::Inactive => anyhow!("user {user} or its account is switched off"),
        SessionError::Failed(error) => explained(error),
    })?;
    let (token, expires_at) = issuer.issue(user, node.now(), ttl)?;
    let token = token.expose_secret();
    let expires_at = expires_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    Ok(Said::new(json!({ "token": token, "expires_at": expires_at }), token))
}
