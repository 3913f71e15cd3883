//! Integrations.

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use igny8_integration_domain::integration::{
    ConflictPolicy, Integration, NewIntegration, PlatformName, SealedCredentials, SyncMemory, SyncStatus,
};
use igny8_integration_domain::ports::storage::StorageError;

use super::site::site_url;
use super::{number, word};
use crate::schema::integrations;
use crate::search::fold;
use crate::types::{At, JsonText};

#[derive(Queryable, Selectable)]
#[diesel(table_name = integrations)]
pub struct IntegrationRow {
    id: i64,
    account_id: i64,
    site_id: i64,
    platform: String,
    site_url: String,
    credentials: Vec<u8>,
    is_active: bool,
    sync_enabled: bool,
    conflict_policy: String,
    sync_status: String,
    run_status: String,
    sync_error: Option<JsonText>,
    last_sync_at: Option<At>,
    next_sync_at: Option<At>,
    version: i64,
    created_at: At,
    updated_at: At,
    structure: Option<JsonText>,
    memory: JsonText,
    platform_state: JsonText,
}

impl IntegrationRow {
    /// The entity; the site's name comes from the site.
    pub fn with_site_name(self, site_name: String) -> Result<Integration, StorageError> {
        Ok(Integration {
            id: number(self.id, "integrations.id")?,
            account_id: number(self.account_id, "integrations.account_id")?,
            site_id: number(self.site_id, "integrations.site_id")?,
            site_name,
            platform: word(&self.platform, PlatformName::from_word, "integrations.platform")?,
            site_url: site_url(self.site_url, "integrations.site_url")?,
            structure: JsonText::read_maybe(self.structure.as_ref(), "integrations.structure")?,
            credentials: SealedCredentials(self.credentials),
            is_active: self.is_active,
            sync_enabled: self.sync_enabled,
            conflict_policy: word(
                &self.conflict_policy,
                ConflictPolicy::from_word,
                "integrations.conflict_policy",
            )?,
            sync_status: word(&self.sync_status, SyncStatus::from_word, "integrations.sync_status")?,
            run_status: word(&self.run_status, SyncStatus::from_word, "integrations.run_status")?,
            sync_error: JsonText::read_maybe(self.sync_error.as_ref(), "integrations.sync_error")?,
            last_sync_at: self.last_sync_at.map(|at| at.0),
            next_sync_at: self.next_sync_at.map(|at| at.0),
            memory: self.memory.read("integrations.memory")?,
            platform_state: self.platform_state.read("integrations.platform_state")?,
            version: self.version,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = integrations, treat_none_as_default_value = false)]
pub struct NewIntegrationRow {
    account_id: i64,
    site_id: i64,
    platform: &'static str,
    site_url: String,
    site_url_search: String,
    credentials: Vec<u8>,
    is_active: bool,
    sync_enabled: bool,
    conflict_policy: &'static str,
    sync_status: &'static str,
    run_status: &'static str,
    next_sync_at: Option<At>,
    version: i64,
    created_at: At,
    updated_at: At,
    memory: JsonText,
    platform_state: JsonText,
}

impl NewIntegrationRow {
    pub fn new(integration: &NewIntegration) -> Result<Self, StorageError> {
        Ok(Self {
            account_id: integration.account_id.get(),
            site_id: integration.site_id.get(),
            platform: integration.platform.as_str(),
            site_url: integration.site_url.as_str().to_owned(),
            site_url_search: fold(integration.site_url.as_str()),
            credentials: Vec::new(),
            is_active: integration.is_active,
            sync_enabled: integration.sync_enabled,
            conflict_policy: integration.conflict_policy.as_str(),
            sync_status: SyncStatus::Never.as_str(),
            run_status: SyncStatus::Never.as_str(),
            next_sync_at: At::maybe(integration.next_sync_at),
            version: 1,
            created_at: At(integration.created_at),
            updated_at: At(integration.created_at),
            memory: JsonText::of(&SyncMemory::default())?,
            platform_state: JsonText::of(&integration.platform_state)?,
        })
    }
}

/// What an update writes.
#[derive(AsChangeset)]
#[diesel(table_name = integrations, treat_none_as_null = true)]
pub struct IntegrationColumns {
    site_url: String,
    site_url_search: String,
    credentials: Vec<u8>,
    is_active: bool,
    sync_enabled: bool,
    conflict_policy: &'static str,
    sync_status: &'static str,
    run_status: &'static str,
    sync_error: Option<JsonText>,
    last_sync_at: Option<At>,
    next_sync_at: Option<At>,
    updated_at: At,
    structure: Option<JsonText>,
    memory: JsonText,
    platform_state: JsonText,
}

impl IntegrationColumns {
    pub fn new(integration: &Integration) -> Result<Self, StorageError> {
        Ok(Self {
            site_url: integration.site_url.as_str().to_owned(),
            site_url_search: fold(integration.site_url.as_str()),
            credentials: integration.credentials.0.clone(),
            is_active: integration.is_active,
            sync_enabled: integration.sync_enabled,
            conflict_policy: integration.conflict_policy.as_str(),
            sync_status: integration.sync_status.as_str(),
            run_status: integration.run_status.as_str(),
            sync_error: JsonText::maybe(integration.sync_error.as_ref())?,
            last_sync_at: At::maybe(integration.last_sync_at),
            next_sync_at: At::maybe(integration.next_sync_at),
            updated_at: At(integration.updated_at),
            structure: JsonText::maybe(integration.structure.as_ref())?,
            memory: JsonText::of(&integration.memory)?,
            platform_state: JsonText::of(&integration.platform_state)?,
        })
    }
}
