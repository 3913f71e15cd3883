//! What headers say about time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use igny8_integration_domain::time::Timestamp;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// The longest pause that a site can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// The site's own clock.
pub fn date_of(headers: &HeaderMap) -> Option<Timestamp> {
    let date = headers.get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(date).ok().map(DateTime::<Utc>::from)
}

/// `Retry-After` in either form; a date counts from the site's own clock.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = value.parse::<u64>() {
        Duration::from_secs(seconds)
    } else {
        let until = DateTime::<Utc>::from(httpdate::parse_http_date(value).ok()?);
        (until - date_of(headers)?).to_std().unwrap_or_default()
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("120", None, Some(120))]
    #[case("999999", None, Some(3_600))]
    #[case("Tue, 24 Nov 2026 20:25:19 GMT", Some("Tue, 24 Nov 2026 20:24:49 GMT"), Some(30))]
    #[case("Tue, 24 Nov 2026 20:24:19 GMT", Some("Tue, 24 Nov 2026 20:24:49 GMT"), Some(0))]
    #[case("Tue, 24 Nov 2026 20:25:19 GMT", None, None)]
    #[case("soon", None, None)]
    fn retry_after_is_read_in_either_form(
        #[case] value: &str,
        #[case] date: Option<&str>,
        #[case] seconds: Option<u64>,
    ) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        assert_eq!(retry_after(&headers).map(|wait| wait.as_secs()), seconds);
    }
}
