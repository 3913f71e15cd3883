//! Recognising a REST index by its shape.

use serde_json::Value;

/// What the index says of its site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteIndex {
    pub name: String,
    /// Where WordPress itself lives (`siteurl`).
    pub url: String,
    /// Where its pages are (`home`).
    pub home: String,
    pub namespaces: Vec<String>,
    /// Whether the site takes application passwords.
    pub application_passwords: bool,
}

impl SiteIndex {
    /// Only an object with a list of namespaces, `wp/v2` among them, is an index of WordPress.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let namespaces: Vec<String> = value
            .get("namespaces")?
            .as_array()?
            .iter()
            .filter_map(|name| name.as_str().map(ToOwned::to_owned))
            .collect();
        if !namespaces.iter().any(|name| name == "wp/v2") {
            return None;
        }
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let application_passwords =
            value.get("authentication").and_then(|ways| ways.get("application-passwords")).is_some();
        Some(Self {
            name: text("name"),
            url: text("url"),
            home: text("home"),
            namespaces,
            application_passwords,
        })
    }

    /// What tells this site from every other, whatever its API was reached through.
    pub fn identity(&self) -> String {
        identity_of(&self.url)
    }
}

/// An address without what a site changes without becoming another one: scheme, `www.`, the last slash.
pub(crate) fn identity_of(url: &str) -> String {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches('/').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_index_is_known_by_its_namespaces() {
        let index = SiteIndex::read(&json!({
            "name": "Shop", "url": "https://a.example", "home": "https://a.example",
            "namespaces": ["oembed/1.0", "wp/v2"],
            "authentication": {"application-passwords": {"endpoints": {"authorization": "x"}}},
        }))
        .unwrap();
        assert!(index.application_passwords);
        assert_eq!(index.identity(), "a.example");
    }

    #[test]
    fn without_application_passwords_the_list_of_ways_is_empty() {
        let index = SiteIndex::read(&json!({"namespaces": ["wp/v2"], "authentication": []})).unwrap();
        assert!(!index.application_passwords);
    }

    #[test]
    fn other_json_is_no_index() {
        for value in [json!([]), json!({"namespaces": {}}), json!({"namespaces": ["x/v1"]}), json!("x")] {
            assert_eq!(SiteIndex::read(&value), None);
        }
    }
}
