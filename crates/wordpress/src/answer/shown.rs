//! Parts of what a site said that are shown as they are: addresses, versions, words.

use url::Url;

use super::plain::shorten;

/// An address without what may be secret in it: name and password, query, fragment.
pub fn shown_url(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    // Both fail only for addresses that cannot hold a name and a password.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shorten(shown.as_str())
}

/// What a version is made of, at most 32 characters of it.
pub fn version_word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+')).take(32).collect()
}

/// What a slug or a status is made of, at most 200 characters of it.
pub fn slug_word(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '%' | '.')).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        let url = "https://maria:secret@a.example/x/?token=1#y".parse().unwrap();
        assert_eq!(shown_url(&url), "https://a.example/x/");
        assert!(shown_url(&format!("https://a.example/{}", "x".repeat(500)).parse().unwrap()).len() < 310);
    }

    #[test]
    fn words_of_a_site_hold_no_markup() {
        assert_eq!(version_word("6.8.1-beta<script>"), "6.8.1-betascript");
        assert_eq!(slug_word("über-uns-2 <b>"), "über-uns-2b");
        assert_eq!(version_word(&"1".repeat(99)).len(), 32);
    }
}
