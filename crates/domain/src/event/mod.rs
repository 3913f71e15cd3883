//! History: one line for each thing that was done, whether it worked, and why not.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::id::{AccountId, ContentId, EventId, IntegrationId, RunId, SiteId, SiteKeyId, UserId};
use crate::integration::Integration;
use crate::time::Timestamp;
use crate::words::words;

/// What kind of thing a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventType {
    /// The connection: tests, onboarding, the integration's own life.
    Connection,
    /// A run.
    Sync,
    /// One content.
    Content,
    /// Metadata of a content.
    Metadata,
    /// A delivery from the site.
    Webhook,
    /// The site's structure.
    Structure,
    /// Something that went wrong and belongs nowhere else.
    Error,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the contract's own and explain themselves")]
pub enum Action {
    TestConnection,
    Onboarding,
    Created,
    Updated,
    Deleted,
    RunStarted,
    RunFinished,
    Pulled,
    Pushed,
    Merged,
    Conflict,
    Resolved,
    Trashed,
    Skipped,
    Status,
    Metadata,
    StructureStored,
}

words!(EventType {
    Connection => "connection", Sync => "sync", Content => "content", Metadata => "metadata",
    Webhook => "webhook", Structure => "structure", Error => "error",
});
words!(Action {
    TestConnection => "test_connection", Onboarding => "onboarding", Created => "created", Updated => "updated",
    Deleted => "deleted", RunStarted => "run_started", RunFinished => "run_finished", Pulled => "pulled",
    Pushed => "pushed", Merged => "merged", Conflict => "conflict", Resolved => "resolved", Trashed => "trashed",
    Skipped => "skipped", Status => "status", Metadata => "metadata", StructureStored => "structure_stored",
});

/// What kind of somebody did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person.
    User,
    /// A site's plugin.
    SiteKey,
    /// The scheduler.
    Schedule,
    /// Whoever operates the service.
    Cli,
    /// The service itself.
    Service,
}

words!(ActorKind {
    User => "user", SiteKey => "site_key", Schedule => "schedule", Cli => "cli", Service => "service",
});

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What kind of somebody.
    pub kind: ActorKind,
    /// Which one: a user's or a site key's id.
    pub id: Option<i64>,
}

impl Actor {
    /// The scheduler.
    pub const SCHEDULE: Self = Self { kind: ActorKind::Schedule, id: None };
    /// Whoever operates the service.
    pub const CLI: Self = Self { kind: ActorKind::Cli, id: None };
    /// The service itself.
    pub const SERVICE: Self = Self { kind: ActorKind::Service, id: None };

    /// A person.
    pub const fn user(id: UserId) -> Self {
        Self { kind: ActorKind::User, id: Some(id.get()) }
    }

    /// A site's plugin.
    pub const fn site_key(id: SiteKeyId) -> Self {
        Self { kind: ActorKind::SiteKey, id: Some(id.get()) }
    }
}

/// A line of history.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncEvent {
    /// Its id; grows with time.
    pub id: EventId,
    /// What it says.
    pub entry: NewEvent,
}

/// A line of history that is not stored yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// Whose.
    pub account_id: AccountId,
    /// Of which site.
    pub site_id: SiteId,
    /// Of which integration.
    pub integration_id: IntegrationId,
    /// What kind of thing it is about.
    pub event_type: EventType,
    /// What was done.
    pub action: Action,
    /// Whether it worked.
    pub success: bool,
    /// To which content.
    pub content_id: Option<ContentId>,
    /// To which post.
    pub external_id: Option<String>,
    /// In which run.
    pub run_id: Option<RunId>,
    /// By whom.
    pub actor: Actor,
    /// More, as JSON; never a secret, never a body.
    pub details: Value,
    /// Why not, as a stable word.
    pub error_code: Option<String>,
    /// Why not, for a person: one line of plain text, at most 300 characters.
    pub error_message: Option<String>,
    /// How long it took.
    pub duration_ms: Option<i64>,
    /// When.
    pub created_at: Timestamp,
}

impl NewEvent {
    /// A line about something of an integration that says no more than that it worked; change what is not so.
    pub(crate) fn of(
        integration: &Integration,
        event_type: EventType,
        action: Action,
        actor: Actor,
        now: Timestamp,
    ) -> Self {
        Self {
            account_id: integration.account_id,
            site_id: integration.site_id,
            integration_id: integration.id,
            event_type,
            action,
            success: true,
            content_id: None,
            external_id: None,
            run_id: None,
            actor,
            details: json!({}),
            error_code: None,
            error_message: None,
            duration_ms: None,
            created_at: now,
        }
    }
}
