//! The kinds of system at the other end.

use serde::{Deserialize, Serialize};

use crate::words::words;

/// A platform that can be recorded. Whether it can be used depends on whether an adapter is registered for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlatformName {
    /// WordPress.
    Wordpress,
    /// Shopify.
    Shopify,
    /// Anything else.
    Custom,
}

words!(PlatformName { Wordpress => "wordpress", Shopify => "shopify", Custom => "custom" });

impl PlatformName {
    /// Whether credentials must hold a key.
    pub fn requires_api_key(self) -> bool {
        matches!(self, Self::Wordpress)
    }
}

impl std::fmt::Display for PlatformName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
