//! How a post says which content it is, so that a lost answer never doubles it.

use igny8_integration_domain::id::{ContentId, SiteId};

use super::row::Row;

/// The plugin's meta field, and its list filter.
pub(super) const META: &str = "igny8_content_id";

/// On a bare site a new draft carries its marker as its slug until the write that gives it the real one.
pub(super) fn slug_marker(site_id: SiteId, content_id: ContentId) -> String {
    format!("igny8-{site_id}-{content_id}")
}

/// The content that a row says it is.
pub(super) fn marker_of(row: &Row, site_id: SiteId) -> Option<ContentId> {
    let by_slug = || {
        let slug = row.slug.as_deref()?.trim_end_matches("__trashed");
        slug.strip_prefix(&format!("igny8-{site_id}-"))
    };
    row.marker.as_deref().or_else(by_slug)?.parse().ok()
}
