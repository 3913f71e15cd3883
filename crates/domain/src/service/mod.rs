//! The use cases behind every endpoint and command, one file a family.

mod error;

pub use error::{Conflict, ServiceError};
