//! The domain's pure rules: reconciling two sides, what a base and an intent know, states, callers, structure.
#![expect(clippy::unwrap_used, reason = "a test's own helpers may fail the test")]

mod base;
mod caller;
mod fields;
mod intent;
mod reconcile;
mod resolve;
mod state;
mod structure;
