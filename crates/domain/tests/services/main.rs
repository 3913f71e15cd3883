//! The use cases over storage in memory: what they let through, refuse, store and leave alone.

mod account;
mod connection;
mod content;
mod credentials;
mod damaged;
mod integration;
mod onboarding;
mod once;
mod platform;
mod session;
mod world;
