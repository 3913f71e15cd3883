//! The keys, as they are: none is made here.

use std::os::unix::fs::PermissionsExt as _;

use super::report::Item;
use crate::config::{Config, Database};
use crate::keys::{self, Keys};

/// The keys that `serve` would work with, where all of them are there.
pub fn look(config: &mut Config, items: &mut Vec<Item>) -> Option<Keys> {
    let [jwt, credential] = keys::files(config);
    let is_new = matches!(&config.database, Database::Sqlite(path) if !path.exists());
    let credential_missing = config.credential_keys.is_none() && !credential.exists();
    if credential_missing && is_new {
        items.push(Item::skipped("keys", "not there yet: the first start makes them"));
        return None;
    }
    let signs_by_file = config.jwt.secrets.is_none() && config.jwt.jwks.is_none();
    if signs_by_file && !credential_missing && !jwt.exists() {
        let fix = "Put it back from a backup, or let the next start make another; tokens issued before stop working then.";
        items.push(Item::warning("keys", format!("{} is missing", jwt.display()), fix));
        return None;
    }
    for file in [&jwt, &credential] {
        if file.metadata().is_ok_and(|found| found.permissions().mode() & 0o077 != 0) {
            let detail = format!("{} is open to others on this machine", file.display());
            items.push(Item::warning("keys", detail, format!("Run chmod 600 {}.", file.display())));
        }
    }
    // Everything that it would make is there.
    match Keys::resolve(config) {
        Ok(keys) => {
            items.push(Item::ok("keys", "those for credentials and for sessions are there"));
            Some(keys)
        }
        Err(error) => {
            let fix = "Put the keys back that the stored credentials were encrypted under.";
            items.push(Item::error("keys", format!("{error:#}"), fix));
            None
        }
    }
}
