//! The secrets that the service itself makes for a site.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::ports::Random;

/// A new key of a site's plugin: a prefix that secret scanners can know it by, and 256 random bits.
pub(crate) fn new_site_key(random: &dyn Random) -> SecretString {
    format!("igny8_{}", URL_SAFE_NO_PAD.encode(random_bytes(random))).into()
}

/// A new secret to sign webhooks with, as Standard Webhooks writes them.
pub(crate) fn new_webhook_secret(random: &dyn Random) -> SecretString {
    format!("whsec_{}", STANDARD.encode(random_bytes(random))).into()
}

/// What is kept of a site's key. It has 256 random bits, so a plain hash gives nothing away.
pub(crate) fn hash_site_key(key: &SecretString) -> [u8; 32] {
    Sha256::digest(key.expose_secret().as_bytes()).into()
}

fn random_bytes(random: &dyn Random) -> [u8; 32] {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    bytes
}
