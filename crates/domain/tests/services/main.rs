//! The use cases over storage in memory: what they let through, refuse, store and leave alone.

mod account;
mod integration;
mod session;
mod world;
