//! Every setting once: its variable, default, secrecy and meaning. The key in the file and the flag are
//! made from the variable, so the three can't drift apart.

/// How much of a value may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    Open,
    /// A URL whose password is hidden.
    Url,
    Hidden,
}

#[derive(Debug)]
pub struct Setting {
    pub variable: &'static str,
    pub default: Option<&'static str>,
    pub secrecy: Secrecy,
    pub meaning: &'static str,
}

impl Setting {
    /// The key in the file: the variable without `IGNY8_`, in lower case.
    pub fn key(&self) -> String {
        self.variable.strip_prefix(PREFIX).unwrap_or(self.variable).to_ascii_lowercase()
    }

    pub fn flag(&self) -> String {
        self.key().replace('_', "-")
    }

    /// Whether the value may come from a file that `…_FILE` names.
    pub fn has_file_twin(&self) -> bool {
        self.secrecy != Secrecy::Open
    }
}

pub const PREFIX: &str = "IGNY8_";
/// What is added to a variable for the twin that names a file.
pub const FILE_TWIN: &str = "_FILE";

macro_rules! settings {
    ($($name:ident: $variable:literal, $default:expr, $secrecy:ident, $meaning:literal;)*) => {
        $(pub const $name: &Setting = &Setting {
            variable: $variable,
            default: $default,
            secrecy: Secrecy::$secrecy,
            meaning: $meaning,
        };)*
        pub const ALL: &[&Setting] = &[$($name),*];
    };
}

settings! {
    BIND: "IGNY8_BIND", Some("127.0.0.1:8080"), Open, "Address to listen on; port 0 picks a free one";
    DATA_DIR: "IGNY8_DATA_DIR", Some("./data"), Open, "Folder of the embedded database and generated keys";
    DATABASE_URL: "IGNY8_DATABASE_URL", None, Url, "sqlite://PATH or postgres://…; by default igny8.db in the data folder";
    JWT_SECRETS: "IGNY8_JWT_SECRETS", None, Hidden, "Comma-separated HS256 secrets of 32 bytes or more, the first one signs";
    JWT_JWKS: "IGNY8_JWT_JWKS", None, Open, "URL or file of a JWKS; HS256 is then off unless secrets are set too";
    JWT_ISSUER: "IGNY8_JWT_ISSUER", Some("igny8"), Open, "Issuer that tokens must name";
    JWT_AUDIENCE: "IGNY8_JWT_AUDIENCE", Some("igny8-integration"), Open, "Audience that tokens must name";
    CREDENTIAL_KEYS: "IGNY8_CREDENTIAL_KEYS", None, Hidden, "id:base64key list, newest first; keys of 32 bytes";
    OUTBOUND_ALLOW: "IGNY8_OUTBOUND_ALLOW", None, Open, "Private address ranges that outbound calls may reach, each with an optional port";
    OUTBOUND_HTTP: "IGNY8_OUTBOUND_HTTP", Some("deny"), Open, "allow lets http:// sites through";
    PUBLIC_URL: "IGNY8_PUBLIC_URL", None, Open, "How the outside reaches this service";
    TRUSTED_PROXIES: "IGNY8_TRUSTED_PROXIES", None, Open, "Ranges whose Forwarded and X-Forwarded-For are believed";
    WORKERS: "IGNY8_WORKERS", Some("32"), Open, "Concurrent runs on this node";
    RUN_LEASE: "IGNY8_RUN_LEASE", Some("30s"), Open, "How long a silent node keeps a run";
    SYNC_SCHEDULE: "IGNY8_SYNC_SCHEDULE", Some("15m"), Open, "How often an integration is synced by itself, or off";
    EVENT_RETENTION: "IGNY8_EVENT_RETENTION", Some("90d"), Open, "How long history and ended runs are kept";
    THROTTLE_INTEGRATION: "IGNY8_THROTTLE_INTEGRATION", Some("120/m"), Open, "Requests of a person or a site's key, or off";
    THROTTLE_ONBOARDING: "IGNY8_THROTTLE_ONBOARDING", Some("10/m"), Open, "Onboarding requests from an address and for a site, or off";
    THROTTLE_WEBHOOK: "IGNY8_THROTTLE_WEBHOOK", Some("1200/m"), Open, "Webhook deliveries of a site, or off";
    CORS_ORIGINS: "IGNY8_CORS_ORIGINS", None, Open, "Origins of the app";
    LOG: "IGNY8_LOG", Some("info"), Open, "What is logged, such as info or info,igny8_integration_domain=debug";
    LOG_FORMAT: "IGNY8_LOG_FORMAT", None, Open, "pretty or json; by default pretty on a terminal";
    OTLP_ENDPOINT: "OTEL_EXPORTER_OTLP_ENDPOINT", None, Open, "Where traces go over OTLP";
}

/// The known key that is nearest to `unknown`, where one is near at all.
pub fn nearest<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|key| (strsim::jaro_winkler(unknown, key), key))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_and_flag_are_made_from_the_variable() {
        assert_eq!((RUN_LEASE.key(), RUN_LEASE.flag()), ("run_lease".into(), "run-lease".into()));
        assert_eq!(OTLP_ENDPOINT.key(), "otel_exporter_otlp_endpoint");
    }

    #[test]
    fn a_slip_of_the_finger_finds_the_key_that_was_meant() {
        let keys: Vec<String> = ALL.iter().map(|setting| setting.key()).collect();
        let near = |unknown| nearest(unknown, keys.iter().map(String::as_str));
        assert_eq!(near("run_leese"), Some("run_lease"));
        assert_eq!(near("databse_url"), Some("database_url"));
        assert_eq!(near("zzz"), None);
    }
}
