//! What a test notices on its way and does not end for.

use igny8_integration_domain::health::SKEW_TO_TELL;
use igny8_integration_domain::time::Timestamp;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};

use super::checks::Journal;
use crate::answer::{Noise, Redactor, cache_sign, shorten};
use crate::discovery::{Discovery, FIELDS, RestRoot};
use crate::guard::{Outbound, Reading};

/// Whose clock it is that was read.
pub(super) const WEB_SERVER: &str = "the site's web server (its Date header)";
pub(super) const PLUGIN: &str = "the site's PHP (told by the plugin)";

/// What the index shows besides.
pub(super) fn on_discovery(found: &Discovery, now: Timestamp, journal: &mut Journal) {
    if found.root.is_plain() {
        journal.remark("plain_permalinks", "the API was found through rest_route, not at /wp-json/");
    }
    if let Some(error) = &found.closed {
        let said = Redactor::default().plain(&error.message);
        journal.remark(
            "closed_to_strangers",
            shorten(&format!("the API answers strangers {}: {said}", error.code)),
        );
    }
    if let Some(noise) = &found.noise {
        on_noise(noise, journal);
    }
    if let Some(time) = found.server_time {
        on_clock(time, now, WEB_SERVER, journal);
    }
}

pub(super) fn on_noise(noise: &Noise, journal: &mut Journal) {
    let text = Redactor::default().plain(noise.text());
    let colon = if text.is_empty() { "" } else { ": " };
    journal.remark("php_noise", shorten(&format!("{}{colon}{text}", noise.describe())));
}

pub(super) fn on_clock(site: Timestamp, now: Timestamp, whose: &str, journal: &mut Journal) {
    let skew = site - now;
    if skew.abs() > SKEW_TO_TELL {
        let way = if site > now { "ahead of" } else { "behind" };
        let seconds = skew.num_seconds().abs();
        let amount =
            if seconds < 180 { format!("{seconds} seconds") } else { format!("{} minutes", seconds / 60) };
        journal.remark("clock_skew", format!("the clock of {whose} is {amount} {way} this service's"));
    }
}

/// Reads one address of the API twice, as a reader without tricks would, and looks whether a cache answers. A cache
/// that shows no sign of itself is not noticed.
pub(super) async fn on_cache(outbound: &Outbound, root: &RestRoot, journal: &mut Journal) {
    let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    let url = root.route("", [(FIELDS, "name".to_owned())]);
    let mut sign = None;
    for _ in 0..2 {
        let Ok(followed) = outbound.follow(Reading::Get, url.clone(), &headers).await else { return };
        sign = cache_sign(&followed.answer.headers);
    }
    if let Some(sign) = sign {
        journal.remark("page_cache", format!("the second of two alike requests was answered with {sign}"));
    }
}
