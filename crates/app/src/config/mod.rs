//! What an operator can set, from four places and understood once: `settings` names each setting,
//! `layers` finds its winning value, `parse` gives it meaning, and `Config` is what the rest of the binary sees.

mod layers;
mod parse;
pub mod settings;
mod show;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use igny8_integration_api::Throttles;
use igny8_integration_persistence::cipher::Keyset;
use igny8_integration_wordpress::guard::{AllowedRange, HttpSites};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use self::layers::Inputs;
use self::layers::Values;
pub use self::parse::duration;
use self::settings::{Secrecy, Setting};

/// The shortest HS256 secret that is taken: as long as the hash it keys.
pub const SHORTEST_JWT_SECRET: usize = 32;

pub struct Config {
    pub bind: SocketAddr,
    pub data_dir: PathBuf,
    pub database: Database,
    pub jwt: Jwt,
    pub credential_keys: Option<Keyset>,
    pub outbound: Outbound,
    pub public_url: Option<Url>,
    pub trusted_proxies: Vec<IpNet>,
    pub runs: Runs,
    pub cors_origins: Vec<String>,
    pub throttles: Throttles,
    pub telemetry: Telemetry,
    values: Values,
}

#[derive(Clone, Debug)]
pub enum Database {
    Sqlite(PathBuf),
    Postgres(SecretString),
}

pub struct Jwt {
    /// The first one signs. None: generated on first start.
    pub secrets: Option<Vec<SecretString>>,
    /// A URL or a file.
    pub jwks: Option<String>,
    pub issuer: String,
    pub audience: String,
}

pub struct Outbound {
    pub allow: Vec<AllowedRange>,
    pub http: HttpSites,
}

pub struct Runs {
    pub workers: usize,
    pub lease: Duration,
    /// How often an integration is synced by itself.
    pub schedule: Option<Duration>,
    /// How long history and ended runs are kept.
    pub retention: Duration,
}

#[derive(Clone)]
pub struct Telemetry {
    pub filter: String,
    /// None: pretty on a terminal, else JSON.
    pub format: Option<LogFormat>,
    pub otlp_endpoint: Option<Url>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Pretty,
    Json,
}

impl Config {
    pub fn load(inputs: &Inputs) -> anyhow::Result<Self> {
        let values = Values::collect(inputs)?;
        let data_dir = required(&values, settings::DATA_DIR, |text| Ok(PathBuf::from(text)))?;
        let config = Self {
            bind: required(&values, settings::BIND, bind_address)?,
            database: database(&values, &data_dir)?,
            jwt: jwt(&values)?,
            credential_keys: optional(&values, settings::CREDENTIAL_KEYS, |text| {
                Ok(Keyset::parse(&text.into())?)
            })?,
            outbound: Outbound {
                allow: list(&values, settings::OUTBOUND_ALLOW, |text| Ok(text.parse()?))?,
                http: required(
                    &values,
                    settings::OUTBOUND_HTTP,
                    one_of(&[("deny", HttpSites::Deny), ("allow", HttpSites::Allow)]),
                )?,
            },
            public_url: optional(&values, settings::PUBLIC_URL, web_url)?,
            trusted_proxies: list(&values, settings::TRUSTED_PROXIES, parse::range)?,
            runs: runs(&values)?,
            cors_origins: list(&values, settings::CORS_ORIGINS, origin)?,
            throttles: Throttles {
                integration: required(&values, settings::THROTTLE_INTEGRATION, parse::rate)?,
                onboarding: required(&values, settings::THROTTLE_ONBOARDING, parse::rate)?,
                webhooks: required(&values, settings::THROTTLE_WEBHOOK, parse::rate)?,
            },
            telemetry: telemetry(&values)?,
            data_dir,
            values,
        };
        config.check_together()?;
        Ok(config)
    }

    /// Variables of this service's prefix that mean nothing, each with the one that may have been meant.
    pub fn unknown_variables(&self) -> &[(String, Option<&'static str>)] {
        &self.values.unknown_variables
    }

    // Nodes that share a database must share its keys, so none may start on keys of its own.
    fn check_together(&self) -> anyhow::Result<()> {
        if matches!(self.database, Database::Sqlite(_)) {
            return Ok(());
        }
        ensure!(self.credential_keys.is_some(), "with postgres:// IGNY8_CREDENTIAL_KEYS must be set");
        let can_check_tokens = self.jwt.secrets.is_some() || self.jwt.jwks.is_some();
        ensure!(can_check_tokens, "with postgres:// IGNY8_JWT_SECRETS or IGNY8_JWT_JWKS must be set");
        Ok(())
    }
}

fn database(values: &Values, data_dir: &Path) -> anyhow::Result<Database> {
    let given = optional(values, settings::DATABASE_URL, |text| {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Database::Postgres(text.into()));
        }
        let path = text.strip_prefix("sqlite:").context("it must begin with sqlite:// or postgres://")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        ensure!(!path.is_empty() && path != ":memory:", "sqlite:// needs the path of a file");
        Ok(Database::Sqlite(PathBuf::from(path)))
    })?;
    Ok(given.unwrap_or_else(|| Database::Sqlite(data_dir.join("igny8.db"))))
}

