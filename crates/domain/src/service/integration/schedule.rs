//! When an integration is synced by itself.

use chrono::TimeDelta;

use crate::id::IntegrationId;
use crate::integration::Integration;
use crate::time::Timestamp;

/// An odd number near 2^63 times the golden ratio: neighbouring ids land far from each other.
const SPREAD: i64 = 0x4F1B_BCDC_BFA5_3E0B;

/// The next instant after `now` that is the integration's own: each has one in every interval, and all together they
/// are spread evenly over it, however many were made or switched on at once.
pub fn next_sync_at(id: IntegrationId, schedule: TimeDelta, now: Timestamp) -> Timestamp {
    let interval = schedule.num_milliseconds().max(1);
    let own = id.get().wrapping_mul(SPREAD).rem_euclid(interval);
    let since = (now.timestamp_millis() - own).rem_euclid(interval);
    now + TimeDelta::milliseconds(interval - since)
}

/// Gives an integration that syncs by itself a time to, where it has none, and takes it from one that does not.
pub(crate) fn plan_next_sync(integration: &mut Integration, schedule: Option<TimeDelta>, now: Timestamp) {
    let on = integration.is_active && integration.sync_enabled;
    integration.next_sync_at = match schedule {
        Some(schedule) if on => {
            integration.next_sync_at.or_else(|| Some(next_sync_at(integration.id, schedule, now)))
        }
        _ => None,
    };
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_thousand_integrations_are_spread_over_the_whole_interval() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let mut minutes = [0; 15];
        for id in (1..=1000).filter_map(IntegrationId::new) {
            let wait = next_sync_at(id, TimeDelta::minutes(15), now) - now;
            assert!(wait > TimeDelta::zero() && wait <= TimeDelta::minutes(15));
            minutes[usize::try_from((wait.num_milliseconds() - 1) / 60_000).unwrap()] += 1;
        }
        assert!(minutes.iter().all(|count| (40..=95).contains(count)), "{minutes:?}");
    }

    #[test]
    fn the_next_time_is_one_interval_after_the_last() {
        let id = IntegrationId::new(7).unwrap();
        let first = next_sync_at(id, TimeDelta::minutes(15), DateTime::UNIX_EPOCH);
        assert_eq!(next_sync_at(id, TimeDelta::minutes(15), first), first + TimeDelta::minutes(15));
    }
}
