//! The integration itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{AccountId, IntegrationId, SiteId};
use crate::integration::{
    ConflictPolicy, PlatformName, SealedCredentials, SiteUrl, StatusError, Structure, SyncStatus,
};
use crate::time::Timestamp;

/// One connection of one site to one platform.
#[derive(Clone, Debug, PartialEq)]
pub struct Integration {
    /// Its id.
    pub id: IntegrationId,
    /// Whose.
    pub account_id: AccountId,
    /// Of which site; with the platform it is unique.
    pub site_id: SiteId,
    /// The site's name, as it is now.
    pub site_name: String,
    /// The kind of system.
    pub platform: PlatformName,
    /// Where the site answers.
    pub site_url: SiteUrl,
    /// What the site consists of, where it was pushed.
    pub structure: Option<Structure>,
    /// What opens it.
    pub credentials: SealedCredentials,
    /// Switched off by a person: nothing goes in or out.
    pub is_active: bool,
    /// Switched off by a person: no runs.
    pub sync_enabled: bool,
    /// Who decides about a conflict.
    pub conflict_policy: ConflictPolicy,
    /// Where syncing stands.
    pub sync_status: SyncStatus,
    /// What the last run left: a good connection test puts it back.
    pub run_status: SyncStatus,
    /// Why it is not well.
    pub sync_error: Option<StatusError>,
    /// When the last run that did something ended.
    pub last_sync_at: Option<Timestamp>,
    /// When the next scheduled run is due.
    pub next_sync_at: Option<Timestamp>,
    /// What pulling remembers from one run to the next.
    pub memory: SyncMemory,
    /// What the platform's adapter remembers (address of the API, versions): its own, nobody else reads it.
    pub platform_state: Value,
    /// Moves with each committed change; its `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// An integration that is not stored yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewIntegration {
    /// Whose.
    pub account_id: AccountId,
    /// Of which site.
    pub site_id: SiteId,
    /// The kind of system.
    pub platform: PlatformName,
    /// Where the site answers.
    pub site_url: SiteUrl,
    /// See [`Integration::is_active`].
    pub is_active: bool,
    /// See [`Integration::sync_enabled`].
    pub sync_enabled: bool,
    /// Who decides about a conflict.
    pub conflict_policy: ConflictPolicy,
    /// What the platform's adapter remembers.
    pub platform_state: Value,
    /// When the next scheduled run is due.
    pub next_sync_at: Option<Timestamp>,
    /// Now.
    pub created_at: Timestamp,
}

/// What pulling remembers, by type name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncMemory {
    /// One entry for each type that was pulled whole at least once.
    #[serde(default)]
    pub types: BTreeMap<String, TypeMemory>,
    /// When every id of the site was compared last.
    #[serde(default)]
    pub audited_at: Option<Timestamp>,
    /// Until when the site asked that no single post be read.
    #[serde(default)]
    pub quiet_until: Option<Timestamp>,
}

/// What pulling remembers of one type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeMemory {
    /// The site's own `Date` at the start of the last complete pass.
    pub watermark: Timestamp,
    /// The site's total less what is linked here, at the end of that pass: rows that the site counts but does not
    /// show (a page for administrators only). Another difference means that something was missed.
    pub unseen: i64,
    /// When the type was fetched last.
    pub fetched_at: Timestamp,
}
