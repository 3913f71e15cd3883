//! What is remembered of a site from one session to the next.

use igny8_integration_domain::integration::SiteUrl;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::discovery::{Discovery, RestRoot, SiteIndex};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SiteState {
    /// The address this was found for; another one begins anew.
    site_url: String,
    root: Url,
    /// What tells this site from every other: WordPress's own address. None where the index is closed.
    pub identity: Option<String>,
    /// Whether the plugin was seen.
    pub plugin: bool,
}

impl SiteState {
    pub fn new(site_url: &SiteUrl, found: &Discovery, plugin: bool) -> Self {
        Self {
            site_url: site_url.as_str().to_owned(),
            root: found.root.url().clone(),
            identity: found.index.as_ref().map(SiteIndex::identity),
            plugin,
        }
    }

    /// What was remembered, where it is about this address and can still be read.
    pub fn recall(state: &Value, site_url: &SiteUrl) -> Option<Self> {
        let state: Self = serde_json::from_value(state.clone()).ok()?;
        (state.site_url == site_url.as_str()).then_some(state)
    }

    #[must_use]
    pub fn with_plugin(self, plugin: bool) -> Self {
        Self { plugin, ..self }
    }

    pub fn root(&self) -> RestRoot {
        RestRoot::of_index(&self.root)
    }

    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
