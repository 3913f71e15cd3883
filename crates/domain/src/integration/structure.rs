//! What a site consists of: post types and taxonomies as the plugin pushed them, with a person's choices.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::time::Timestamp;

/// The site's structure (`config_json.content_types`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Structure {
    /// Post types by name (`post`, not `posts`).
    #[serde(default)]
    pub post_types: BTreeMap<String, TypeEntry>,
    /// Taxonomies by name.
    #[serde(default)]
    pub taxonomies: BTreeMap<String, TaxonomyEntry>,
    /// What the plugin said of itself.
    #[serde(default)]
    pub plugin: Option<Value>,
    /// When it was pushed, by the site's clock.
    #[serde(default)]
    pub timestamp: Option<Timestamp>,
}

/// A post type.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TypeEntry {
    /// What people call it.
    pub label: String,
    /// How many there are.
    pub count: u64,
    /// Whether it syncs; on where nobody said otherwise.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// How many of it are pulled at most.
    #[serde(default)]
    pub fetch_limit: Option<u32>,
}

/// A taxonomy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaxonomyEntry {
    /// What people call it.
    pub label: String,
    /// How many terms it has.
    pub count: u64,
    /// Whether it syncs; on where nobody said otherwise.
    #[serde(default)]
    pub enabled: Option<bool>,
}

impl Structure {
    /// Whether the site told of its types, and this one is not among them.
    pub fn lacks_type(&self, name: &str) -> bool {
        !self.post_types.is_empty() && !self.post_types.contains_key(name)
    }

    /// Whether a type syncs: unless the push or a person says otherwise.
    pub fn is_type_on(&self, name: &str) -> bool {
        self.post_types.get(name).is_none_or(|entry| entry.enabled != Some(false))
    }

    /// How many of a type are pulled at most, where there is a limit.
    pub fn fetch_limit(&self, name: &str) -> Option<u32> {
        self.post_types.get(name).and_then(|entry| entry.fetch_limit)
    }
}

/// A type's name that somebody gave, as a message may show it: quoted, and no longer than any that a site can tell of.
pub(crate) fn shown_type(name: &str) -> String {
    format!("{:?}", name.chars().take(64).collect::<String>())
}

/// Types that never sync: pictures are carried by their posts, the rest is WordPress's own.
pub fn is_internal_type(name: &str) -> bool {
    name == "attachment" || name == "nav_menu_item" || name == "revision" || name.starts_with("wp_")
}
