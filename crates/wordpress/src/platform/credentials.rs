//! Which credentials go to a site, by what it has shown to a stranger.

use super::plugin::Plugin;
use crate::site::{Auth, Failure, FailureKind};

/// What a site without the plugin cannot do.
pub(super) const WITHOUT_PLUGIN: [&str; 3] = [
    "without the IGNY8 plugin a post is read just before it is written, but not locked against an edit in between",
    "without the IGNY8 plugin SEO fields are neither read nor written",
    "without the IGNY8 plugin the site announces no changes: they are found by the next run",
];

/// The key for a site that has shown the plugin; else the application password, where one is stored.
pub(super) fn choose(
    seen: Result<Plugin, Failure>,
    key: Option<Auth>,
    password: Option<Auth>,
) -> Result<Auth, Failure> {
    let missing = |code, what: &str| Err(Failure::new(FailureKind::Unauthorized, code, what));
    match (seen, key, password) {
        (Ok(Plugin::Present { .. }), Some(key), _) => Ok(key),
        (Ok(_), _, Some(password)) => Ok(password),
        (Err(failure), _, Some(password)) if hides_routes(&failure) => Ok(password),
        (Ok(Plugin::Present { .. }), None, None) => {
            missing("invalid_api_key", "the plugin is there, but no API key is stored")
        }
        (Ok(Plugin::Absent), _, None) => {
            missing("plugin_missing", "the IGNY8 plugin is not installed or not active on the site")
        }
        (Err(failure), _, None) if failure.status == Some(404) => {
            missing("plugin_missing", "the IGNY8 plugin is not installed or not active on the site")
        }
        (Err(failure), _, None) if hides_routes(&failure) => {
            let mut hidden = Failure::new(
                FailureKind::Unauthorized,
                "rest_disabled",
                "the REST API is closed to strangers, so the plugin cannot be seen and the key is not sent",
            );
            hidden.said = failure.said;
            Err(hidden)
        }
        (Err(failure), ..) => Err(failure),
    }
}

/// A site that shows strangers nothing of its API, or its own page where the plugin's route would be.
fn hides_routes(failure: &Failure) -> bool {
    let passes = matches!(failure.kind, FailureKind::Unavailable | FailureKind::RateLimited);
    failure.status == Some(404)
        || (failure.wp.is_some() && !passes && matches!(failure.status, Some(401 | 403)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Auth {
        Auth::Key("test-key-1".into())
    }

    fn password() -> Auth {
        Auth::Password { username: "maria".to_owned(), password: "abcd efgh".into() }
    }

    fn failed(status: u16) -> Result<Plugin, Failure> {
        let mut failure = Failure::new(FailureKind::Protocol, "route_missing", "x");
        failure.status = Some(status);
        Err(failure)
    }

    #[test]
    fn the_key_goes_to_a_site_that_has_shown_the_plugin_and_to_no_other() {
        let shown = Ok(Plugin::Present { version: "0.1.0".to_owned() });
        assert!(choose(shown, Some(key()), Some(password())).unwrap().is_key());
        assert!(!choose(Ok(Plugin::Absent), Some(key()), Some(password())).unwrap().is_key());
        assert!(!choose(failed(404), Some(key()), Some(password())).unwrap().is_key());
        for seen in [Ok(Plugin::Absent), failed(404)] {
            assert_eq!(choose(seen, Some(key()), None).err().map(|f| f.code), Some("plugin_missing"));
        }
    }

    #[test]
    fn a_site_that_is_down_is_not_tried_with_other_credentials() {
        let failure = choose(failed(503), Some(key()), Some(password())).err().unwrap();
        assert_eq!(failure.status, Some(503));
    }
}
