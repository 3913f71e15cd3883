//! The use cases behind every endpoint and command, one file a family.

pub mod account;
mod connection;
pub mod content;
mod content_sync;
mod credentials;
mod error;
mod health;
mod history;
pub mod integration;
mod item;
pub mod onboarding;
mod once;
mod opening;
mod patience;
mod race;
mod retention;
pub mod run;
mod session;
mod single_pull;
mod site_copy;
mod structure;
pub mod sync;
mod sync_metadata;
pub mod webhook;

pub use account::AccountService;
pub use connection::ConnectionService;
pub use content::ContentService;
pub use content_sync::{ContentSyncService, PulledOne};
pub use credentials::{CredentialRotationService, RotationReport};
pub use error::{Conflict, ServiceError};
pub use health::{DebugStatus, Queue, SyncHealthService};
pub use history::HistoryService;
pub use integration::IntegrationService;
pub use onboarding::OnboardingService;
pub use once::IdempotencyKey;
pub use retention::{Forgotten, RetentionService};
pub use session::{SessionError, SessionService};
pub use single_pull::SinglePullService;
pub use structure::{
    NotStored, StructureChoices, StructureService, StructureStored, StructureView, TypeChoice,
};
pub use sync_metadata::SyncMetadataService;
pub use webhook::{TakenIn, Verified, WebhookError, WebhookService};
