//! The use cases behind every endpoint and command, one file a family.

mod error;
mod reseal;
mod tenants;

pub use error::{Conflict, ServiceError};
pub use reseal::{ResealService, Resealed};
pub use tenants::{AccountPatch, Bootstrapped, ROTATION_GRACE, TenantService, UserPatch, key_hash};
