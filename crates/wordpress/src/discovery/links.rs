//! The hints that a WordPress page gives about its API: the `Link` header and the `<link>` element.

use reqwest::header::{HeaderMap, LINK};
use url::Url;

const REL: &str = "https://api.w.org/";
/// The head of a page is at its beginning; a page builder's may be long.
const MAX_HEAD: usize = 512 * 1024;

/// The address in `Link: <…>; rel="https://api.w.org/"`.
pub(super) fn from_header(headers: &HeaderMap, base: &Url) -> Option<Url> {
    headers.get_all(LINK).iter().find_map(|value| {
        let value = String::from_utf8_lossy(value.as_bytes());
        value.split('<').skip(1).find_map(|link| {
            let (target, parameters) = link.split_once('>')?;
            parameters.contains(REL).then(|| base.join(target).ok()).flatten()
        })
    })
}

/// The address in `<link rel="https://api.w.org/" href="…">`.
pub(super) fn from_html(html: &[u8], base: &Url) -> Option<Url> {
    let html = String::from_utf8_lossy(html.get(..html.len().min(MAX_HEAD)).unwrap_or_default());
    let mut rest: &str = &html;
    while let Some((before, after)) = rest.split_once(REL) {
        let opened = before.rfind('<').and_then(|at| before.get(at..)).unwrap_or_default();
        let closed = after.find('>').and_then(|at| after.get(..at)).unwrap_or_default();
        if opened.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case("<link"))
            && let Some(href) = attribute(opened, "href").or_else(|| attribute(closed, "href"))
        {
            return base.join(&html_escape::decode_html_entities(href)).ok();
        }
        rest = after;
    }
    None
}

/// What WordPress pages say in their head or in the addresses of what they load.
pub(super) fn looks_like_wordpress(html: &[u8], headers: &HeaderMap) -> bool {
    let html = String::from_utf8_lossy(html.get(..html.len().min(MAX_HEAD)).unwrap_or_default());
    html.contains("/wp-content/")
        || html.contains("/wp-includes/")
        || html.contains("content=\"WordPress ")
        || headers.get_all(LINK).iter().any(|link| String::from_utf8_lossy(link.as_bytes()).contains(REL))
}

/// The version in `<meta name="generator" content="WordPress 6.8.1" />`.
pub(super) fn version_of(html: &[u8]) -> Option<String> {
    let html = String::from_utf8_lossy(html.get(..html.len().min(MAX_HEAD)).unwrap_or_default());
    let (_, after) = html.split_once("content=\"WordPress ")?;
    let version: String = after.chars().take_while(|c| c.is_ascii_digit() || *c == '.').take(16).collect();
    (!version.is_empty()).then_some(version)
}

/// The value of an attribute in what lies between `<` and `>`, quoted or not.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = tag.split_once(name)?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    match rest.chars().next()? {
        quote @ ('"' | '\'') => rest.get(1..)?.split(quote).next(),
        _ => rest.split_ascii_whitespace().next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn base() -> Url {
        "https://a.example/blog/".parse().unwrap()
    }

    #[rstest]
    #[case("<https://a.example/wp-json/>; rel=\"https://api.w.org/\"", Some("https://a.example/wp-json/"))]
    #[case(
        "<https://a.example/?p=5>; rel=shortlink, </api/>; rel=\"https://api.w.org/\"",
        Some("https://a.example/api/")
    )]
    #[case("<https://a.example/style.css>; rel=preload", None)]
    #[case("garbage", None)]
    fn the_header_names_the_api(#[case] link: &str, #[case] expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert(LINK, link.parse().unwrap());
        assert_eq!(from_header(&headers, &base()).as_ref().map(Url::as_str), expected);
    }

    #[rstest]
    #[case(
        "<link rel=\"https://api.w.org/\" href=\"https://a.example/wp-json/\" />",
        Some("https://a.example/wp-json/")
    )]
    #[case("<LINK href='/wp-json/' rel='https://api.w.org/'>", Some("https://a.example/wp-json/"))]
    #[case(
        "<link rel=https://api.w.org/ href=https://a.example/wp-json/>",
        Some("https://a.example/wp-json/")
    )]
    #[case(
        "<link rel=\"https://api.w.org/\" href=\"https://a.example/index.php?rest_route=/&#038;lang=fr\" />",
        Some("https://a.example/index.php?rest_route=/&lang=fr")
    )]
    #[case("<p>See https://api.w.org/ for more</p><a href=\"/x\">", None)]
    #[case("<link rel=\"https://api.w.org/\"", None)]
    fn the_page_names_the_api(#[case] html: &str, #[case] expected: Option<&str>) {
        assert_eq!(from_html(html.as_bytes(), &base()).as_ref().map(Url::as_str), expected);
    }

    #[test]
    fn the_generator_tells_the_version() {
        let html = b"<meta name=\"generator\" content=\"WordPress 6.8.12\" />";
        assert_eq!(version_of(html).as_deref(), Some("6.8.12"));
        assert_eq!(version_of(b"<html>"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_page_breaks_the_search(page in ".{0,40}(<link )?(rel=.?https://api.w.org/)?.{0,40}( href=)?.{0,40}") {
            let _ = from_html(page.as_bytes(), &base());
        }
    }
}
