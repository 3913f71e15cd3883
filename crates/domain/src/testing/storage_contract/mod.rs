//! What every storage must keep, as cases that an adapter runs against an empty database each.
//!
//! An adapter's test file holds one function and one line:
//!
//! ```ignore
//! /// An empty storage, and whatever must live as long as it (a temporary folder).
//! async fn make_storage() -> anyhow::Result<(MyStorage, TempDir)> { … }
//! igny8_integration_domain::storage_contract!(make_storage);
//! ```

pub mod account;
mod cases;
pub mod content;
pub mod content_list;
pub mod event;
mod fixture;
pub mod integration;
pub mod integration_list;
pub mod link;
pub mod receipt;
pub mod run;
pub mod run_claim;
pub mod site;
pub mod transaction;
pub mod webhook;

/// What a case comes to: an error says which promise does not hold.
pub type Outcome = anyhow::Result<()>;
