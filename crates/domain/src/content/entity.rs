//! The content itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::content::{Base, ContentFields, Field, PushIntent, SyncState};
use crate::id::{AccountId, ContentId, IntegrationId, SiteId};
use crate::ports::platform::ExternalItem;
use crate::time::Timestamp;

/// An article or page as igny8 knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// Its id; the marker on the platform.
    pub id: ContentId,
    /// Whose.
    pub account_id: AccountId,
    /// On which site.
    pub site_id: SiteId,
    /// WordPress's type name: `post`, `page`, `book`.
    pub content_type: String,
    /// The writer's side.
    pub fields: ContentFields,
    /// When it was deleted here or found deleted on the site.
    pub deleted_at: Option<Timestamp>,
    /// The post it is on the platform.
    pub link: Option<Link>,
    /// The post it was, before its integration was deleted or moved to another site: whoever connects the same site
    /// again takes it up again.
    pub former_link: Option<FormerLink>,
    /// A write that was begun and whose answer was not recorded.
    pub intent: Option<PushIntent>,
    /// Fields that both sides changed.
    pub conflict: Option<Conflict>,
    /// Why the last attempt failed.
    pub failure: Option<ContentFailure>,
    /// A change on the site is known of and not here yet.
    pub pull_wanted: bool,
    /// Where it stands. Only [`Content::settle`] sets it.
    pub sync_state: SyncState,
    /// Moves with each committed change; its `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// A content that is not stored yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewContent {
    /// Whose.
    pub account_id: AccountId,
    /// On which site.
    pub site_id: SiteId,
    /// WordPress's type name.
    pub content_type: String,
    /// The writer's side.
    pub fields: ContentFields,
    /// Where it came from the trash.
    pub deleted_at: Option<Timestamp>,
    /// Where it came from the platform.
    pub link: Option<Link>,
    /// Now.
    pub created_at: Timestamp,
}

/// The post that a content is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Through which integration.
    pub integration_id: IntegrationId,
    /// The post's id on the platform.
    pub external_id: String,
    /// Its public address; never the trash's.
    pub external_url: Option<String>,
    /// The site's own word: `publish`, `trash`, a plugin's; `deleted` where it is gone.
    pub external_status: String,
    /// When the site says that it changed.
    pub external_modified_at: Option<Timestamp>,
    /// The highest sequence that the site's deliveries told of this post: orders those of one second.
    #[serde(default)]
    pub external_sequence: Option<i64>,
    /// The compare-and-set token as last seen.
    pub external_version: String,
    /// What both sides agreed on.
    pub base: Base,
}

/// The word in `external_status` for a post that is gone.
pub const GONE: &str = "deleted";

/// The word in `external_status` for a post in the trash.
pub const TRASH: &str = "trash";

impl Link {
    /// Whether the post is gone for good.
    pub fn is_gone(&self) -> bool {
        self.external_status == GONE
    }

    /// Whether the post is in the trash.
    pub fn is_trashed(&self) -> bool {
        self.external_status == TRASH
    }

    /// When the site says that the post changed, unless that is still to come: WordPress dates a new scheduled post's
    /// change to the day it goes out, and every change until then would look older.
    pub fn changed_before(&self, now: Timestamp) -> Option<Timestamp> {
        self.external_modified_at.filter(|at| *at <= now)
    }
}

/// The post that a content was before its integration was deleted or moved to another site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormerLink {
    /// Which site it was, in one spelling.
    pub site_identity: String,
    /// What was known of it.
    pub link: Link,
}

impl FormerLink {
    /// Whether a post is this one for certain: at its own address by its id; at another one, to which the site may have
    /// moved, where it also still is as it was left. Posts of two sites share ids, and even names and texts (those
    /// that every new WordPress begins with), but no instant of their last change.
    pub fn is_proven_by(&self, site_identity: &str, item: &ExternalItem) -> bool {
        self.link.external_id == item.external_id
            && (self.site_identity == site_identity
                || (self.is_named_like(item)
                    && item.modified_at.is_some()
                    && item.modified_at == self.link.external_modified_at))
    }

    /// Whether a post has the id and the slug, or where there is none the title, that this one had.
    pub fn is_named_like(&self, item: &ExternalItem) -> bool {
        let same = |field| Some(*self.link.base.external.get(&field)? == item.fields.hash(field)?);
        let named = same(Field::Slug).or_else(|| same(Field::Title));
        self.link.external_id == item.external_id && named == Some(true)
    }
}

/// Fields that both sides changed, as they were found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// By field.
    pub fields: BTreeMap<Field, FieldConflict>,
    /// The site's side when it was found: what `keep: external` takes.
    pub external: crate::content::FieldPatch,
    /// Whether the post was in the trash or gone then.
    pub external_deleted: bool,
}

/// The three values of one field in conflict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldConflict {
    /// What both agreed on, where they did.
    pub base: Value,
    /// The writer's.
    pub local: Value,
    /// The site's.
    pub external: Value,
}

/// Why a content could not be synced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentFailure {
    /// A stable word.
    pub code: String,
    /// For a person.
    pub message: String,
    /// How many runs in a row failed on it.
    pub count: u32,
    /// Whether only a change of the content, or a person, makes it worth another try.
    pub parked: bool,
}

impl Content {
    /// Derives the state anew; call it after any change.
    pub fn settle(&mut self) {
        self.sync_state = SyncState::of(self);
    }

    /// Whether there is to be a post of it.
    pub fn wants_a_post(&self) -> bool {
        self.deleted_at.is_none() && self.fields.status.wants_a_post()
    }
}

impl NewContent {
    /// The state it begins with.
    pub fn sync_state(&self) -> SyncState {
        match &self.link {
            Some(_) => SyncState::InSync,
            None if self.fields.status.wants_a_post() => SyncState::PendingPush,
            None => SyncState::Unlinked,
        }
    }
}
