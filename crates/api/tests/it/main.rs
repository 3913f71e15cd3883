//! The API over a real socket, on storage in memory.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

mod abandonment;
mod callers;
mod client;
mod connection;
mod contents;
mod contract;
mod conventions;
mod docs;
mod idempotency;
mod integrations;
mod operations;
mod runs;
mod stub;
mod throttles;
mod world;