fn jwt(values: &Values) -> anyhow::Result<Jwt> {
    let secrets = optional(values, settings::JWT_SECRETS, |text| {
        // Each secret is the text as it stands: the space around it is part of it.
        text.split(',').map(jwt_secret).collect::<anyhow::Result<Vec<_>>>()
    })?;
    Ok(Jwt {
        secrets,
        jwks: optional(values, settings::JWT_JWKS, |text| Ok(text.to_owned()))?,
        issuer: required(values, settings::JWT_ISSUER, |text| Ok(text.to_owned()))?,
        audience: required(values, settings::JWT_AUDIENCE, |text| Ok(text.to_owned()))?,
    })
}

pub fn jwt_secret(text: &str) -> anyhow::Result<SecretString> {
    ensure!(text.len() >= SHORTEST_JWT_SECRET, "each secret needs {SHORTEST_JWT_SECRET} bytes or more");
    Ok(text.into())
}

fn runs(values: &Values) -> anyhow::Result<Runs> {
    Ok(Runs {
        workers: required(values, settings::WORKERS, |text| {
            let workers = text.parse().ok().filter(|workers| (1..=10_000).contains(workers));
            workers.context("it must be a whole number from 1 to 10000")
        })?,
        lease: required(values, settings::RUN_LEASE, |text| {
            let lease = duration(text)?;
            ensure!(lease >= Duration::from_secs(1), "1s is the least");
            Ok(lease)
        })?,
        schedule: required(values, settings::SYNC_SCHEDULE, parse::interval)?,
        retention: required(values, settings::EVENT_RETENTION, |text| {
            let keep = duration(text)?;
            ensure!(keep >= Duration::from_secs(1), "1s is the least");
            Ok(keep)
        })?,
    })
}

fn telemetry(values: &Values) -> anyhow::Result<Telemetry> {
    let formats = [("pretty", LogFormat::Pretty), ("json", LogFormat::Json)];
    Ok(Telemetry {
        filter: required(values, settings::LOG, |text| {
            text.parse::<tracing_subscriber::EnvFilter>().context("it is no log filter, such as info")?;
            Ok(text.to_owned())
        })?,
        format: optional(values, settings::LOG_FORMAT, one_of(&formats))?,
        otlp_endpoint: optional(values, settings::OTLP_ENDPOINT, web_url)?,
    })
}

fn bind_address(text: &str) -> anyhow::Result<SocketAddr> {
    text.parse().context("it must be an address and a port, such as 127.0.0.1:8080 or [::1]:8080")
}

fn web_url(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.context("it must be a URL that begins with http:// or https://")
}

fn origin(text: &str) -> anyhow::Result<String> {
    let origin = web_url(text)?.origin().ascii_serialization();
    ensure!(origin == text, "an origin is scheme, host and port alone, such as https://app.example");
    Ok(origin)
}

fn one_of<T: Copy>(choices: &[(&'static str, T)]) -> impl FnOnce(&str) -> anyhow::Result<T> {
    move |text| {
        let chosen = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        let names = || choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" or ");
        chosen.with_context(|| format!("it must be {}", names()))
    }
}

fn optional<T>(
    values: &Values,
    setting: &Setting,
    parse: impl FnOnce(&str) -> anyhow::Result<T>,
) -> anyhow::Result<Option<T>> {
    let Some(value) = values.get(setting) else { return Ok(None) };
    let text = value.text.expose_secret();
    let parsed = parse(text).with_context(|| match setting.secrecy {
        Secrecy::Open => format!("{} ({}), `{text}`", setting.variable, value.source),
        Secrecy::Url | Secrecy::Hidden => format!("{} ({})", setting.variable, value.source),
    });
    parsed.map(Some)
}

fn required<T>(
    values: &Values,
    setting: &Setting,
    parse: impl FnOnce(&str) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    match optional(values, setting, parse)? {
        Some(value) => Ok(value),
        None => bail!("{} must be set", setting.variable),
    }
}

fn list<T>(
    values: &Values,
    setting: &Setting,
    parse: impl Fn(&str) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<T>> {
    let entries = |text: &str| {
        parse::list(text)
            .map(|entry| parse(entry).with_context(|| format!("`{entry}`")))
            .collect::<anyhow::Result<Vec<_>>>()
    };
    Ok(optional(values, setting, entries)?.unwrap_or_default())
}
