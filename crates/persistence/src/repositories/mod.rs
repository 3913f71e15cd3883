//! The queries, one file for each repository of the storage port.

mod account;
mod content;
mod content_list;
mod event;
mod integration;
mod integration_list;
mod paging;
mod pull;
mod receipt;
mod run;
mod site;
mod webhook;

/// Ids as their columns hold them.
fn raw<Id: Copy + Into<i64>>(ids: &[Id]) -> Vec<i64> {
    ids.iter().map(|id| (*id).into()).collect()
}
