//! The rules, gravest first: a pure function, so that a table can test each.

use chrono::TimeDelta;

use super::{Facts, Health, Reason, Verdict};
use crate::integration::SyncStatus;

/// How far a site's clock may be off before somebody is told: well before its deliveries are refused.
pub const SKEW_TO_TELL: TimeDelta = TimeDelta::seconds(60);

/// For how long a copy of the site is told of.
const COPY_TOLD: TimeDelta = TimeDelta::days(7);

/// How many intervals may pass without a sync.
const INTERVALS_MISSED: i32 = 3;

/// How well a connection is, and why.
pub fn judge(facts: &Facts) -> Health {
    let mut found: Vec<(Verdict, Reason)> = Vec::new();
    credentials(facts, &mut found);
    connection(facts, &mut found);
    switches(facts, &mut found);
    runs(facts, &mut found);
    contents(facts, &mut found);
    webhooks(facts, &mut found);
    found.sort_by_key(|(verdict, _)| std::cmp::Reverse(*verdict));
    let worst = found.first().map(|(verdict, _)| *verdict);
    let nothing_known = facts.last_test.is_none() && facts.sync_status == SyncStatus::Never;
    let verdict = match worst {
        Some(worst) => worst,
        None if nothing_known => Verdict::Unknown,
        None => Verdict::Healthy,
    };
    let mut reasons: Vec<Reason> = found.into_iter().map(|(_, reason)| reason).collect();
    if verdict == Verdict::Unknown && reasons.is_empty() {
        reasons.push(reason(
            "never_used",
            "the connection was neither tested nor used yet",
            "test the connection or start a sync",
        ));
    }
    Health { verdict, reasons }
}

fn reason(code: &str, message: impl Into<String>, fix: &str) -> Reason {
    Reason { code: code.to_owned(), message: message.into(), fix: fix.to_owned() }
}

fn credentials(facts: &Facts, found: &mut Vec<(Verdict, Reason)>) {
    if !facts.credentials_readable {
        let fix = "enter the site's key again, or put back the encryption key that they were stored under";
        let message = "the stored credentials cannot be decrypted";
        found.push((Verdict::Failing, reason("credentials_unreadable", message, fix)));
    }
}

/// A failed test counts until a later sync went well.
fn connection(facts: &Facts, found: &mut Vec<(Verdict, Reason)>) {
    let Some(test) = facts.last_test.as_ref().filter(|test| !test.success) else { return };
    if facts.last_sync_at.is_some_and(|at| at > test.at) && facts.sync_status != SyncStatus::Failed {
        return;
    }
    let fix = "do what the message says, then test the connection again";
    found.push((Verdict::Failing, reason(&test.code, test.message.clone(), fix)));
}

fn switches(facts: &Facts, found: &mut Vec<(Verdict, Reason)>) {
    if !facts.is_active {
        let message = "the integration is switched off: nothing goes in or out";
        found.push((Verdict::Degraded, reason("inactive", message, "switch it on (is_active)")));
    } else if !facts.sync_enabled {
        let message = "syncing is switched off: no runs start";
        found.push((Verdict::Degraded, reason("sync_disabled", message, "switch it on (sync_enabled)")));
    }
    if facts.plugin_disconnected {
        let message =
            "the plugin on the site was deactivated, or its switch \"IGNY8 may reach this site\" is off";
        let fix = "activate the plugin on the site, or turn the switch on under Settings > IGNY8";
        found.push((Verdict::Degraded, reason("plugin_disconnected", message, fix)));
    }
}

