//! What happens where two want to change one row.

use crate::ports::storage::StorageError;
use crate::service::ServiceError;

/// Awaits `$attempt`, a unit of work from its beginning to its commit, and once more where a row that it decided on
/// was changed or made meanwhile, or the database gave way to somebody else: five times at most, and then it is as if
/// the store were away.
///
/// A macro, because futures of a closure that borrows can't be shown to be `Send`.
macro_rules! retrying {
    ($attempt:expr) => {{
        let mut left = 5_u32;
        loop {
            left = left.saturating_sub(1);
            match $attempt.await {
                Err(error) if left > 0 && $crate::service::race::Overtaken::is_overtaken(&error) => {}
                outcome => break outcome,
            }
        }
    }};
}
pub(crate) use retrying;

/// An error that may say that somebody else was quicker.
pub(crate) trait Overtaken {
    /// Whether it says so.
    fn is_overtaken(&self) -> bool;
}

impl Overtaken for StorageError {
    fn is_overtaken(&self) -> bool {
        self.is_worth_another_try()
    }
}

impl Overtaken for ServiceError {
    fn is_overtaken(&self) -> bool {
        matches!(self, Self::Unavailable(error) if error.is_overtaken())
    }
}

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

    fn given_up() -> StorageError {
        StorageError::Aborted(anyhow::anyhow!("deadlock detected"))
    }

    /// Is overtaken so many times, and counts how often it was tried.
    fn overtaken(by: fn() -> StorageError, times: u32, tries: &Cell<u32>) -> Ready<Result<(), ServiceError>> {
        tries.set(tries.get() + 1);
        ready(if tries.get() <= times { Err(by().into()) } else { Ok(()) })
    }

    #[rstest::rstest]
    #[case::changed_meanwhile(|| StorageError::Conflict)]
    #[case::given_up_for_another(given_up)]
    #[tokio::test]
    async fn who_is_overtaken_decides_anew_five_times_at_most(#[case] by: fn() -> StorageError) {
        let tries = Cell::new(0);
        assert!(retrying!(overtaken(by, 4, &tries)).is_ok());
        assert_eq!(tries.replace(0), 5);
        let outcome = retrying!(overtaken(by, 99, &tries));
        assert!(matches!(outcome, Err(ServiceError::Unavailable(error)) if error.is_worth_another_try()));
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
