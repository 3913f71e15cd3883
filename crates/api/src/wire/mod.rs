//! What goes over the wire. Reading: [`body`] and [`query`] name everything that is wrong at once. Writing: one type
//! for each thing that the contract shows.

pub mod body;
pub mod connection;
pub mod content;
pub mod debug_status;
pub mod event;
pub mod field;
pub mod integration;
mod lenient;
pub mod list;
pub mod problem;
pub mod query;
pub mod run;
pub mod stream;
pub mod structure;
pub mod sync_status;
pub mod webhook;

use chrono::SecondsFormat;
use igny8_integration_domain::time::Timestamp;

/// RFC 3339 in UTC with `Z`.
pub fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
