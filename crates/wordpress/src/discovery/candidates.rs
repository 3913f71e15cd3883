//! Where the API may be, given the site's address and nothing else.

use url::Url;

/// How far up from a pasted address (a post's, say) the site is looked for.
const MAX_PARENTS: usize = 3;

/// Whether two addresses are of one site: the same host but for a leading `www.`, the same port but for the
/// two default ones.
pub fn same_site(one: &Url, other: &Url) -> bool {
    fn host(url: &Url) -> Option<&str> {
        url.host_str()
            .map(|host| host.trim_end_matches('.'))
            .map(|host| host.strip_prefix("www.").unwrap_or(host))
    }
    let ports = one.port_or_known_default() == other.port_or_known_default()
        || (one.port().is_none() && other.port().is_none());
    host(one).is_some() && host(one) == host(other) && ports
}

/// The usual places below the address and, where it is not the host's root, below its parents.
pub(super) fn usual_places(home: &Url) -> Vec<Url> {
    let mut bases = vec![with_path(home, home.path())];
    let mut path = home.path().trim_end_matches('/');
    for _ in 0..MAX_PARENTS {
        let Some((parent, _)) = path.rsplit_once('/') else { break };
        bases.push(with_path(home, parent));
        path = parent;
    }
    bases
        .iter()
        .flat_map(|base| {
            let mut plain = base.clone();
            plain.set_query(Some("rest_route=/"));
            [base.join("wp-json/").ok(), Some(plain), base.join("index.php/wp-json/").ok()]
        })
        .flatten()
        .collect()
}

/// A hint that names the site's own host with the scheme or port of an earlier life is read as the address
/// that has just answered.
pub(super) fn on_the_answering_host(hint: Url, home: &Url) -> Url {
    let mut mended = hint.clone();
    let same_name = hint.host_str() == home.host_str();
    let default_ports = hint.port().is_none() && home.port().is_none();
    if same_name
        && default_ports
        && hint.scheme() != home.scheme()
        && mended.set_scheme(home.scheme()).is_ok()
    {
        return mended;
    }
    hint
}

fn with_path(home: &Url, path: &str) -> Url {
    let mut base = home.clone();
    base.set_query(None);
    base.set_fragment(None);
    base.set_path(&format!("{}/", path.trim_end_matches('/')));
    base
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("https://shop.example/", "https://www.shop.example/x", true)]
    #[case("http://shop.example/", "https://shop.example/", true)]
    #[case("https://shop.example./", "https://shop.example/", true)]
    #[case("http://127.0.0.1:8101/", "http://127.0.0.1:8102/", false)]
    #[case("https://shop.example/", "https://shop.example.evil.example/", false)]
    #[case("https://shop.example/", "https://blog.shop.example/", false)]
    #[case("https://shop.example:8443/", "https://shop.example/", false)]
    fn one_site_is_told_from_another(#[case] one: Url, #[case] other: Url, #[case] same: bool) {
        assert_eq!(same_site(&one, &other), same);
    }

    #[test]
    fn the_parents_of_a_posts_address_are_tried_too() {
        let home = "https://a.example/blog/hello-world/".parse().unwrap();
        let places: Vec<String> = usual_places(&home).iter().map(ToString::to_string).collect();
        assert_eq!(
            places,
            [
                "https://a.example/blog/hello-world/wp-json/",
                "https://a.example/blog/hello-world/?rest_route=/",
                "https://a.example/blog/hello-world/index.php/wp-json/",
                "https://a.example/blog/wp-json/",
                "https://a.example/blog/?rest_route=/",
                "https://a.example/blog/index.php/wp-json/",
                "https://a.example/wp-json/",
                "https://a.example/?rest_route=/",
                "https://a.example/index.php/wp-json/",
            ]
        );
    }

    #[rstest]
    #[case("http://a.example/wp-json/", "https://a.example/", "https://a.example/wp-json/")]
    #[case("http://b.example/wp-json/", "https://a.example/", "http://b.example/wp-json/")]
    #[case("http://a.example:8080/wp-json/", "https://a.example/", "http://a.example:8080/wp-json/")]
    fn a_hint_with_an_outdated_scheme_is_mended(#[case] hint: Url, #[case] home: Url, #[case] read: &str) {
        assert_eq!(on_the_answering_host(hint, &home).as_str(), read);
    }
}
