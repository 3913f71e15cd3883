//! The adapter against scripted servers on this machine, through the crate's public face.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail loudly")]

mod connection;
mod discovery;
mod fake;
mod guard;
mod onboarding;
mod reading;
mod server;
mod terms;
mod writing;
