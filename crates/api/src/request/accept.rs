//! Whether a client takes JSON.

use actix_web::http::header::{ACCEPT, HeaderMap};

use crate::problem::{Code, Problem};

/// Refuses only an `Accept` that admits neither `application/json` nor a wildcard.
pub fn judge(headers: &HeaderMap) -> Result<(), Problem> {
    let mut ranges = headers.get_all(ACCEPT).filter_map(|value| value.to_str().ok()).peekable();
    let given =
        ranges.by_ref().flat_map(|value| value.split(',')).map(str::trim).filter(|range| !range.is_empty());
    let given: Vec<&str> = given.collect();
    if given.is_empty() || given.iter().any(|range| admits_json(range)) {
        return Ok(());
    }
    Err(Problem::new(Code::NotAcceptable, "Answers are application/json; Accept must admit that."))
}

fn admits_json(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    let is_json = ["application/json", "application/*", "*/*", "*"]
        .iter()
        .any(|known| media.eq_ignore_ascii_case(known));
    is_json && !parts.any(is_zero_weight)
}

/// `q=0`, `q=0.0` and so on: not at all.
fn is_zero_weight(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    name.trim().eq_ignore_ascii_case("q") && value.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[rstest::rstest]
    #[case::none(None, true)]
    #[case::json(Some("application/json"), true)]
    #[case::any(Some("text/html, */*;q=0.1"), true)]
    #[case::any_application(Some("application/*"), true)]
    #[case::letter_case(Some("Application/JSON; charset=utf-8"), true)]
    #[case::html(Some("text/html"), false)]
    #[case::problem(Some("application/problem+json"), false)]
    #[case::excluded(Some("application/json;q=0"), false)]
    #[case::empty(Some(""), true)]
    fn json_must_be_admitted(#[case] accept: Option<&'static str>, #[case] fine: bool) {
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
        }
        assert_eq!(judge(&headers).is_ok(), fine);
    }
}
