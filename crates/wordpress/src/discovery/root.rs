//! The address that all routes of a site's REST API begin with.

use url::Url;

const ROUTE: &str = "rest_route";
/// Parameters that we add ourselves and that are no part of an address.
pub(crate) const FIELDS: &str = "_fields";
pub(crate) const FRESH: &str = "_igny8";

/// `https://site/wp-json/`, or with plain permalinks `https://site/?rest_route=/`, where routes are joined
/// inside the query's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestRoot(Url);

impl RestRoot {
    /// The root that an index at this address stands for.
    pub fn of_index(url: &Url) -> Self {
        let mut root = url.clone();
        root.set_fragment(None);
        let kept: Vec<(String, String)> =
            url.query_pairs().into_owned().filter(|(name, _)| name != FIELDS && name != FRESH).collect();
        root.set_query(None);
        if !kept.is_empty() {
            root.query_pairs_mut().extend_pairs(kept);
        }
        if !has_route(&root) && !root.path().ends_with('/') {
            let path = format!("{}/", root.path());
            root.set_path(&path);
        }
        Self(root)
    }

    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether the site has plain permalinks, so that `/wp-json/` does not exist.
    pub fn is_plain(&self) -> bool {
        has_route(&self.0)
    }

    /// The address of a route, such as `wp/v2/posts`, with a query. The empty route is the index.
    pub fn route<'q>(&self, path: &str, query: impl IntoIterator<Item = (&'q str, String)>) -> Url {
        let mut url = self.0.clone();
        if self.is_plain() {
            let pairs: Vec<(String, String)> = self.0.query_pairs().into_owned().collect();
            let mut editor = url.query_pairs_mut();
            editor.clear();
            for (name, value) in pairs {
                let joined =
                    if name == ROUTE { format!("{}/{path}", value.trim_end_matches('/')) } else { value };
                editor.append_pair(&name, &joined);
            }
        } else if !path.is_empty()
            && let Ok(mut segments) = url.path_segments_mut()
        {
            segments.pop_if_empty().extend(path.split('/').filter(|segment| !segment.is_empty()));
        }
        for (name, value) in query {
            url.query_pairs_mut().append_pair(name, &value);
        }
        url
    }
}

fn has_route(url: &Url) -> bool {
    url.query_pairs().any(|(name, _)| name == ROUTE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::pretty("https://a.example/wp-json/", "https://a.example/wp-json/wp/v2/posts?per_page=1")]
    #[case::index(
        "https://a.example/index.php/wp-json/",
        "https://a.example/index.php/wp-json/wp/v2/posts?per_page=1"
    )]
    #[case::folder("https://a.example/blog/api", "https://a.example/blog/api/wp/v2/posts?per_page=1")]
    #[case::plain(
        "https://a.example/?rest_route=/",
        "https://a.example/?rest_route=%2Fwp%2Fv2%2Fposts&per_page=1"
    )]
    #[case::plain_index(
        "https://a.example/index.php?rest_route=/&_fields=namespaces&_igny8=5",
        "https://a.example/index.php?rest_route=%2Fwp%2Fv2%2Fposts&per_page=1"
    )]
    #[case::with_language(
        "https://a.example/?lang=fr&rest_route=/",
        "https://a.example/?lang=fr&rest_route=%2Fwp%2Fv2%2Fposts&per_page=1"
    )]
    fn routes_are_joined_the_sites_way(#[case] index: &str, #[case] expected: &str) {
        let root = RestRoot::of_index(&index.parse().unwrap());
        let route = root.route("wp/v2/posts", [("per_page", "1".to_owned())]);
        assert_eq!(route.as_str(), expected);
        assert_eq!(RestRoot::of_index(root.url()), root, "an index's root is its own root");
        assert_eq!(RestRoot::of_index(&root.route("", [])), root, "and the empty route");
    }
}
