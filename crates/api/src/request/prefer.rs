//! `Prefer: wait=N` (RFC 7240).

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName};

pub const PREFER: HeaderName = HeaderName::from_static("prefer");
pub const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// More counts as this.
const LONGEST_WAIT: u64 = 30;

/// How long the client would wait for the end; nonsense is ignored.
pub fn wait(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers.get_all(PREFER).filter_map(|value| value.to_str().ok());
    preferences.flat_map(|value| value.split(',')).find_map(seconds).map(Duration::from_secs)
}

fn seconds(preference: &str) -> Option<u64> {
    let (name, value) = preference.split(';').next()?.split_once('=')?;
    let value = value.trim().trim_matches('"');
    let is_wait = name.trim().eq_ignore_ascii_case("wait");
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    (is_wait && is_number).then(|| value.parse().map_or(LONGEST_WAIT, |given: u64| given.min(LONGEST_WAIT)))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[rstest::rstest]
    #[case("wait=5", Some(5))]
    #[case("respond-async, wait=10", Some(10))]
    #[case("Wait = \"7\"; foo=1", Some(7))]
    #[case("wait=0", Some(0))]
    #[case::more("wait=31", Some(30))]
    #[case::overflow("wait=99999999999999999999", Some(30))]
    #[case::negative("wait=-1", None)]
    #[case::fraction("wait=1.5", None)]
    #[case::words("wait=soon", None)]
    #[case::bare("wait", None)]
    #[case::other("return=minimal", None)]
    fn a_wait_is_a_whole_number_of_seconds(#[case] header: &'static str, #[case] expected: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert(PREFER, HeaderValue::from_static(header));
        assert_eq!(wait(&headers), expected.map(Duration::from_secs));
    }
}
