//! The use cases over storage in memory: what they let through, refuse, store and leave alone.
#![expect(clippy::indexing_slicing, reason = "a test that finds nothing there fails")]

mod account;
mod connection;
mod content;
mod credentials;
mod damaged;
mod integration;
mod onboarding;
mod once;
mod platform;
mod retention;
mod session;
mod world;
