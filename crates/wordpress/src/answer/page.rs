//! Pages where JSON should be: who sent them decides who can help.

/// What a page that is not JSON seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// WordPress's or a plugin's log-in form.
    Login,
    /// A firewall, a bot check or a host's security layer.
    Firewall,
    /// An update, maintenance or coming-soon page.
    Maintenance,
    /// PHP gave up (a fatal error, memory), or WordPress could not reach its database.
    Broken,
    /// Any other page, the site's own home page say.
    Other,
}

/// What firewalls and bot checks say of themselves, in lower case.
const FIREWALL: [&str; 17] = [
    "cloudflare",
    "cf-error",
    "attention required",
    "just a moment...",
    "sucuri website firewall",
    "wordfence",
    "mod_security",
    "modsecurity",
    "not acceptable!",
    "imunify360",
    "wsidchk",
    "incapsula",
    "akamai",
    "request blocked",
    "access denied",
    "captcha",
    "siteground",
];
const LOGIN: [&str; 4] = ["wp-login.php", "id=\"loginform\"", "name=\"log\"", "user_login"];
const MAINTENANCE: [&str; 5] =
    ["maintenance", "wartung", "briefly unavailable", "coming soon", "under construction"];
const BROKEN: [&str; 6] = [
    "fatal error",
    "there has been a critical error",
    "error establishing a database connection",
    "allowed memory size",
    "parse error",
    "wordpress database error",
];

/// Judges a page by its beginning and its status. Order matters: a log-in form may mention the firewall
/// plugin, and a firewall's page may speak of maintenance.
pub fn page_kind(status: u16, body: &[u8]) -> PageKind {
    let start = body.get(..body.len().min(64 * 1024)).unwrap_or_default();
    let text = String::from_utf8_lossy(start).to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if status >= 500 && has(&BROKEN) {
        PageKind::Broken
    } else if has(&LOGIN) && text.contains("<form") {
        PageKind::Login
    } else if status == 503 || (has(&MAINTENANCE) && status >= 500) {
        PageKind::Maintenance
    } else if matches!(status, 403 | 406 | 418 | 429) || (status != 404 && has_firewall_title(&text)) {
        PageKind::Firewall
    } else if has(&BROKEN) {
        PageKind::Broken
    } else {
        PageKind::Other
    }
}

/// A firewall that answers 200 shows itself in its title; a blog that writes about one does so in its body.
fn has_firewall_title(text: &str) -> bool {
    let title = text.split_once("<title").and_then(|(_, rest)| rest.split_once("</title>"));
    title.is_some_and(|(title, _)| FIREWALL.iter().any(|word| title.contains(word)))
        || text.contains("wsidchk")
        || text.contains("cf-error")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(403, "<html><h1>403 Forbidden</h1>nginx</html>", PageKind::Firewall)]
    #[case(200, "<title>Just a moment...</title>", PageKind::Firewall)]
    #[case(406, "Not Acceptable! An appropriate representation", PageKind::Firewall)]
    #[case(200, "<form id=\"loginform\" action=\"/wp-login.php\">", PageKind::Login)]
    #[case(503, "<h1>Wartungsarbeiten</h1>", PageKind::Maintenance)]
    #[case(500, "<b>Fatal error</b>: Uncaught", PageKind::Broken)]
    #[case(500, "<h1>Error establishing a database connection</h1>", PageKind::Broken)]
    #[case(200, "<title>My blog</title><p>Why I left Cloudflare</p>", PageKind::Other)]
    #[case(404, "<title>Page not found</title>", PageKind::Other)]
    #[case(200, "", PageKind::Other)]
    fn a_page_tells_who_sent_it(#[case] status: u16, #[case] body: &str, #[case] kind: PageKind) {
        assert_eq!(page_kind(status, body.as_bytes()), kind);
    }
}
