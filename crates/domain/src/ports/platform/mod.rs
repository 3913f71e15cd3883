//! The system at the other end: what an adapter must do, and the words that it is asked and answers in.

mod changes;
mod connection;
mod error;
mod item;
mod listing;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

pub use changes::{Changes, ExternalChange};
pub use connection::{Check, Connection, ConnectionReport, Finding, OnboardingChallenge, Severity};
pub use error::{MAINTENANCE, PlatformError, Trouble};
pub use item::{ExternalItem, ExternalVersion, Lookup, Note, PlatformType, UnreadableItem, Written};
pub use listing::{ExternalStamp, IdListing, ListPage, ListQuery};

use crate::content::{ContentStatus, FieldPatch};
use crate::id::ContentId;
use crate::integration::PlatformName;
use crate::time::Timestamp;

/// An adapter for one kind of system. Holds no state of a site: what it learns goes through `state`.
#[async_trait]
pub trait Platform: Send + Sync {
    /// Which kind.
    fn name(&self) -> PlatformName;

    /// What the platform's own word for a status means for the writer; none for one that means trash or nothing here.
    fn read_status(&self, word: &str) -> Option<ContentStatus>;

    /// Tests a connection, check by check, stopping at the first that fails. Changes nothing on the site.
    async fn test_connection(&self, connection: &Connection) -> ConnectionReport;

    /// Makes a site prove that it holds its key, then tests the connection with that key. The key is not sent before
    /// the proof held.
    async fn prove_and_test(&self, challenge: &OnboardingChallenge) -> ConnectionReport;

    /// Opens a session: finds the API (from `state` where it still holds) and chooses how to authenticate.
    async fn open(&self, connection: &Connection) -> Result<Arc<dyn PlatformSession>, PlatformError>;
}

/// Calls to one site. Reads are safe to repeat; writes as each says. A session is used by one run or request.
#[async_trait]
pub trait PlatformSession: Send + Sync {
    /// What the adapter wants to remember for the next session.
    fn state(&self) -> Value;

    /// The types of content that the site shows, internal ones left out.
    async fn content_types(&self) -> Result<Vec<PlatformType>, PlatformError>;

    /// One page, ordered by id, trash included. Texts are raw.
    async fn list(&self, query: &ListQuery) -> Result<ListPage, PlatformError>;

    /// The posts of these types that changed after an instant of the site's clock, where the platform can tell in one
    /// answer; none where it can't, and what may have changed is listed then.
    async fn changes(
        &self,
        content_types: &[String],
        after: Timestamp,
    ) -> Result<Option<Changes>, PlatformError>;

    /// How many items of a type the site counts, trash included. Cheap.
    async fn count(&self, content_type: &str) -> Result<u64, PlatformError>;

    /// Every id of a type, trash included, and whether the site is still the one that `connection` names.
    async fn list_ids(&self, content_type: &str) -> Result<IdListing, PlatformError>;

    /// One post, fresh.
    async fn get(&self, content_type: &str, external_id: &str) -> Result<Lookup, PlatformError>;

    /// The post that carries a content's marker, in whatever status; the oldest where there are several.
    async fn find_by_marker(
        &self,
        content_type: &str,
        content_id: ContentId,
    ) -> Result<Option<ExternalItem>, PlatformError>;

    /// Makes a hidden draft that carries the marker, with everything in `fields` but what `Written::pending` names.
    /// Not safe to repeat: look for the marker first.
    async fn create(
        &self,
        content_type: &str,
        content_id: ContentId,
        fields: &FieldPatch,
    ) -> Result<Written, PlatformError>;

    /// Changes the fields that are there, and nothing else, if the post still is at `expected`
    /// ([`PlatformError::Conflict`] otherwise). A status brings a post out of the trash too. Safe to repeat: a second
    /// try meets another version.
    async fn update(
        &self,
        content_type: &str,
        external_id: &str,
        fields: &FieldPatch,
        expected: &ExternalVersion,
    ) -> Result<Written, PlatformError>;

    /// Puts the post in the trash if it still is at `expected`; one that is there already is fine. Never deletes.
    async fn trash(
        &self,
        content_type: &str,
        external_id: &str,
        expected: &ExternalVersion,
    ) -> Result<Written, PlatformError>;
}

/// The adapters there are, by name.
#[derive(Clone, Default)]
pub struct Platforms(BTreeMap<PlatformName, Arc<dyn Platform>>);

impl Platforms {
    /// With one more.
    #[must_use]
    pub fn with(mut self, platform: Arc<dyn Platform>) -> Self {
        self.0.insert(platform.name(), platform);
        self
    }

    /// The kinds of system that can be used.
    pub fn names(&self) -> Vec<PlatformName> {
        self.0.keys().copied().collect()
    }

    /// The adapter for a kind of system, where there is one.
    pub fn find(&self, name: PlatformName) -> Option<Arc<dyn Platform>> {
        self.0.get(&name).cloned()
    }
}
