//! Instants: UTC, to the microsecond, as every store keeps them.

use chrono::{DateTime, SubsecRound, Utc};

/// An instant in UTC.
pub type Timestamp = DateTime<Utc>;

/// The instant as it reads back from any store: cut to whole microseconds.
pub fn to_stored(at: Timestamp) -> Timestamp {
    at.trunc_subsecs(6)
}
