//! The use cases behind every endpoint and command, one file a family.

mod content_sync;
mod error;
mod item;
mod opening;
pub mod run;
pub mod sync;

pub use content_sync::{ContentSyncService, PulledOne};
pub use error::{Conflict, ServiceError};
