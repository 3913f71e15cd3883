//! WordPress's dates: no zone, the `_gmt` ones in UTC.

use chrono::{DateTime, NaiveDateTime, Utc};
use igny8_integration_domain::time::Timestamp;

/// Reads a `_gmt` field. Zero dates (`0000-…`, `-0001-11-30…`) are none.
pub(super) fn read_gmt(text: &str) -> Option<Timestamp> {
    let text = text.trim_end_matches('Z');
    let naive = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())?;
    let date = naive.and_utc();
    (date > DateTime::<Utc>::UNIX_EPOCH).then_some(date)
}

/// Writes an instant so that no site can take it for its local time.
pub(super) fn write_gmt(at: Timestamp) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("2026-11-24T20:24:49", Some("2026-11-24T20:24:49Z"))]
    #[case("2026-11-24 20:24:49", Some("2026-11-24T20:24:49Z"))]
    #[case("-0001-11-30T00:00:00", None)]
    #[case("0000-00-00T00:00:00", None)]
    #[case("", None)]
    #[case("tomorrow", None)]
    fn a_date_reads_as_utc_and_a_zero_date_as_none(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(read_gmt(text).map(write_gmt).as_deref(), expected);
    }
}
