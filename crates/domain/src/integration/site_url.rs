//! The address of a site, as a customer gave it and in one spelling.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::validation::FieldError;

/// The longest address that is taken.
const MAX_LENGTH: usize = 2000;

/// What people copy from the browser's bar after the site's own address.
const TAILS: [&str; 6] =
    ["/index.php/wp-json", "/index.php", "/wp-admin", "/wp-login.php", "/wp-json", "/xmlrpc.php"];

/// The address of a site's home: `http` or `https`, no credentials, query, fragment or trailing slash.
///
/// Host in lower case, default port left out, and what belongs to WordPress's own pages (`/wp-admin/…`,
/// `/wp-login.php`) cut off, so that two spellings of one site read alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteUrl(Url);

impl SiteUrl {
    /// The address, or what is wrong with it as an error on `field`.
    pub fn parse(field: &str, text: &str) -> Result<Self, FieldError> {
        let bad = |message: &str| FieldError::new(field, "invalid_url", message);
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_LENGTH {
            return Err(bad("an address of 1 to 2000 characters, such as https://shop.example"));
        }
        if text.contains(['\0', '\\']) || text.chars().any(char::is_whitespace) {
            return Err(bad("an address holds no white space, backslash or control character"));
        }
        let mut url = Url::parse(text).map_err(|_| bad("a full address, such as https://shop.example"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("the address must begin with https:// or http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("the address must not hold a user name or password"));
        }
        if !host_is_usable(&url) {
            return Err(bad("the address must name a host"));
        }
        if url.port() == Some(0) {
            return Err(bad("port 0 cannot be called"));
        }
        url.set_query(None);
        url.set_fragment(None);
        let path = home_path(url.path());
        url.set_path(&path);
        Ok(Self(url))
    }

    /// As text, without a trailing slash.
    pub fn as_str(&self) -> &str {
        let text = self.0.as_str();
        text.strip_suffix('/').unwrap_or(text)
    }

    /// As a URL whose path ends in a slash.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// What all addresses of this one site share: host, port and path, whatever the scheme, a leading `www.` and a default
    /// port.
    pub fn identity(&self) -> String {
        format!("{}{}", self.host_identity(), self.0.path().trim_end_matches('/'))
    }

    /// What all addresses on this one host share: host and port, whatever the scheme and a leading `www.`. The default
    /// port of either scheme is none: behind a proxy a site may say `https://shop.example:80`.
    pub fn host_identity(&self) -> String {
        let host = self.0.host_str().unwrap_or_default().trim_end_matches('.');
        let host = host.strip_prefix("www.").unwrap_or(host);
        let port = self.0.port().filter(|port| !matches!(port, 80 | 443));
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{host}{port}")
    }
}

fn host_is_usable(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => !name.trim_end_matches('.').is_empty(),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

/// The path of the home page that belongs to `path`, with one slash at its end.
fn home_path(path: &str) -> String {
    let mut kept: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let lower = format!("/{}", kept.join("/").to_ascii_lowercase());
    for tail in TAILS {
        let depth = tail.matches('/').count();
        let found = lower
            .match_indices(tail)
            .find(|(at, _)| lower[at + tail.len()..].is_empty() || lower[at + tail.len()..].starts_with('/'));
        if let Some((at, _)) = found {
            let before = lower[..at].matches('/').count();
            if before + depth <= kept.len() {
                kept.truncate(before);
                break;
            }
        }
    }
    if kept.is_empty() { "/".to_owned() } else { format!("/{}/", kept.join("/")) }
}

impl TryFrom<String> for SiteUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse("site_url", &text).map_err(|error| error.message)
    }
}

impl From<SiteUrl> for String {
    fn from(url: SiteUrl) -> Self {
        url.as_str().to_owned()
    }
}

impl std::fmt::Display for SiteUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::plain("https://shop.example", "https://shop.example")]
    #[case::spaces_case_slashes(" https://Shop.example// ", "https://shop.example")]
    #[case::default_port("https://shop.example:443", "https://shop.example")]
    #[case::admin("https://shop.example/wp-admin/", "https://shop.example")]
    #[case::admin_page("https://shop.example/wp-admin/post.php?post=5&action=edit", "https://shop.example")]
    #[case::login("https://shop.example/wp-login.php?redirect_to=x", "https://shop.example")]
    #[case::rest("https://shop.example/blog/wp-json/wp/v2/posts", "https://shop.example/blog")]
    #[case::index_rest("https://shop.example/index.php/wp-json/", "https://shop.example")]
    #[case::directory("https://shop.example/Blog/", "https://shop.example/Blog")]
    #[case::alike_but_other("https://shop.example/wp-admin-tips/", "https://shop.example/wp-admin-tips")]
    #[case::other_port("http://127.0.0.1:8101/", "http://127.0.0.1:8101")]
    fn two_spellings_of_one_site_read_alike(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(
            SiteUrl::parse("site_url", text).map(|url| url.as_str().to_owned()),
            Ok(expected.to_owned())
        );
    }

    #[rstest::rstest]
    #[case::scheme("http://shop.example/Blog", true)]
    #[case::www("https://www.shop.example/Blog/", true)]
    #[case::port_of_the_other_scheme("https://shop.example:80/Blog", true)]
    #[case::port_of_the_one_scheme("http://shop.example:443/Blog", true)]
    #[case::letter_case_of_the_host("https://Shop.Example./Blog", true)]
    #[case::letter_case_of_the_path("https://shop.example/blog", false)]
    #[case::other_port("https://shop.example:8443/Blog", false)]
    #[case::other_folder("https://shop.example", false)]
    #[case::other_host("https://staging.shop.example/Blog", false)]
    fn one_site_has_one_identity(#[case] text: &str, #[case] same: bool) {
        let identity = |text| SiteUrl::parse("site_url", text).map(|url| url.identity());
        assert_eq!(identity(text) == identity("https://shop.example/Blog"), same);
    }

    #[rstest::rstest]
    #[case("")]
    #[case("shop.example")]
    #[case("ftp://shop.example")]
    #[case("javascript:alert(1)")]
    #[case("https://user:secret@shop.example")]
    #[case("https://")]
    #[case("https://shop.example\\@evil.example")]
    #[case("https://shop.example:0")]
    #[case("https://shop.example:99999")]
    fn what_is_no_address_of_a_site_names_the_field(#[case] text: &str) {
        let error = SiteUrl::parse("config_json.site_url", text).unwrap_err();
        assert_eq!((error.field.as_str(), error.code.as_str()), ("config_json.site_url", "invalid_url"));
        assert!(!error.message.contains("secret"));
    }
}
