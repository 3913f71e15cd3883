//! The bridge plugin on a site: is it there, and what does it say to who holds its key.

use chrono::DateTime;
use igny8_integration_domain::time::Timestamp;
use serde_json::Value;

use crate::answer::version_word;
use crate::site::{Failure, FailureKind, SiteClient, query};

pub(super) const STATUS: &str = "igny8/v1/status";
/// Fields are named so that no cache gives one caller's answer to the other.
const SHOWN: &str = "plugin,version,protocol";
const SHOWN_TO_US: &str = "plugin,wordpress_version,server_time,authorization_header,connection_enabled,user";
/// The protocol that this adapter speaks.
const PROTOCOL: u64 = 1;

/// What a site shows to a stranger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plugin {
    Present { version: String },
    Absent,
}

/// Asks without the key: it never goes to a site that has not shown the plugin.
pub(super) async fn look_for_plugin(stranger: &SiteClient) -> Result<Plugin, Failure> {
    match stranger.read(STATUS, query(&[("_fields", SHOWN)])).await {
        Ok(reply) => read_plugin(&reply.value),
        // Only the API's own word counts: a page may also mean that the API is no longer where it was.
        Err(failure) if failure.status == Some(404) && failure.wp.is_some() => Ok(Plugin::Absent),
        Err(failure) => Err(failure),
    }
}

fn read_plugin(value: &Value) -> Result<Plugin, Failure> {
    if value.get("plugin").and_then(Value::as_str) != Some("igny8-bridge") {
        let what = "the plugin's address on the site answers, but not as the plugin does";
        return Err(Failure::new(FailureKind::Protocol, "unexpected_answer", what));
    }
    if value.get("protocol").and_then(Value::as_u64) != Some(PROTOCOL) {
        let what = "the plugin on the site speaks another version of the protocol";
        return Err(Failure::new(FailureKind::Protocol, "plugin_incompatible", what));
    }
    let version = version_word(value.get("version").and_then(Value::as_str).unwrap_or_default());
    Ok(Plugin::Present { version })
}

/// What the plugin tells to the holder of its key.
#[derive(Clone, Debug, Default)]
pub(super) struct PluginDetails {
    pub wordpress_version: Option<String>,
    /// Whether the `Authorization` header arrives; some hosts keep it from PHP.
    pub authorization_header: bool,
    pub connection_enabled: bool,
    /// Whether the key arrived at all: without it the plugin answers as to a stranger.
    pub knows_us: bool,
    pub capabilities: Value,
    /// The clock that deliveries are stamped by, where it is not corrected.
    pub server_time: Option<Timestamp>,
}

pub(super) async fn read_details(keyed: &SiteClient) -> Result<PluginDetails, Failure> {
    let reply = keyed.read(STATUS, query(&[("_fields", SHOWN_TO_US)])).await?;
    let flag = |name: &str| reply.value.get(name).and_then(Value::as_bool).unwrap_or(true);
    Ok(PluginDetails {
        wordpress_version: reply.value.get("wordpress_version").and_then(Value::as_str).map(version_word),
        authorization_header: flag("authorization_header"),
        connection_enabled: flag("connection_enabled"),
        knows_us: reply.value.get("user").is_some() || reply.value.get("connection_enabled").is_some(),
        capabilities: reply.value.pointer("/user/capabilities").cloned().unwrap_or_default(),
        server_time: reply.value.get("server_time").and_then(Value::as_i64).and_then(from_seconds),
    })
}

fn from_seconds(seconds: i64) -> Option<Timestamp> {
    DateTime::from_timestamp(seconds, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_plugins_own_answer_shows_the_plugin() {
        let shown = json!({"plugin": "igny8-bridge", "version": "0.1.0", "protocol": 1});
        assert_eq!(read_plugin(&shown).unwrap(), Plugin::Present { version: "0.1.0".to_owned() });
        for other in [
            json!({}),
            json!([]),
            json!({"plugin": "other"}),
            json!({"plugin": "igny8-bridge", "protocol": 2}),
        ] {
            assert!(read_plugin(&other).is_err());
        }
    }
}
