//! Reading a body: bounded, as bytes, understood only once the caller is known.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt as _;

use crate::problem::{Code, Problem};

/// What most bodies may have.
pub const LIMIT: usize = 1024 * 1024;

/// What one that a site's plugin sends may have.
pub const PUSH_LIMIT: usize = 4 * LIMIT;

/// How long one may take to arrive.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Reads the whole body, or refuses it: too large, of another type, broken off. What is left unread closes the
/// connection (the server drains what is on its way), so that the next request on it can't be misread.
pub async fn read(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    if declared_length(request.headers()).is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let body = tokio::time::timeout(TIME_LIMIT, collect(payload, limit)).await;
    let body =
        body.unwrap_or_else(|_| Err(Problem::new(Code::MalformedJson, "The body took too long to arrive.")))?;
    if !body.is_empty() && request.method().is_write() {
        judge_type(request.headers())?;
    }
    Ok(body)
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Code::MalformedJson, "The body broke off."))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Code::PayloadTooLarge, format!("A body here has at most {limit} bytes."))
}

/// JSON in UTF-8, not compressed.
fn judge_type(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    let encoding = text(CONTENT_ENCODING);
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return Err(Problem::new(Code::UnsupportedMediaType, "A body must not be compressed."));
    }
    if is_json(text(CONTENT_TYPE)) {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType, "Content-Type must be application/json, in UTF-8."))
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    media.eq_ignore_ascii_case("application/json")
        && parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || matches!(value.trim().trim_matches('"').to_ascii_lowercase().as_str(), "utf-8" | "utf8")
        })
}

trait Writes {
    /// Whether a body of this method means anything.
    fn is_write(&self) -> bool;
}

impl Writes for actix_web::http::Method {
    fn is_write(&self) -> bool {
        matches!(self.as_str(), "POST" | "PUT" | "PATCH")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("application/json", true)]
    #[case("Application/JSON; charset=UTF-8", true)]
    #[case("application/json; charset=\"utf-8\"", true)]
    #[case("application/json; charset=latin1", false)]
    #[case("text/plain", false)]
    #[case("application/x-www-form-urlencoded", false)]
    #[case("", false)]
    fn a_body_is_json_in_utf_8(#[case] content_type: &str, #[case] fine: bool) {
        assert_eq!(is_json(content_type), fine);
    }
}