fn runs(facts: &Facts, found: &mut Vec<(Verdict, Reason)>) {
    let told = facts.sync_error.as_ref();
    let is_test =
        facts.last_test.as_ref().is_some_and(|test| Some(&test.code) == told.map(|error| &error.code));
    if let Some(error) = told.filter(|_| !is_test) {
        let verdict =
            if facts.sync_status == SyncStatus::Failed { Verdict::Failing } else { Verdict::Degraded };
        let fix = match error.code.as_str() {
            "deletes_need_confirmation" => "look at the list in the run, then sync with confirm_deletes",
            "items_failed" => "look at the failed contents, then retry_failed",
            _ => "test the connection: it says what is wrong and how to mend it",
        };
        found.push((verdict, reason(&error.code, error.message.clone(), fix)));
    }
    let (Some(schedule), Some(last)) = (facts.schedule, facts.last_sync_at) else { return };
    if facts.is_active && facts.sync_enabled && facts.now - last > schedule * INTERVALS_MISSED {
        let minutes = (facts.now - last).num_minutes();
        let message =
            format!("the last sync ended {minutes} minutes ago, although it is scheduled more often");
        let fix = "look whether a worker is running, and at the last run";
        found.push((Verdict::Degraded, reason("sync_overdue", message, fix)));
    }
}

fn contents(facts: &Facts, found: &mut Vec<(Verdict, Reason)>) {
    if facts.totals.conflicts > 0 {
        let message = format!("{} contents were changed on both sides", facts.totals.conflicts);
        let fix = "look at each and keep one side (resolve), or set a conflict policy";
        found.push((Verdict::Degraded, reason("conflicts", message, fix)));
    }
    if facts.totals.failed > 0 {
        let message = format!("{} contents could not be synced", facts.totals.failed);
        let fix = "each says why (sync_error); mend that, then retry_failed";
        found.push((Verdict::Degraded, reason("failed_contents", message, fix)));
    }
}

