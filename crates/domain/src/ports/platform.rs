//! The system at the other end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::content::{ContentStatus, FieldPatch};
use crate::id::{ContentId, IntegrationId, SiteId};
use crate::integration::{Credentials, PlatformName, SiteUrl};
pub use crate::ports::changes::{Changes, ExternalChange};
use crate::time::Timestamp;

/// Where and how to reach a site.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The integration, where it exists already.
    pub integration_id: Option<IntegrationId>,
    /// The site.
    pub site_id: SiteId,
    /// Its address.
    pub site_url: SiteUrl,
    /// What opens it.
    pub credentials: Credentials,
    /// What the adapter remembered last time (see [`PlatformSession::state`]); null where nothing is.
    pub state: Value,
}

/// One check of a connection test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name, one of a fixed list.
    pub name: String,
    /// Whether it passed.
    pub ok: bool,
    /// What was seen, with the fix where it failed; redacted.
    pub detail: String,
    /// How long it took.
    pub duration_ms: u64,
}

/// How much a finding matters, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The connection does not work.
    Error,
    /// It works, but something does not, or soon will not.
    Warning,
    /// Good to know; nothing has to be done.
    Notice,
}

impl Severity {
    /// As written in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// Something about a site that stands in the way or may, with what shows it and what helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// A stable word.
    pub code: String,
    /// What was seen: one line, redacted.
    pub evidence: String,
    /// What a person can do about it, in one sentence.
    pub fix: String,
}

/// What a connection test found. Checks run in order and stop at the first that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionReport {
    /// Whether the site can be reached and written to.
    pub success: bool,
    /// `ok`, or a stable word for what is wrong.
    pub code: String,
    /// For a person, with the fix.
    pub message: String,
    /// Each check that ran.
    pub checks: Vec<Check>,
    /// What will not work although the connection does.
    pub limitations: Vec<String>,
    /// What was noticed: the error that ended the test first, then what is worth a look.
    pub findings: Vec<Finding>,
    /// The platform's version, where it told.
    pub platform_version: Option<String>,
    /// The plugin's version, where it told.
    pub plugin_version: Option<String>,
    /// How long the site took to answer its API.
    pub latency_ms: Option<u64>,
    /// What the adapter wants to remember.
    pub state: Value,
}

/// What a site that wants to connect itself must prove.
#[derive(Clone, Debug)]
pub struct OnboardingChallenge {
    /// Which site it says it is.
    pub site_id: SiteId,
    /// Where it says it answers.
    pub site_url: SiteUrl,
    /// The key it must hold. It is not sent before the proof held.
    pub api_key: SecretString,
    /// Fresh and unpredictable: 16 to 128 of `[A-Za-z0-9_-]`.
    pub nonce: String,
}

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
    pub pending: Vec<crate::content::Field>,
    /// Remarks.
    pub notes: Vec<Note>,
}

/// What is wrong between here and the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// A stable word.
    pub code: String,
    /// For a person, ending with what the site said: one line, at most 300 characters, redacted.
    pub message: String,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// The word for a site that says itself that it is closed for a while, and so will be back.
pub const MAINTENANCE: &str = "maintenance";

/// Why a call to a site did not work, by what the caller can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// The credentials are refused: nothing will work until a person acts. Ends the run.
    #[error("{0}")]
    Unauthorized(Trouble),
    /// This user may not do this one thing. The item is parked; the rest goes on.
    #[error("{0}")]
    Forbidden(Trouble),
    /// There is no such post, proven by the API's own word.
    #[error("{0}")]
    NotFound(Trouble),
    /// The site asks for patience. Pauses the run.
    #[error("{trouble}")]
    RateLimited {
        /// What it said.
        trouble: Trouble,
        /// For how long, at most an hour.
        retry_after: Option<Duration>,
    },
    /// The post changed since it was read (compare-and-set). Read again and reconcile.
    #[error("{0}")]
    Conflict(Trouble),
    /// Somebody is editing the post. Try the item again later.
    #[error("{0}")]
    Locked(Trouble),
    /// The site refuses this item as it is (400, 413, a database that can't store it). The item is parked.
    #[error("{0}")]
    Rejected(Trouble),
    /// The host can't be reached or is in maintenance: no item would fare better. Pauses the run.
    #[error("{trouble}")]
    Unavailable {
        /// What was seen.
        trouble: Trouble,
        /// What the site asked for, at most an hour.
        retry_after: Option<Duration>,
    },
    /// This one request failed (a time-out or 5xx after it was sent): it may or may not have had its effect. Safe to
    /// repeat only after looking for the marker or reading the post.
    #[error("{0}")]
    Uncertain(Trouble),
    /// The answer makes no sense for this API: a person must look.
    #[error("{0}")]
    Protocol(Trouble),
}

impl PlatformError {
    /// Whether it may concern the one post that the call was about, and no other.
    pub fn is_of_one_item(&self) -> bool {
        match self {
            Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::Conflict(_)
            | Self::Locked(_)
            | Self::Rejected(_)
            | Self::Uncertain(_)
            | Self::Protocol(_) => true,
            Self::Unauthorized(_) | Self::RateLimited { .. } | Self::Unavailable { .. } => false,
        }
    }

    /// What is wrong.
    pub fn trouble(&self) -> &Trouble {
        match self {
            Self::RateLimited { trouble, .. }
            | Self::Unavailable { trouble, .. }
            | Self::Unauthorized(trouble)
            | Self::Forbidden(trouble)
            | Self::NotFound(trouble)
            | Self::Conflict(trouble)
            | Self::Locked(trouble)
            | Self::Rejected(trouble)
            | Self::Uncertain(trouble)
            | Self::Protocol(trouble) => trouble,
        }
    }
}

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
