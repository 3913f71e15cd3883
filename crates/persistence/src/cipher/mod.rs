//! Secrets at rest: XChaCha20-Poly1305 under a key for each account, derived from one of several master keys.
//!
//! A sealed secret says which master key made it, so that keys rotate while old ones still open what they sealed, and
//! it is bound to its account, site, integration and label, so that it opens in no other row.

mod envelope;
mod keyset;

pub use keyset::{Keyset, KeysetError};
