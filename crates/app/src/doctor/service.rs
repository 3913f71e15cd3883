//! The service's own setting, folder, authorities and database.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use igny8_integration_domain::ports::storage::Storage;
use igny8_integration_wordpress::guard::{AddressPolicy, HttpSites, Outbound, OutboundOptions};

use super::report::Item;
use crate::config::{Config, Database as Chosen};
use crate::data_dir::ServeLock;
use crate::database::Database;
use crate::jwks;

pub fn configuration(config: &Config, items: &mut Vec<Item>) {
    items.push(Item::ok("configuration", "every setting is understood"));
    for (name, meant) in config.unknown_variables() {
        let fix = match meant {
            Some(meant) => format!("Take it away, or write {meant} if that was meant."),
            None => "Take it away.".to_owned(),
        };
        items.push(Item::warning("configuration", format!("there is no setting {name}"), fix));
    }
    if config.outbound.http == HttpSites::Allow {
        let detail = "http:// sites are let through: their keys and articles travel in the clear";
        items.push(Item::warning(
            "configuration",
            detail,
            "Set IGNY8_OUTBOUND_HTTP back to deny outside of tests.",
        ));
    }
}

/// The way out to sites, as `serve` has it.
pub fn outbound(config: &Config, items: &mut Vec<Item>) -> anyhow::Result<Outbound> {
    let policy = Arc::new(AddressPolicy::new(config.outbound.allow.clone(), config.outbound.http));
    if config.bind.port() != 0 {
        policy.forbid_own(&[config.bind]);
    }
    let outbound = Outbound::new(policy, OutboundOptions::default())?;
    items.push(if outbound.trusts_anybody() {
        Item::ok("authorities", "this machine knows certificate authorities")
    } else {
        let fix = "Install the system's certificates (on Debian the package ca-certificates).";
        Item::error(
            "authorities",
            "this machine knows no certificate authority: no https site can be called",
            fix,
        )
    });
    Ok(outbound)
}

/// Where SQLite and generated keys live.
pub fn data_folder(config: &Config, items: &mut Vec<Item>) {
    if !matches!(config.database, Chosen::Sqlite(_)) {
        return;
    }
    let folder = &config.data_dir;
    items.push(match folder.metadata() {
        Ok(found) if !found.is_dir() => {
            let fix = "Name a folder in IGNY8_DATA_DIR.";
            Item::error("data folder", format!("{} is no folder", folder.display()), fix)
        }
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            let detail = format!("{} is open to others on this machine", folder.display());
            Item::warning("data folder", detail, format!("Run chmod 700 {}.", folder.display()))
        }
        Ok(_) => Item::ok("data folder", format!("{}, for its owner alone", folder.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => Item::skipped(
            "data folder",
            format!("{} is not there yet: the first start makes it", folder.display()),
        ),
        Err(error) => {
            let fix = "Run this as the user that the service runs as.";
            Item::error("data folder", format!("{} can't be looked at: {error}", folder.display()), fix)
        }
    });
}

/// The keys that app sessions are checked by, where they come from elsewhere.
pub async fn jwks(config: &Config, items: &mut Vec<Item>) {
    let Some(place) = &config.jwt.jwks else { return };
    items.push(match fetch_jwks(place).await {
        Ok(0) => {
            let fix = "Let the app publish its keys there.";
            Item::error("jwks", "the set is empty: no session is accepted", fix)
        }
        Ok(count) => Item::ok("jwks", format!("{count} keys")),
        Err(error) => {
            let fix = "Check IGNY8_JWT_JWKS, and that it can be read from here.";
            Item::error("jwks", format!("{error:#}"), fix)
        }
    });
}

async fn fetch_jwks(place: &str) -> anyhow::Result<usize> {
    let set = jwks::source(place)?.fetch().await?;
    let set: serde_json::Value = serde_json::from_slice(&set).context("it is not JSON")?;
    let keys = set.get("keys").and_then(serde_json::Value::as_array);
    Ok(keys.context("it holds no list of keys")?.len())
}

/// A database that can be read, where there is one.
pub async fn database(config: &Config, items: &mut Vec<Item>) -> Option<Arc<dyn Storage>> {
    let what = match &config.database {
        Chosen::Sqlite(path) if !path.exists() => {
            let detail = format!("{} is not there yet: serve or bootstrap makes it", path.display());
            items.push(Item::skipped("database", detail));
            return None;
        }
        Chosen::Sqlite(path) => format!("SQLite, {}", path.display()),
        Chosen::Postgres(_) => "PostgreSQL".to_owned(),
    };
    let started = Instant::now();
    let looked = async {
        let database = Database::connect(&config.database)?;
        let pending = database.pending_migrations().await?;
        anyhow::Ok((database, pending))
    };
    let (database, pending) = match looked.await {
        Ok(looked) => looked,
        Err(error) => {
            items.push(Item::error(
                "database",
                format!("{what}: {error:#}"),
                fix_for_database(&config.database),
            ));
            return None;
        }
    };
    items.push(Item::ok("database", format!("{what}, answers in {} ms", started.elapsed().as_millis())));
    if let Chosen::Sqlite(path) = &config.database {
        items.push(running(path));
    }
    if pending.is_empty() {
        items.push(Item::ok("migrations", "every one is applied"));
        return Some(database.storage());
    }
    let fix = "Run migrate; serve does it by itself when it starts.";
    items.push(Item::warning("migrations", format!("pending: {}", pending.join(", ")), fix));
    None
}

fn fix_for_database(database: &Chosen) -> &'static str {
    match database {
        Chosen::Sqlite(_) => {
            "Check that the file is a database of this service and that this user may write it."
        }
        Chosen::Postgres(_) => {
            "Check IGNY8_DATABASE_URL, that PostgreSQL runs, and that it lets this machine in."
        }
    }
}

fn running(database: &Path) -> Item {
    match ServeLock::is_held(database) {
        Ok(true) => Item::ok("running", "a serve is running on this database"),
        Ok(false) => Item::ok("running", "no serve is running on this database now"),
        Err(error) => Item::warning(
            "running",
            format!("whether a serve is running can't be told: {error}"),
            "Run this as the user that the service runs as.",
        ),
    }
}
