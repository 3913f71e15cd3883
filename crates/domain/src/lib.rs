//! The domain of igny8's site integrations: entities, rules, ports and use cases.
//!
//! Nothing here knows a database, an HTTP client or a web framework. Adapters implement the traits of
//! [`ports`]; callers use the services of [`service`].
#![deny(missing_docs)]

pub mod account;
pub mod content;
pub mod event;
pub mod health;
pub mod id;
pub mod integration;
pub mod ports;
pub mod service;
pub mod sync;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
pub mod validation;
pub mod webhook;
mod words;
