//! The checks behind the API: do the credentials open it, and what may their user do.

use serde_json::Value;

use super::checks::{Finding, Journal};
use super::permissions::limitations;
use super::plugin::{PluginDetails, read_details};
use crate::discovery::Discovery;
use crate::site::{Failure, FailureKind, SiteClient, query};

/// Failures that say all there is to say about the credentials: no second call, which might count as one more
/// wrong try.
const DEFINITE: [&str; 6] = [
    "incorrect_password",
    "invalid_username",
    "invalid_email",
    "too_many_retries",
    "application_passwords_disabled",
    "application_passwords_disabled_for_user",
];

/// Who the site takes us for.
#[derive(Debug, Default)]
pub(super) struct Identity {
    /// Null where the site does not tell.
    pub capabilities: Value,
}

/// Proves that the credentials work: by the user behind them, or where a plugin has closed that, by one post.
pub(super) async fn authenticate(
    client: &SiteClient,
    found: &Discovery,
    journal: &mut Journal,
) -> Result<(Identity, String), Finding> {
    let details = if client.is_keyed() { read_details(client).await? } else { PluginDetails::default() };
    if client.is_keyed() {
        if details.wordpress_version.is_some() {
            journal.platform_version.clone_from(&details.wordpress_version);
        }
        if !details.knows_us {
            let seen = "neither of the headers that carry the API key arrives at the plugin";
            return Err(Finding::new("authorization_stripped", seen));
        }
        if !details.connection_enabled {
            return Err(Finding::new("connection_disabled", "the connection is switched off on the site"));
        }
        if !details.authorization_header {
            journal.limit(
                "the host strips the Authorization header: the key travels in X-IGNY8-API-KEY instead",
            );
        }
    }
    let fields = [("context", "edit"), ("_fields", "id,roles,capabilities")];
    let refused = match client.read("wp/v2/users/me", query(&fields)).await {
        Ok(reply) => {
            let capabilities = reply.value.get("capabilities").cloned().unwrap_or_default();
            return Ok((Identity { capabilities }, "the site knows the connected user".to_owned()));
        }
        Err(failure) => failure,
    };
    if !may_be_closed(&refused) {
        return Err(explain(refused, client, found));
    }
    let one = [("context", "edit"), ("per_page", "1"), ("_fields", "id")];
    match client.read("wp/v2/posts", query(&one)).await {
        Ok(_) => {
            journal.limit("the site shows nothing of its users, so it may refuse what cannot be foreseen");
            let detail = "users/me is closed on this site; posts can be edited".to_owned();
            Ok((Identity { capabilities: details.capabilities }, detail))
        }
        Err(failure) if failure.kind == FailureKind::Unauthorized => Err(explain(refused, client, found)),
        Err(failure) => Err(explain(failure, client, found)),
    }
}

/// Security plugins lock or remove the users' routes alone.
fn may_be_closed(failure: &Failure) -> bool {
    let definite = failure.wp.as_ref().is_some_and(|error| DEFINITE.contains(&error.code.as_str()));
    let by_plugin = matches!(failure.code, "invalid_api_key" | "connection_disabled" | "plugin_user_missing");
    !definite
        && !by_plugin
        && (matches!(failure.kind, FailureKind::Unauthorized | FailureKind::Forbidden)
            || failure.status == Some(404))
}

/// Which mistake to look for.
fn explain(failure: Failure, client: &SiteClient, found: &Discovery) -> Finding {
    let closed = found.closed.as_ref().is_some_and(|error| failure.is_wp(&error.code));
    if closed {
        return Finding::new("rest_disabled", failure.message());
    }
    let off = found.index.as_ref().is_some_and(|index| !index.application_passwords);
    if !client.is_keyed() && failure.kind == FailureKind::Unauthorized && off {
        return Finding::new("application_passwords_off", "the site takes no application passwords");
    }
    failure.into()
}

/// What the user may do; an error where that is not even to edit a draft.
pub(super) fn judge_permissions(identity: &Identity) -> Result<(Vec<String>, String), Finding> {
    if identity.capabilities.is_null() {
        let unknown = "what the user may do cannot be read".to_owned();
        return Ok((Vec::new(), unknown));
    }
    match limitations(&identity.capabilities) {
        None => Err(Finding::new("missing_capability", "the connected user may not edit posts")),
        Some(missing) if missing.is_empty() => Ok((missing, "the user may do all that is needed".to_owned())),
        Some(missing) => {
            let detail = missing.join("; ");
            Ok((missing, detail))
        }
    }
}
