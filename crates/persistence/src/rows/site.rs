//! Sites, their keys and their webhook secrets.

use diesel::prelude::{Insertable, Queryable, Selectable};
use igny8_integration_domain::account::{Site, SiteKey, WebhookSecret};
use igny8_integration_domain::integration::SiteUrl;
use igny8_integration_domain::ports::storage::{NewSite, StorageError};
use igny8_integration_domain::time::Timestamp;

use super::{corrupt, number};
use crate::schema::{site_keys, sites, webhook_secrets};
use crate::search::fold;
use crate::types::At;

#[derive(Queryable, Selectable)]
#[diesel(table_name = sites)]
pub struct SiteRow {
    id: i64,
    account_id: i64,
    name: String,
    url: String,
    created_at: At,
}

#[derive(Insertable)]
#[diesel(table_name = sites, treat_none_as_default_value = false)]
pub struct NewSiteRow {
    account_id: i64,
    name_search: String,
    name: String,
    url: String,
    created_at: At,
}

impl From<NewSite> for NewSiteRow {
    fn from(site: NewSite) -> Self {
        Self {
            account_id: site.account_id.get(),
            name_search: fold(&site.name),
            name: site.name,
            url: site.url.into(),
            created_at: At(site.created_at),
        }
    }
}

impl TryFrom<SiteRow> for Site {
    type Error = StorageError;

    fn try_from(row: SiteRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: number(row.id, "sites.id")?,
            account_id: number(row.account_id, "sites.account_id")?,
            name: row.name,
            url: site_url(row.url, "sites.url")?,
            created_at: row.created_at.0,
        })
    }
}

/// The address that a column holds.
pub fn site_url(text: String, place: &'static str) -> Result<SiteUrl, StorageError> {
    SiteUrl::try_from(text).map_err(|message| corrupt(place, &message))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = site_keys)]
pub struct SiteKeyRow {
    id: i64,
    account_id: i64,
    site_id: i64,
    hash: Vec<u8>,
    created_at: At,
    expires_at: Option<At>,
}

#[derive(Insertable)]
#[diesel(table_name = site_keys, treat_none_as_default_value = false)]
pub struct NewSiteKeyRow {
    account_id: i64,
    site_id: i64,
    hash: Vec<u8>,
    created_at: At,
}

impl NewSiteKeyRow {
    pub fn new(site: &Site, hash: [u8; 32], now: Timestamp) -> Self {
        Self {
            account_id: site.account_id.get(),
            site_id: site.id.get(),
            hash: hash.to_vec(),
            created_at: At(now),
        }
    }
}

impl TryFrom<SiteKeyRow> for SiteKey {
    type Error = StorageError;

    fn try_from(row: SiteKeyRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: number(row.id, "site_keys.id")?,
            account_id: number(row.account_id, "site_keys.account_id")?,
            site_id: number(row.site_id, "site_keys.site_id")?,
            hash: row.hash.try_into().map_err(|_| corrupt("site_keys.hash", &"not 32 bytes"))?,
            created_at: row.created_at.0,
            expires_at: row.expires_at.map(|at| at.0),
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_secrets, treat_none_as_default_value = false)]
pub struct WebhookSecretRow {
    account_id: i64,
    site_id: i64,
    sealed: Vec<u8>,
    created_at: At,
    expires_at: Option<At>,
}

impl From<&WebhookSecret> for WebhookSecretRow {
    fn from(secret: &WebhookSecret) -> Self {
        Self {
            account_id: secret.account_id.get(),
            site_id: secret.site_id.get(),
            sealed: secret.sealed.clone(),
            created_at: At(secret.created_at),
            expires_at: At::maybe(secret.expires_at),
        }
    }
}

impl TryFrom<WebhookSecretRow> for WebhookSecret {
    type Error = StorageError;

    fn try_from(row: WebhookSecretRow) -> Result<Self, StorageError> {
        Ok(Self {
            account_id: number(row.account_id, "webhook_secrets.account_id")?,
            site_id: number(row.site_id, "webhook_secrets.site_id")?,
            sealed: row.sealed,
            created_at: row.created_at.0,
            expires_at: row.expires_at.map(|at| at.0),
        })
    }
}
