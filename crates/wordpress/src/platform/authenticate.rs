//! The checks behind the API: do the credentials open it, and what may their user do.

use igny8_integration_domain::integration::Credentials;
use igny8_integration_domain::ports::Clock;
use serde_json::Value;

use super::checks::{Fault, Journal};
use super::permissions::limitations;
use super::plugin::{PluginDetails, read_details};
use super::remarks::{PLUGIN, on_clock};
use super::xmlrpc::{self, Word, has_the_form_of_one};
use crate::answer::shorten;
use crate::discovery::Discovery;
use crate::guard::Outbound;
use crate::site::{Failure, FailureKind, SiteClient, query};

/// WordPress's own words for credentials that it has looked at, and ours: after them there is no second call, which
/// might count as one more wrong try.
const DEFINITE: [(&str, &str); 6] = [
    ("incorrect_password", "wrong_password"),
    ("invalid_username", "unknown_user"),
    ("invalid_email", "unknown_user"),
    ("too_many_retries", "locked_out"),
    ("application_passwords_disabled", "application_passwords_off"),
    ("application_passwords_disabled_for_user", "application_passwords_off"),
];

/// Core says so to nobody but those whom it takes for strangers, so there is nothing else to try either.
const STRANGER: &str = "rest_not_logged_in";

/// Who the site takes us for.
#[derive(Debug, Default)]
pub(super) struct Identity {
    /// Null where the site does not tell.
    pub capabilities: Value,
}

/// What is signed in, and with what.
pub(super) struct SignIn<'a> {
    pub client: &'a SiteClient,
    pub found: &'a Discovery,
    pub credentials: &'a Credentials,
    pub outbound: &'a Outbound,
    pub clock: &'a dyn Clock,
}

impl SignIn<'_> {
    /// Proves that the credentials work: by the user behind them, or where a plugin has closed that, by one post.
    pub async fn authenticate(&self, journal: &mut Journal) -> Result<(Identity, String), Fault> {
        let details =
            if self.client.is_keyed() { self.details(journal).await? } else { PluginDetails::default() };
        let fields = [("context", "edit"), ("_fields", "id,roles,capabilities")];
        let refused = match self.client.read("wp/v2/users/me", query(&fields)).await {
            Ok(reply) => {
                let capabilities = reply.value.get("capabilities").cloned().unwrap_or_default();
                return Ok((Identity { capabilities }, "the site knows the connected user".to_owned()));
            }
            Err(failure) => failure,
        };
        if !may_be_closed(&refused) {
            return Err(self.explain(refused).await);
        }
        let one = [("context", "edit"), ("per_page", "1"), ("_fields", "id")];
        match self.client.read("wp/v2/posts", query(&one)).await {
            Ok(_) => {
                journal
                    .limit("the site shows nothing of its users, so it may refuse what cannot be foreseen");
                journal.remark("users_closed", format!("users/me: {}", refused.message()));
                let detail = "users/me is closed on this site; posts can be edited".to_owned();
                Ok((Identity { capabilities: details.capabilities }, detail))
            }
            Err(failure) if failure.kind == FailureKind::Unauthorized => Err(self.explain(refused).await),
            Err(failure) => Err(self.explain(failure).await),
        }
    }

    /// What the plugin says to the holder of its key.
    async fn details(&self, journal: &mut Journal) -> Result<PluginDetails, Fault> {
        let details = read_details(self.client).await?;
        if details.wordpress_version.is_some() {
            journal.platform_version.clone_from(&details.wordpress_version);
        }
        if let Some(time) = details.server_time {
            on_clock(time, self.clock.now(), PLUGIN, journal);
        }
        if !details.knows_us {
            let seen = "neither of the headers that carry the API key arrives at the plugin";
            return Err(Fault::new("authorization_stripped", seen));
        }
        if !details.connection_enabled {
            return Err(Fault::new("connection_disabled", "the connection is switched off on the site"));
        }
        if !details.authorization_header {
            journal.limit(
                "the host strips the Authorization header: the key travels in X-IGNY8-API-KEY instead",
            );
            let seen = "X-IGNY8-API-KEY arrives at the plugin, Authorization does not";
            journal.remark("authorization_header_lost", seen);
        }
        Ok(details)
    }

    /// Which mistake to look for.
    async fn explain(&self, failure: Failure) -> Fault {
        if self.found.closed.as_ref().is_some_and(|error| failure.is_wp(&error.code)) {
            return Fault::new("rest_disabled", failure.message());
        }
        if self.client.is_keyed() || failure.kind != FailureKind::Unauthorized {
            return failure.into();
        }
        if let Some(code) = definite(&failure) {
            let word = failure.wp.as_ref().map(|error| error.code.as_str()).unwrap_or_default();
            return Fault::new(code, shorten(&format!("the site answers {word}: {}", failure.said)));
        }
        if self.found.index.as_ref().is_some_and(|index| !index.application_passwords) {
            return self.application_passwords_off();
        }
        if !failure.is_wp(STRANGER) {
            return failure.into();
        }
        self.ask_elsewhere(failure).await
    }

    fn application_passwords_off(&self) -> Fault {
        let why = if self.found.root.url().scheme() == "http" { " (its address is not https)" } else { "" };
        let seen = format!("the site's index offers no application passwords{why}");
        Fault::new("application_passwords_off", seen)
    }

    /// WordPress says the same of a wrong password and of a header that never arrived.
    async fn ask_elsewhere(&self, failure: Failure) -> Fault {
        let said = failure.message();
        match xmlrpc::ask(self.outbound, self.found, self.credentials).await {
            Word::Right if has_the_form_of_one(self.credentials) => Fault::new(
                "authorization_stripped",
                "name and password are right (XML-RPC takes them), but sent in the Authorization header they do not arrive",
            ),
            Word::Right => Fault::new(
                "login_password",
                "XML-RPC takes this password, the REST API does not, and it has not the form of an application password",
            ),
            Word::Wrong => {
                Fault::new("invalid_credentials", shorten(&format!("{said}; XML-RPC refuses them as well")))
            }
            Word::None => {
                let cannot_tell =
                    "XML-RPC, which could tell a wrong password from a stripped header, is closed";
                Fault::new("invalid_credentials", shorten(&format!("{said}; {cannot_tell}")))
            }
        }
    }
}

fn definite(failure: &Failure) -> Option<&'static str> {
    DEFINITE.iter().find(|(word, _)| failure.is_wp(word)).map(|(_, code)| *code)
}

/// Security plugins lock or remove the users' routes alone.
fn may_be_closed(failure: &Failure) -> bool {
    let by_plugin = matches!(failure.code, "invalid_api_key" | "connection_disabled" | "plugin_user_missing");
    definite(failure).is_none()
        && !failure.is_wp(STRANGER)
        && !by_plugin
        && (matches!(failure.kind, FailureKind::Unauthorized | FailureKind::Forbidden)
            || failure.status == Some(404))
}

/// What the user may do; an error where that is not even to edit a draft.
pub(super) fn judge_permissions(identity: &Identity) -> Result<(Vec<String>, String), Fault> {
    if identity.capabilities.is_null() {
        let unknown = "what the user may do cannot be read".to_owned();
        return Ok((Vec::new(), unknown));
    }
    match limitations(&identity.capabilities) {
        None => Err(Fault::new("missing_capability", "the connected user may not edit posts")),
        Some(missing) if missing.is_empty() => Ok((missing, "the user may do all that is needed".to_owned())),
        Some(missing) => {
            let detail = missing.join("; ");
            Ok((missing, detail))
        }
    }
}
