//! What happens where two want to change one row.

use crate::service::ServiceError;

/// Awaits `$attempt`, a unit of work from its beginning to its commit, and once more where a row that it decided on
/// was changed or made meanwhile: five times at most, and then it is as if the store were away.
///
/// A macro, because futures of a closure that borrows can't be shown to be `Send`.
macro_rules! retrying {
    ($attempt:expr) => {{
        let mut left = 5_u32;
        loop {
            left = left.saturating_sub(1);
            match $attempt.await {
                Err($crate::service::ServiceError::Unavailable(
                    $crate::ports::storage::StorageError::Conflict,
                )) if left > 0 => {}
                outcome => break outcome,
            }
        }
    }};
}
pub(crate) use retrying;

/// Judges `If-Match`: the row must still be at the version that the caller named, where it named one.
pub(crate) fn expect_version(expected: Option<i64>, actual: i64) -> Result<(), ServiceError> {
    if expected.is_none_or(|expected| expected == actual) {
        Ok(())
    } else {
        Err(ServiceError::PreconditionFailed)
    }
}
