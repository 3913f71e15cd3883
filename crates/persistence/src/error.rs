//! Database errors by what the caller can do about them.

use anyhow::anyhow;
use diesel::result::DatabaseErrorKind as Kind;
use diesel::result::Error as DieselError;
use diesel_async::pooled_connection::deadpool::PoolError;
use igny8_integration_domain::ports::storage::StorageError;

/// What SQLite and PostgreSQL say when they are busy, full, or going away: both name only few kinds. PostgreSQL's are
/// those of its default language; in another one they count as a bug, which costs a clear word and no data.
const PASSING: [&str; 9] = [
    "database is locked",
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "canceling statement due to",
    "terminating connection due to",
    "the database system is",
    "could not extend file",
    "out of shared memory",
];

/// What PostgreSQL says to the one of two that it ends so that the other can go on; diesel has no kind for it.
const DEADLOCK: &str = "deadlock detected";

/// Maps an error of a statement.
pub fn from_diesel(error: DieselError) -> StorageError {
    match &error {
        DieselError::DatabaseError(kind, information) => match kind {
            Kind::UniqueViolation | Kind::ForeignKeyViolation => StorageError::Conflict,
            Kind::SerializationFailure => StorageError::Aborted(error.into()),
            _ if information.message().contains(DEADLOCK) => StorageError::Aborted(error.into()),
            Kind::ReadOnlyTransaction | Kind::ClosedConnection | Kind::UnableToSendCommand => {
                StorageError::Unavailable(error.into())
            }
            _ if PASSING.iter().any(|text| information.message().contains(text)) => {
                StorageError::Unavailable(error.into())
            }
            _ => StorageError::Other(error.into()),
        },
        DieselError::DeserializationError(source) => StorageError::Corrupt(source.to_string()),
        // Left by a connection that broke earlier in this unit.
        DieselError::BrokenTransactionManager | DieselError::RollbackTransaction => {
            StorageError::Unavailable(error.into())
        }
        _ => StorageError::Other(error.into()),
    }
}

/// Maps an error of getting a connection: whatever it is, repeating later may help.
pub fn from_pool(error: PoolError) -> StorageError {
    StorageError::Unavailable(anyhow!(error).context("no connection to the database"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(kind: Kind, message: &str) -> StorageError {
        from_diesel(DieselError::DatabaseError(kind, Box::new(message.to_owned())))
    }

    #[test]
    fn what_somebody_else_stored_first_is_a_conflict() {
        assert!(matches!(
            database(Kind::UniqueViolation, "UNIQUE constraint failed"),
            StorageError::Conflict
        ));
        assert!(matches!(database(Kind::ForeignKeyViolation, "FOREIGN KEY"), StorageError::Conflict));
    }

    #[rstest::rstest]
    #[case(Kind::Unknown, "database is locked")]
    #[case(Kind::Unknown, "canceling statement due to lock timeout")]
    #[case(Kind::Unknown, "terminating connection due to administrator command")]
    #[case(Kind::ClosedConnection, "closed")]
    fn what_passes_is_unavailable(#[case] kind: Kind, #[case] message: &str) {
        assert!(matches!(database(kind, message), StorageError::Unavailable(_)));
    }

    #[rstest::rstest]
    #[case(Kind::Unknown, "deadlock detected")]
    #[case(Kind::SerializationFailure, "could not serialize access due to concurrent update")]
    fn what_gave_way_to_somebody_else_can_be_begun_again(#[case] kind: Kind, #[case] message: &str) {
        assert!(matches!(database(kind, message), StorageError::Aborted(_)));
    }

    #[test]
    fn a_wrong_statement_is_a_bug() {
        assert!(matches!(database(Kind::Unknown, "no such table: sites"), StorageError::Other(_)));
        assert!(matches!(database(Kind::NotNullViolation, "NOT NULL"), StorageError::Other(_)));
    }

    #[test]
    fn a_value_that_cannot_be_read_is_corrupt() {
        let error = from_diesel(DieselError::DeserializationError("premature end of input".into()));
        assert!(matches!(error, StorageError::Corrupt(_)));
    }
}
