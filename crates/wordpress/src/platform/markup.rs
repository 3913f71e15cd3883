//! What a site took out of a text: it says nothing, so what was sent is compared with what it kept.

use std::collections::BTreeMap;

/// How many parts are named.
const MAX_NAMED: usize = 8;

/// The elements and attributes that `sent` has more of than `kept`, by name, elements first.
pub(super) fn dropped(sent: &str, kept: &str) -> Vec<String> {
    let (sent, mut kept) = (parts_of(sent), parts_of(kept));
    let missing = sent.into_iter().filter(|(part, count)| kept.remove(part).unwrap_or(0) < *count);
    missing.map(|(part, _)| part).take(MAX_NAMED).collect()
}

/// Each element (`<iframe>`) and attribute (`onclick`) with how often it is there.
fn parts_of(html: &str) -> BTreeMap<String, usize> {
    let mut parts = BTreeMap::new();
    for tag in html.split('<').skip(1) {
        let name = word(tag);
        if name.is_empty() {
            continue;
        }
        *parts.entry(format!("<{}>", name.to_ascii_lowercase())).or_insert(0) += 1;
        for attribute in attributes(tag.get(name.len()..).unwrap_or_default()) {
            *parts.entry(attribute).or_insert(0) += 1;
        }
    }
    parts
}

/// The names of the attributes up to the end of a tag; what is quoted is passed over.
fn attributes(tag: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = tag;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\''));
        let name = word(rest);
        if name.is_empty() {
            return names;
        }
        names.push(name.to_ascii_lowercase());
        rest = rest.get(name.len()..).unwrap_or_default().trim_start();
        if let Some(value) = rest.strip_prefix('=') {
            rest = after_value(value.trim_start());
        }
    }
}

fn after_value(value: &str) -> &str {
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let end = match quote {
        Some(quote) => value.get(1..).and_then(|inner| inner.find(quote)).map(|at| at + 2),
        None => value.find(|c: char| c.is_whitespace() || c == '>'),
    };
    end.and_then(|end| value.get(end..)).unwrap_or_default()
}

/// What a name is made of, at the beginning of a text; closing tags and comments have none.
fn word(text: &str) -> &str {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':');
    let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
    let name = text.get(..end).unwrap_or_default();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::nothing("<p class=\"a\">x</p>", "<p class=\"a\">x</p>", &[])]
    #[case::element("<p>x</p><iframe src='a'></iframe>", "<p>x</p>", &["<iframe>", "src"])]
    #[case::attribute("<button onclick=\"a('>')\">x</button>", "<button>x</button>", &["onclick"])]
    #[case::one_of_two("<div style=x>a</div><div style=\"y\">b</div>", "<div>a</div><div style=y>b</div>", &["style"])]
    #[case::case_and_order("<SVG a=1 b/>", "<svg b a='1'>", &[])]
    #[case::comment("<!-- wp:html --><p>x</p>", "<p>x</p>", &[])]
    #[case::entities("Fish & Chips", "Fish &amp; Chips", &[])]
    #[case::broken("<a href=\"x", "", &["<a>", "href"])]
    fn what_a_site_took_out_is_named(#[case] sent: &str, #[case] kept: &str, #[case] parts: &[&str]) {
        assert_eq!(dropped(sent, kept), parts);
    }

    #[test]
    fn only_the_first_parts_are_named() {
        let sent = "<a b c d e f g h i j k>";
        assert_eq!(dropped(sent, "").len(), MAX_NAMED);
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_comparison(sent: String, kept: String) {
            let _ = dropped(&sent, &kept);
            proptest::prop_assert!(dropped(&sent, &sent).is_empty());
        }
    }
}
