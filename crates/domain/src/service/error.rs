//! Why a use case did not do it, by what the caller can do.

use crate::account::Denied;
use crate::id::RunId;
use crate::ports::platform::ConnectionReport;
use crate::ports::storage::StorageError;
use crate::validation::{FieldError, ValidationErrors};

/// Something stands in the way that the caller can see to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The site has an integration for this platform.
    #[error("this site already has an integration for this platform")]
    AlreadyExists,
    /// A run is queued or running.
    #[error("a run is already queued or running")]
    SyncInProgress(RunId),
    /// Sync or the integration is switched off.
    #[error("syncing is switched off for this integration")]
    SyncDisabled,
    /// The content was never published.
    #[error("this content has no post on the site yet")]
    NoExternalId,
    /// There is nothing to resolve.
    #[error("this content has no conflict")]
    NoConflict,
    /// The integration is of another address.
    #[error("the integration belongs to another address; change its site_url to move it")]
    SiteMoved,
}

/// Why a use case did not do it.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The caller may not, or must not know.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The account or the person is switched off.
    #[error("this account is switched off")]
    Inactive,
    /// Neither the key nor the site, for all that anybody may learn (onboarding).
    #[error("the API key does not match this site")]
    ApiKeyMismatch,
    /// The input is wrong, field by field.
    #[error(transparent)]
    Invalid(#[from] ValidationErrors),
    /// Something stands in the way.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The row is not at the version that the caller named.
    #[error("the row has changed since it was read")]
    PreconditionFailed,
    /// The idempotency key was used for another request.
    #[error("this idempotency key was used for another body")]
    IdempotencyKeyReused,
    /// There is no adapter for this platform.
    #[error("this platform has no adapter yet")]
    PlatformNotSupported,
    /// The site could not be connected; the report says why.
    #[error("the connection test failed")]
    ConnectionFailed(Box<ConnectionReport>),
    /// The store is away; repeat later.
    #[error("the service is not available for the moment")]
    Unavailable(#[source] StorageError),
    /// A bug, or a row that makes no sense.
    #[error("something went wrong inside")]
    Internal(#[source] anyhow::Error),
}

impl From<StorageError> for ServiceError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Unavailable(_) | StorageError::Conflict | StorageError::Aborted(_) => {
                Self::Unavailable(error)
            }
            StorageError::Corrupt(_) | StorageError::Other(_) => Self::Internal(error.into()),
        }
    }
}

impl From<FieldError> for ServiceError {
    fn from(error: FieldError) -> Self {
        Self::Invalid(error.into())
    }
}
