//! How long a site is left alone.

use std::time::Duration;

use chrono::TimeDelta;

/// The longest wait, whatever a site asks for.
const LONGEST: TimeDelta = TimeDelta::hours(1);

/// As long as we would wait by ourselves, or as the site asked for where that is longer; an hour at most.
pub(crate) fn wait(own: TimeDelta, asked: Option<Duration>) -> TimeDelta {
    // A wait that can't be counted is a long one.
    let asked = asked.map_or(TimeDelta::zero(), |asked| TimeDelta::from_std(asked).unwrap_or(LONGEST));
    own.max(asked).min(LONGEST)
}
