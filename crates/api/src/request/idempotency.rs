//! `Idempotency-Key`: what the sender calls a request, so that it can be sent again.

use actix_web::http::header::{HeaderMap, HeaderName};

pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

const MAX_LENGTH: usize = 255;

/// What was sent for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentKey {
    Absent,
    Key(String),
    /// Something that can be none.
    Invalid,
}

impl SentKey {
    pub fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(&HEADER);
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => value.to_str().ok().and_then(valid).map_or(Self::Invalid, Self::Key),
            (Some(_), Some(_)) => Self::Invalid,
        }
    }
}

fn valid(text: &str) -> Option<String> {
    let is_valid = (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_valid.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[rstest::rstest]
    #[case(&["order-17"], SentKey::Key("order-17".to_owned()))]
    #[case::longest(&[&*"x".repeat(255)], SentKey::Key("x".repeat(255)))]
    #[case::too_long(&[&*"x".repeat(256)], SentKey::Invalid)]
    #[case::empty(&[""], SentKey::Invalid)]
    #[case::space(&["a b"], SentKey::Invalid)]
    #[case::two(&["a", "b"], SentKey::Invalid)]
    #[case::none(&[], SentKey::Absent)]
    fn a_key_is_visible_ascii(#[case] values: &[&str], #[case] expected: SentKey) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_str(value).unwrap());
        }
        assert_eq!(SentKey::of(&headers), expected);
    }
}
