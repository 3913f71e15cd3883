//! Sites, their keys and their webhook secrets.

use async_trait::async_trait;
use diesel::SelectableHelper as _;
use diesel::prelude::{
    BoolExpressionMethods as _, ExpressionMethods as _, NullableExpressionMethods as _,
    OptionalExtension as _, QueryDsl as _,
};
use diesel_async::RunQueryDsl;
use igny8_integration_domain::account::{Site, SiteKey, WebhookSecret};
use igny8_integration_domain::id::{AccountId, SiteId};
use igny8_integration_domain::integration::SiteUrl;
use igny8_integration_domain::ports::storage::{NewSite, SiteRepository, StorageError};
use igny8_integration_domain::time::Timestamp;

use crate::rows::{NewSiteKeyRow, NewSiteRow, SiteKeyRow, SiteRow, WebhookSecretRow};
use crate::schema::{site_keys, sites, webhook_secrets};
use crate::types::At;
use crate::unit::{DieselUnitOfWork, change, hold, run};

/// The account of a site, inside another query: indexes begin with it.
macro_rules! account_of {
    ($site:expr) => {
        sites::table.find($site.get()).select(sites::account_id).single_value()
    };
}

#[async_trait]
impl SiteRepository for DieselUnitOfWork {
    async fn insert_site(&mut self, site: NewSite) -> Result<Site, StorageError> {
        let new = NewSiteRow::from(site);
        let row: SiteRow = change!(self, |c| diesel::insert_into(sites::table)
            .values(new)
            .returning(SiteRow::as_returning())
            .get_result(c)
            .await)?;
        row.try_into()
    }

    async fn find_site(&mut self, id: SiteId) -> Result<Option<Site>, StorageError> {
        let row: Option<SiteRow> = run!(self, |c| sites::table
            .find(id.get())
            .select(SiteRow::as_select())
            .get_result(c)
            .await
            .optional())?;
        row.map(Site::try_from).transpose()
    }

    async fn lock_site(&mut self, id: SiteId) -> Result<Option<Site>, StorageError> {
        let held: Vec<i64> = hold!(self, sites::table.find(id.get()).select(sites::id))?;
        if held.is_empty() { Ok(None) } else { self.find_site(id).await }
    }

    async fn find_site_by_url(
        &mut self,
        account: AccountId,
        url: &SiteUrl,
    ) -> Result<Option<Site>, StorageError> {
        let row: Option<SiteRow> = run!(self, |c| sites::table
            .filter(sites::account_id.eq(account.get()))
            .filter(sites::url.eq(url.as_str()))
            .order(sites::id)
            .select(SiteRow::as_select())
            .first(c)
            .await
            .optional())?;
        row.map(Site::try_from).transpose()
    }

    async fn insert_site_key(
        &mut self,
        site: &Site,
        hash: [u8; 32],
        now: Timestamp,
    ) -> Result<SiteKey, StorageError> {
        let new = NewSiteKeyRow::new(site, hash, now);
        let row: Option<SiteKeyRow> = change!(self, |c| diesel::insert_into(site_keys::table)
            .values(new)
            .on_conflict_do_nothing()
            .returning(SiteKeyRow::as_returning())
            .get_result(c)
            .await
            .optional())?;
        self.expect_row(row)?.try_into()
    }

    async fn find_site_key(&mut self, hash: [u8; 32]) -> Result<Option<SiteKey>, StorageError> {
        let row: Option<SiteKeyRow> = run!(self, |c| site_keys::table
            .filter(site_keys::hash.eq(hash.as_slice()))
            .select(SiteKeyRow::as_select())
            .get_result(c)
            .await
            .optional())?;
        row.map(SiteKey::try_from).transpose()
    }

    async fn expire_site_keys(
        &mut self,
        site: SiteId,
        keep: &SiteKey,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        change!(self, |c| diesel::update(site_keys::table)
            .filter(site_keys::account_id.nullable().eq(account_of!(site)))
            .filter(site_keys::site_id.eq(site.get()))
            .filter(site_keys::id.ne(keep.id.get()))
            .filter(site_keys::expires_at.is_null().or(site_keys::expires_at.gt(At(at))))
            .set(site_keys::expires_at.eq(At(at)))
            .execute(c)
            .await)?;
        Ok(())
    }

    async fn insert_webhook_secret(&mut self, secret: &WebhookSecret) -> Result<(), StorageError> {
        let new = WebhookSecretRow::from(secret);
        let inserted = change!(self, |c| diesel::insert_into(webhook_secrets::table)
            .values(new)
            .on_conflict_do_nothing()
            .execute(c)
            .await)?;
        self.expect_row((inserted > 0).then_some(()))
    }

    async fn list_webhook_secrets(
        &mut self,
        site: SiteId,
        now: Timestamp,
    ) -> Result<Vec<WebhookSecret>, StorageError> {
        let rows: Vec<WebhookSecretRow> = run!(self, |c| webhook_secrets::table
            .filter(webhook_secrets::account_id.nullable().eq(account_of!(site)))
            .filter(webhook_secrets::site_id.eq(site.get()))
            .filter(webhook_secrets::expires_at.is_null().or(webhook_secrets::expires_at.gt(At(now))))
            .order(webhook_secrets::created_at.desc())
            .select(WebhookSecretRow::as_select())
            .load(c)
            .await)?;
        rows.into_iter().map(WebhookSecret::try_from).collect()
    }

    async fn expire_webhook_secrets(
        &mut self,
        site: SiteId,
        made_before: Timestamp,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        change!(self, |c| diesel::update(webhook_secrets::table)
            .filter(webhook_secrets::account_id.nullable().eq(account_of!(site)))
            .filter(webhook_secrets::site_id.eq(site.get()))
            .filter(webhook_secrets::created_at.lt(At(made_before)))
            .filter(webhook_secrets::expires_at.is_null().or(webhook_secrets::expires_at.gt(At(at))))
            .set(webhook_secrets::expires_at.eq(At(at)))
            .execute(c)
            .await)?;
        Ok(())
    }

    async fn list_all_webhook_secrets(
        &mut self,
        after: Option<SiteId>,
        limit: u32,
    ) -> Result<Vec<WebhookSecret>, StorageError> {
        let after = after.map_or(0, SiteId::get);
        let rows: Vec<WebhookSecretRow> = run!(self, |c| webhook_secrets::table
            .filter(webhook_secrets::site_id.gt(after))
            .order((webhook_secrets::site_id, webhook_secrets::created_at))
            .limit(limit.into())
            .select(WebhookSecretRow::as_select())
            .load(c)
            .await)?;
        rows.into_iter().map(WebhookSecret::try_from).collect()
    }

    async fn reseal_webhook_secret(
        &mut self,
        secret: &WebhookSecret,
        sealed: &[u8],
    ) -> Result<bool, StorageError> {
        let changed = change!(self, |c| diesel::update(webhook_secrets::table)
            .filter(webhook_secrets::account_id.eq(secret.account_id.get()))
            .filter(webhook_secrets::site_id.eq(secret.site_id.get()))
            .filter(webhook_secrets::created_at.eq(At(secret.created_at)))
            .filter(webhook_secrets::sealed.eq(secret.sealed.as_slice()))
            .set(webhook_secrets::sealed.eq(sealed))
            .execute(c)
            .await)?;
        Ok(changed > 0)
    }
}
