//! Addresses that are shown to people as links.

use url::Url;

use crate::validation::FieldError;

/// The longest that is kept.
const MAX_LENGTH: usize = 2000;

/// Whether a browser may be sent there: a full address of the web, no script, without anybody's password.
pub fn is_web_address(text: &str) -> bool {
    text.chars().count() <= MAX_LENGTH
        && Url::parse(text).is_ok_and(|url| {
            let has_userinfo = !url.username().is_empty() || url.password().is_some();
            matches!(url.scheme(), "http" | "https") && url.has_host() && !has_userinfo
        })
}

/// The same as a judgement of a field.
pub fn judge_web_address(field: &str, text: &str) -> Result<(), FieldError> {
    if is_web_address(text) {
        return Ok(());
    }
    Err(FieldError::new(field, "invalid_url", "a full address that begins with https:// or http://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("https://a.example/x", true)]
    #[case("http://127.0.0.1:8080/?p=1", true)]
    #[case::script("javascript:alert(1)", false)]
    #[case::relative("/x", false)]
    #[case::no_scheme("//cdn.example/x.png", false)]
    #[case::no_host("http://", false)]
    #[case::another_scheme("ftp://a.example/x", false)]
    #[case::password("https://user:secret@a.example/x", false)]
    #[case::nothing("", false)]
    fn addresses(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_web_address(text), expected);
    }
}
