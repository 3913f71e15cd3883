//! Listings: of posts, and of ids alone.

use super::{ExternalItem, UnreadableItem};
use crate::time::Timestamp;

/// What a listing asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// The type's name.
    pub content_type: String,
    /// Only what changed after this instant of the site's clock, where the site can tell.
    pub modified_after: Option<Timestamp>,
    /// Only these ids, at most 100.
    pub ids: Option<Vec<String>>,
    /// The cursor of the page before; none for the first.
    pub cursor: Option<String>,
    /// Without bodies.
    pub metadata_only: bool,
}

/// A page of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct ListPage {
    /// What could be read.
    pub items: Vec<ExternalItem>,
    /// What could not.
    pub unreadable: Vec<UnreadableItem>,
    /// How many the site counts in all pages.
    pub total: Option<u64>,
    /// The site's own clock when it answered.
    pub server_time: Option<Timestamp>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}

/// A post as the id listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalStamp {
    /// Its id.
    pub external_id: String,
    /// When the site says that it changed.
    pub modified_at: Option<Timestamp>,
    /// The site's own word for its status.
    pub status: String,
}

/// Every id of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdListing {
    /// What there is, trash included.
    pub stamps: Vec<ExternalStamp>,
    /// How many the site counts.
    pub total: u64,
    /// Whether it is whole: every page there, and the total the same before and after.
    pub complete: bool,
}
