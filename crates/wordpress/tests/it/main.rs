//! The adapter against scripted servers on this machine, through the crate's public face.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail loudly")]

mod certificates;
mod connection;
mod credentials;
mod discovery;
mod errors;
mod fake;
mod gate;
mod guard;
mod hosts;
mod library;
mod maintenance;
mod onboarding;
mod reading;
mod remarks;
mod server;
mod shop;
mod terms;
mod unreadable;
mod writing;
