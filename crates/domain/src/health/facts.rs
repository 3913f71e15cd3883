//! What a verdict follows from.

use chrono::TimeDelta;

use crate::integration::{StatusError, SyncStatus};
use crate::ports::storage::ContentTotals;
use crate::time::Timestamp;

/// Everything that is recorded of a connection and tells how well it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Now.
    pub now: Timestamp,
    /// Whether a person switched the integration off.
    pub is_active: bool,
    /// Whether a person switched its syncing off.
    pub sync_enabled: bool,
    /// Whether its credentials can be opened.
    pub credentials_readable: bool,
    /// Where syncing stands.
    pub sync_status: SyncStatus,
    /// Why it is not well.
    pub sync_error: Option<StatusError>,
    /// When the last run that did something ended.
    pub last_sync_at: Option<Timestamp>,
    /// How often it syncs by itself.
    pub schedule: Option<TimeDelta>,
    /// The last connection test.
    pub last_test: Option<LastTest>,
    /// Whether the plugin on the site was switched off there.
    pub plugin_disconnected: bool,
    /// The copy of the site that was heard of last.
    pub site_copy: Option<SiteCopy>,
    /// Deliveries.
    pub webhooks: WebhookFacts,
    /// Contents.
    pub totals: ContentTotals,
}

/// A copy of the site, which has its key too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteCopy {
    /// When it was heard of.
    pub at: Timestamp,
    /// Where it is, without a scheme.
    pub address: Option<String>,
}

/// A connection test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastTest {
    /// When.
    pub at: Timestamp,
    /// `ok`, or what was wrong.
    pub code: String,
    /// For a person, with the fix.
    pub message: String,
    /// Whether it went well.
    pub success: bool,
}

/// Deliveries, as far as they tell how well a connection is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookFacts {
    /// When the last one was taken in.
    pub last_accepted_at: Option<Timestamp>,
    /// When the last one was refused.
    pub last_rejected_at: Option<Timestamp>,
    /// Why it was refused.
    pub rejection: Option<String>,
    /// How far the site's clock is ahead, by the last signed one.
    pub clock_skew: Option<TimeDelta>,
}
