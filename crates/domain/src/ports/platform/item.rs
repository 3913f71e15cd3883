//! A post as the site shows it, and a write to it.

use serde::{Deserialize, Serialize};

use crate::content::{Field, FieldPatch};
use crate::id::ContentId;
use crate::time::Timestamp;

/// A type of content that a site has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformType {
    /// Its name: `post`, not `posts`.
    pub name: String,
    /// What people call it.
    pub label: String,
}

/// A compare-and-set token: opaque, moves with every change of the post that matters.
pub type ExternalVersion = String;

/// A post as the site showed it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalItem {
    /// Its id.
    pub external_id: String,
    /// Its type's name.
    pub content_type: String,
    /// The content it says it is, by its marker.
    pub marker: Option<ContentId>,
    /// Its public address; none in the trash.
    pub url: Option<String>,
    /// The site's own word for its status.
    pub status: String,
    /// Whether it is in the trash.
    pub trashed: bool,
    /// When the site says that it changed.
    pub modified_at: Option<Timestamp>,
    /// Its token.
    pub version: ExternalVersion,
    /// The fields it showed, raw, in the domain's words.
    pub fields: FieldPatch,
}

/// A post that is listed but can't be read: it is left alone, and said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableItem {
    /// Its id, where even that could be read.
    pub external_id: Option<String>,
    /// A stable word.
    pub code: String,
    /// For a person.
    pub reason: String,
}

/// What looking for one post found.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup {
    /// Here it is, fresh from the site.
    Found(Box<ExternalItem>),
    /// The site says, in its own API's words, that there is no such post.
    Gone,
}

/// A remark about a write that worked: something was dropped, renamed or is not allowed to this user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// A stable word: `term_not_allowed`, `content_filtered`, `slug_changed`.
    pub code: String,
    /// For a person.
    pub message: String,
}

/// A write that arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The post as it reads back afterwards.
    pub item: ExternalItem,
    /// The fields of the request that this write left for a later one: a create leaves a public status, and on a site
    /// without the plugin the slug, for the update that follows it. After an update: what the site did not take as it
    /// was meant (it schedules what was to go out now); it is not in sync then, and a note says why.
    pub pending: Vec<Field>,
    /// Remarks.
    pub notes: Vec<Note>,
}
