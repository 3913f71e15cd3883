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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::{Ready, ready};

    use super::*;
    use crate::ports::storage::StorageError;

    /// Is overtaken so many times, and counts how often it was tried.
    fn overtaken(times: u32, tries: &Cell<u32>) -> Ready<Result<(), ServiceError>> {
        tries.set(tries.get() + 1);
        ready(if tries.get() <= times { Err(StorageError::Conflict.into()) } else { Ok(()) })
    }

    #[tokio::test]
    async fn who_is_overtaken_decides_anew_five_times_at_most() {
        let tries = Cell::new(0);
        assert!(retrying!(overtaken(4, &tries)).is_ok());
        assert_eq!(tries.replace(0), 5);
        let outcome = retrying!(overtaken(99, &tries));
        assert!(matches!(outcome, Err(ServiceError::Unavailable(StorageError::Conflict))));
        assert_eq!(tries.get(), 5);
    }

    #[tokio::test]
    async fn no_other_error_is_tried_again() {
        let tries = Cell::new(0);
        let refused = || {
            tries.set(tries.get() + 1);
            ready(Err::<(), _>(ServiceError::PreconditionFailed))
        };
        assert!(retrying!(refused()).is_err());
        assert_eq!(tries.get(), 1);
    }
}