fn webhooks(facts: &Facts, found: &mut Vec<(Verdict, Reason)>) {
    let webhooks = &facts.webhooks;
    if let Some(rejected) = webhooks.last_rejected_at
        && webhooks.last_accepted_at.is_none_or(|accepted| accepted < rejected)
    {
        let why = webhooks.rejection.as_deref().unwrap_or("the signature does not hold");
        let message = format!("the site's last delivery was refused: {why}");
        let fix =
            "set the site's clock by NTP, or press Connect on the plugin's settings page to renew its secret";
        found.push((Verdict::Degraded, reason("webhooks_rejected", message, fix)));
    }
    if let Some(skew) = webhooks.clock_skew.filter(|skew| skew.abs() > SKEW_TO_TELL) {
        let way = if skew > TimeDelta::zero() { "ahead of" } else { "behind" };
        let message =
            format!("the site's clock is {} seconds {way} this service's", skew.num_seconds().abs());
        let fix = "set the site's clock by NTP: at five minutes its deliveries are refused";
        found.push((Verdict::Degraded, reason("clock_skew", message, fix)));
    }
    if let Some(copy) = facts.site_copy.as_ref().filter(|copy| facts.now - copy.at < COPY_TOLD) {
        let address = copy.address.as_deref().unwrap_or("another address");
        let message =
            format!("a copy of the site at {address} uses its key; what it sends changes nothing here");
        let fix = "deactivate the plugin on the copy, or take the key out of its settings; if the site has moved, change site_url";
        found.push((Verdict::Degraded, reason("site_copy", message, fix)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::{LastTest, SiteCopy, WebhookFacts};
    use crate::integration::StatusError;
    use crate::ports::storage::ContentTotals;
    use crate::time::Timestamp;

    fn now() -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn well() -> Facts {
        Facts {
            now: now(),
            is_active: true,
            sync_enabled: true,
            credentials_readable: true,
            sync_status: SyncStatus::Success,
            sync_error: None,
            last_sync_at: Some(now() - TimeDelta::minutes(5)),
            schedule: Some(TimeDelta::minutes(15)),
            last_test: Some(test(true, "ok", 60)),
            plugin_disconnected: false,
            site_copy: None,
            webhooks: WebhookFacts::default(),
            totals: ContentTotals::default(),
        }
    }

    fn test(success: bool, code: &str, minutes_ago: i64) -> LastTest {
        let at = now() - TimeDelta::minutes(minutes_ago);
        LastTest { at, code: code.to_owned(), message: code.to_owned(), success }
    }

    fn failed(code: &str) -> StatusError {
        StatusError::new(code, code)
    }

    #[rstest::rstest]
    #[case::well(well(), Verdict::Healthy, &[])]
    #[case::new(
        Facts { last_test: None, sync_status: SyncStatus::Never, last_sync_at: None, ..well() },
        Verdict::Unknown, &["never_used"]
    )]
    #[case::unreadable(Facts { credentials_readable: false, ..well() }, Verdict::Failing, &["credentials_unreadable"])]
    #[case::failed_test(
        Facts { last_test: Some(test(false, "invalid_api_key", 1)), ..well() }, Verdict::Failing, &["invalid_api_key"]
    )]
    #[case::failed_test_told_once(
        Facts {
            last_test: Some(test(false, "invalid_api_key", 1)),
            sync_error: Some(failed("invalid_api_key")),
            sync_status: SyncStatus::Failed,
            ..well()
        },
        Verdict::Failing, &["invalid_api_key"]
    )]
    #[case::healed_since(Facts { last_test: Some(test(false, "timeout", 60)), ..well() }, Verdict::Healthy, &[])]
    #[case::inactive(Facts { is_active: false, ..well() }, Verdict::Degraded, &["inactive"])]
    #[case::sync_off(Facts { sync_enabled: false, ..well() }, Verdict::Degraded, &["sync_disabled"])]
    #[case::plugin_off(Facts { plugin_disconnected: true, ..well() }, Verdict::Degraded, &["plugin_disconnected"])]
    #[case::failed_run(
        Facts { sync_status: SyncStatus::Failed, sync_error: Some(failed("timeout")), ..well() },
        Verdict::Failing, &["timeout"]
    )]
    #[case::partial_run(
        Facts { sync_status: SyncStatus::Partial, sync_error: Some(failed("items_failed")), ..well() },
        Verdict::Degraded, &["items_failed"]
    )]
    #[case::waiting_run(
        Facts { sync_status: SyncStatus::Syncing, sync_error: Some(failed("maintenance")), ..well() },
        Verdict::Degraded, &["maintenance"]
    )]
    #[case::overdue(
        Facts { last_sync_at: Some(now() - TimeDelta::hours(1)), ..well() }, Verdict::Degraded, &["sync_overdue"]
    )]
    #[case::conflicts(
        Facts { totals: ContentTotals { conflicts: 2, ..ContentTotals::default() }, ..well() },
        Verdict::Degraded, &["conflicts"]
    )]
    #[case::failed_contents(
        Facts { totals: ContentTotals { failed: 1, ..ContentTotals::default() }, ..well() },
        Verdict::Degraded, &["failed_contents"]
    )]
    #[case::rejected(
        Facts { webhooks: WebhookFacts { last_rejected_at: Some(now()), ..WebhookFacts::default() }, ..well() },
        Verdict::Degraded, &["webhooks_rejected"]
    )]
    #[case::accepted_since(
        Facts {
            webhooks: WebhookFacts {
                last_rejected_at: Some(now() - TimeDelta::hours(1)),
                last_accepted_at: Some(now()),
                ..WebhookFacts::default()
            },
            ..well()
        },
        Verdict::Healthy, &[]
    )]
    #[case::skew(
        Facts {
            webhooks: WebhookFacts { clock_skew: Some(TimeDelta::seconds(-90)), ..WebhookFacts::default() },
            ..well()
        },
        Verdict::Degraded, &["clock_skew"]
    )]
    #[case::copy(Facts { site_copy: Some(SiteCopy { at: now() - TimeDelta::days(1), address: None }), ..well() }, Verdict::Degraded, &["site_copy"])]
    #[case::gravest_first(
        Facts { is_active: false, credentials_readable: false, ..well() },
        Verdict::Failing, &["credentials_unreadable", "inactive"]
    )]
    fn a_verdict_follows_from_the_facts(
        #[case] facts: Facts,
        #[case] verdict: Verdict,
        #[case] codes: &[&str],
    ) {
        let health = judge(&facts);
        let found: Vec<&str> = health.reasons.iter().map(|reason| reason.code.as_str()).collect();
        assert_eq!((health.verdict, found.as_slice()), (verdict, codes));
        assert!(health.reasons.iter().all(|reason| !reason.fix.is_empty()));
    }
}
