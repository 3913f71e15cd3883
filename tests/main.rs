//! Black-box tests: the real binary, real databases, a real WordPress.
#![expect(clippy::indexing_slicing, reason = "what a test reads of JSON is there or the test fails")]

mod api;
mod cli;
mod demo;
mod documents;
mod harness;
mod sites;
