//! What a request carries to show who it is.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use secrecy::SecretString;

/// For hosts that strip `Authorization`.
pub const API_KEY_HEADER: HeaderName = HeaderName::from_static("x-igny8-api-key");

/// What was sent, by its kind.
#[derive(Clone, Debug)]
pub enum Sent {
    Nothing,
    /// A person's app session.
    Token(SecretString),
    /// A site's key.
    SiteKey(SecretString),
    /// Something that can be neither.
    Unreadable,
}

impl Sent {
    /// Reads the headers: a Bearer token first, then the key's own header. Other schemes (a proxy's Basic) say
    /// nothing to this service.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut bearers = headers.get_all(AUTHORIZATION).filter_map(|value| bearer(value.to_str().ok()?));
        let mut keys = headers.get_all(API_KEY_HEADER);
        match (bearers.next(), bearers.next()) {
            (Some(token), None) => Self::of_bearer(token),
            (Some(_), Some(_)) => Self::Unreadable,
            (None, _) => match (keys.next(), keys.next()) {
                (None, _) => Self::Nothing,
                (Some(key), None) => {
                    key.to_str().map_or(Self::Unreadable, |key| Self::SiteKey(key.trim().into()))
                }
                (Some(_), Some(_)) => Self::Unreadable,
            },
        }
    }

    fn of_bearer(token: &str) -> Self {
        match token {
            "" => Self::Unreadable,
            // Every JWT's header is a JSON object, and base64 of `{"` begins so. A site's key has no dots.
            jwt if jwt.starts_with("eyJ") && jwt.contains('.') => Self::Token(jwt.into()),
            key => Self::SiteKey(key.into()),
        }
    }
}

fn bearer(value: &str) -> Option<&str> {
    let value = value.trim();
    let (scheme, token) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn kind(headers: &[(&str, &'static str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse().unwrap(), HeaderValue::from_static(value));
        }
        match Sent::of(&map) {
            Sent::Nothing => "nothing".into(),
            Sent::Token(token) => format!("token {}", token.expose_secret()),
            Sent::SiteKey(key) => format!("key {}", key.expose_secret()),
            Sent::Unreadable => "unreadable".into(),
        }
    }

    #[rstest::rstest]
    #[case::nothing(&[], "nothing")]
    #[case::jwt(&[("authorization", "Bearer eyJh.b.c")], "token eyJh.b.c")]
    #[case::scheme_case(&[("authorization", "bearer  eyJh.b.c")], "token eyJh.b.c")]
    #[case::key(&[("authorization", "Bearer a-key")], "key a-key")]
    #[case::header(&[("x-igny8-api-key", "a-key")], "key a-key")]
    #[case::both(&[("authorization", "Bearer a-key"), ("x-igny8-api-key", "b-key")], "key a-key")]
    #[case::proxy(&[("authorization", "Basic dTpw"), ("x-igny8-api-key", "b-key")], "key b-key")]
    #[case::basic(&[("authorization", "Basic dTpw")], "nothing")]
    #[case::empty(&[("authorization", "Bearer")], "unreadable")]
    #[case::two(&[("authorization", "Bearer a"), ("authorization", "Bearer b")], "unreadable")]
    fn what_was_sent_is_told_by_its_form(#[case] headers: &[(&str, &'static str)], #[case] expected: &str) {
        assert_eq!(kind(headers), expected);
    }
}
