//! What changed on a site, told in one answer.

use super::ExternalVersion;
use crate::time::Timestamp;

/// A post that changed, without what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternalChange {
    /// Its id.
    pub external_id: String,
    /// Its type's name.
    pub content_type: String,
    /// Its token.
    pub version: ExternalVersion,
}

/// Every post that changed after an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The posts, trash included.
    pub posts: Vec<ExternalChange>,
    /// The site's own clock when it answered.
    pub server_time: Option<Timestamp>,
}
