//! What a site said, made fit to be shown and kept: one short line without markup, paths of the server, SQL,
//! addresses of people, or anything secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest text, in characters.
pub const MAX_LENGTH: usize = 300;
/// How much of a text is looked at; the rest of a 5 MiB error page adds nothing.
const MAX_READ: usize = 16 * 1024;
const REDACTED: &str = "[…]";

/// Where SQL begins. Upper case mostly, so that prose ("select a category") stays.
const SQL: [&str; 14] = [
    "SELECT ",
    "INSERT INTO",
    "UPDATE `",
    "UPDATE wp_",
    "DELETE FROM",
    "REPLACE INTO",
    "SHOW FULL",
    "SHOW TABLES",
    "CREATE TABLE",
    "ALTER TABLE",
    "insert into",
    "delete from",
    "select * from",
    " for query ",
];

/// Words after which something secret follows, in lower case and without punctuation.
const BEFORE_SECRETS: [&str; 12] = [
    "bearer",
    "basic",
    "authorization",
    "x-igny8-api-key",
    "x-wp-nonce",
    "nonce",
    "_wpnonce",
    "password",
    "token",
    "secret",
    "api_key",
    "cookie",
];

/// Knows the secrets of a call, so that they are found whatever a site does with them.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    /// Texts under five characters are not looked for: they would be found everywhere.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut known: Vec<String> = Vec::new();
        for secret in secrets {
            let joined: String = secret.split_whitespace().collect();
            let in_address = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let encoded = STANDARD.encode(&secret);
            known.extend([secret.trim().to_owned(), joined, in_address, encoded]);
        }
        known.retain(|secret| secret.len() >= 5);
        known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        known.dedup();
        Self { secrets: known }
    }

    /// The text as it may be shown: at most [`MAX_LENGTH`] characters of one line.
    pub fn plain(&self, text: &str) -> String {
        let mut text = self.without_secrets(text.chars().take(MAX_READ).collect());
        // Markup and secrets may come encoded, even twice.
        for _ in 0..2 {
            let decoded = html_escape::decode_html_entities(&strip_markup(&text)).into_owned();
            text = self.without_secrets(decoded);
        }
        let text = strip_markup(&text);
        shorten(&redact_words(cut_sql(&text)))
    }

    fn without_secrets(&self, text: String) -> String {
        self.secrets.iter().fold(text, |text, secret| text.replace(secret.as_str(), REDACTED))
    }
}

/// The first [`MAX_LENGTH`] characters, with a sign that there was more.
pub fn shorten(text: &str) -> String {
    if text.chars().count() <= MAX_LENGTH {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(MAX_LENGTH - 1).collect();
    short.push('…');
    short
}

/// Drops tags, comments, and scripts and styles with what is in them.
fn strip_markup(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        let starts_tag = after.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        if !starts_tag {
            plain.push('<');
            rest = after;
            continue;
        }
        plain.push(' ');
        rest = skip_element(after);
    }
    plain.push_str(rest);
    plain
}

/// What follows a tag whose `<` is already gone; for scripts and styles, what follows their end.
fn skip_element(after: &str) -> &str {
    let lower = after.get(..6).unwrap_or(after).to_ascii_lowercase();
    let end = if lower.starts_with("script") {
        "</script"
    } else if lower.starts_with("style") {
        "</style"
    } else if lower.starts_with("!--") {
        "-->"
    } else {
        ">"
    };
    // The end of a plain tag needs no lower case, which saves a copy for each.
    let at = if end == ">" { after.find(end) } else { after.to_ascii_lowercase().find(end) };
    let Some(rest) = at.and_then(|at| after.get(at + end.len()..)) else {
        return "";
    };
    if end.starts_with("</") { rest.split_once('>').map_or("", |(_, rest)| rest) } else { rest }
}

fn cut_sql(text: &str) -> &str {
    let start = SQL.iter().filter_map(|mark| text.find(mark)).min();
    start.and_then(|at| text.get(..at)).unwrap_or(text)
}

fn redact_words(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut secret_follows = false;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_ascii_lowercase();
        let announces = BEFORE_SECRETS.contains(&bare.as_str());
        let hidden = (secret_follows && !announces && word.len() > 3) || is_sensitive(word);
        if hidden && kept.last() == Some(&REDACTED) {
            // One sign for a run of them.
        } else {
            kept.push(if hidden { REDACTED } else { word });
        }
        // "Authorization: Basic x" announces twice; prose ("wrong password for …") costs one word.
        secret_follows = announces && (word.ends_with([':', '=']) || matches!(&*bare, "bearer" | "basic"));
    }
    kept.join(" ")
}

