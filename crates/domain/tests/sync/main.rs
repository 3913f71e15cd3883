//! Runs over storage in memory and a scripted site: pulls, pushes, conflicts, deletions, and every way to die between.
#![expect(clippy::indexing_slicing, reason = "a test that finds nothing there fails")]

mod cache;
mod crash;
mod delete;
mod failure;
mod hidden;
mod maintenance;
mod memory;
mod moved;
mod pull;
mod push;
mod single_pull;
mod site_copy;
mod structure;
mod unread_post;
mod webhook;
mod webhook_during_push;
mod webhook_signatures;
mod world;
