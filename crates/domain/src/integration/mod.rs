//! A site integration: one connection of one site to one platform, its address, credentials, switches and status.

mod credentials;
mod entity;
mod platform_name;
mod policy;
mod sealing;
mod site_url;
mod status;
mod structure;

pub use credentials::{Credentials, CredentialsPatch, SealedCredentials, judge_key};
pub use entity::{Integration, NewIntegration, SyncMemory, TypeMemory};
pub use platform_name::PlatformName;
pub use policy::ConflictPolicy;
pub use site_url::SiteUrl;
pub use status::{StatusError, SyncStatus};
pub(crate) use structure::shown_type;
pub use structure::{Structure, TaxonomyEntry, TypeEntry, is_internal_type};
