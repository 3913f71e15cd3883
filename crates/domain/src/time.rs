//! Instants: UTC, to the microsecond, as every store keeps them.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// An instant in UTC.
pub type Timestamp = DateTime<Utc>;

/// The least that two stored instants are apart.
pub const TICK: TimeDelta = TimeDelta::microseconds(1);

/// The instant as it reads back from any store: cut to whole microseconds.
pub fn to_stored(at: Timestamp) -> Timestamp {
    at.trunc_subsecs(6)
}