fn is_sensitive(word: &str) -> bool {
    is_mail(word) || is_path(word) || is_opaque(word) || assigns_secret(word)
}

fn is_mail(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

/// A path of the server's file system, or an address that may carry anything in its query.
fn is_path(word: &str) -> bool {
    if let Some((_, rest)) = word.split_once("://") {
        return rest.contains(['?', '#', '@']);
    }
    let bare = word.trim_start_matches(['"', '\'', '(', '[', '`', '“', '‘', '=']);
    let drive = bare.get(1..3).is_some_and(|part| matches!(part, ":\\" | ":/"));
    let absolute = bare.starts_with('/') && bare.matches('/').count() >= 2;
    drive
        || absolute
        || bare.contains("/home/")
        || bare.contains("/var/")
        || bare.contains("public_html")
        || bare.contains("wp-content/")
        || bare.contains("wp-includes/")
        || bare.contains(".php")
}

/// Twenty or more characters that no word of a language is made of: keys, nonces, hashes, base64.
fn is_opaque(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    bare.len() >= 20
        && bare.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-'))
        && bare.bytes().any(|b| b.is_ascii_digit())
        && bare.bytes().any(|b| b.is_ascii_alphabetic())
}

fn assigns_secret(word: &str) -> bool {
    word.split_once(['=', ':']).is_some_and(|(name, value)| {
        let name = name.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_ascii_lowercase();
        !value.is_empty() && BEFORE_SECRETS.contains(&name.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn plain(text: &str) -> String {
        Redactor::new(["site-key-1234".to_owned(), "abcd efgh ijkl".to_owned()]).plain(text)
    }

    #[rstest]
    #[case::kept("Invalid post ID.", "Invalid post ID.")]
    #[case::markup(
        "<p>There has been a <a href=\"x\">critical error</a>.</p>",
        "There has been a critical error ."
    )]
    #[case::script("a<script>alert(1)</script>b<style>x{}</style>c", "a b c")]
    #[case::encoded("a &lt;script&gt;alert(1)&lt;/script&gt; b", "a b")]
    #[case::twice_encoded("a &amp;lt;b&amp;gt; c", "a c")]
    #[case::unclosed("a <img src=x onerror=alert(1)", "a")]
    #[case::less_than("1 < 2 and <3 coffee", "1 < 2 and <3 coffee")]
    #[case::lines("a\r\n\tb\u{1}c\0d", "a b c d")]
    #[case::unix_path("in /home/u123/public_html/wp-content/x.php on line 3", "in […] on line 3")]
    #[case::windows_path("in C:\\inetpub\\x on line 3", "in […] on line 3")]
    #[case::sql("Error: Data too long SELECT * FROM wp_posts WHERE 1", "Error: Data too long")]
    #[case::prose("Please select a category", "Please select a category")]
    #[case::mail("Mail to maria@shop.example failed", "Mail to […] failed")]
    #[case::header("Authorization: Basic bWFyaWE6eA== sent", "Authorization: Basic […] sent")]
    #[case::key("X-IGNY8-API-KEY: site-key-1234 is unknown", "X-IGNY8-API-KEY: […] is unknown")]
    #[case::password("Wrong: abcdefghijkl", "Wrong: […]")]
    #[case::nonce("see https://a.example/x?_wpnonce=12ab", "see […]")]
    #[case::address("moved to https://a.example/x", "moved to https://a.example/x")]
    #[case::hash("token 9f86d081884c7d659a2feaa0c55ad015 rejected", "token […] rejected")]
    #[case::long_word("Donaudampfschifffahrtsgesellschaft", "Donaudampfschifffahrtsgesellschaft")]
    fn what_a_site_said_is_made_fit_to_show(#[case] said: &str, #[case] shown: &str) {
        assert_eq!(plain(said), shown);
    }

    #[test]
    fn a_huge_page_becomes_one_short_line() {
        let page = "<p>error</p> ".repeat(500_000);
        assert_eq!(plain(&page).chars().count(), MAX_LENGTH);
    }

    #[test]
    fn encoded_credentials_are_found_too() {
        let sent = STANDARD.encode("site-key-1234");
        assert!(!plain(&format!("got '{sent}'")).contains(&sent));
        let redactor = Redactor::new(["a&b<c>\"d\"".to_owned()]);
        for said in ["key a&amp;b&lt;c&gt;&quot;d&quot; refused", "key a%26b%3Cc%3E%22d%22 refused"] {
            assert_eq!(redactor.plain(said), "key […] refused");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_shown_is_long_or_broken_over_lines(text: String) {
            let shown = plain(&text);
            proptest::prop_assert!(shown.chars().count() <= MAX_LENGTH);
            proptest::prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
