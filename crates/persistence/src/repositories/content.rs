//! Contents: one, those that are held, and their changes.

use std::collections::BTreeMap;

use async_trait::async_trait;
use diesel::SelectableHelper as _;
use diesel::prelude::{
    ExpressionMethods as _, NullableExpressionMethods as _, OptionalExtension as _, QueryDsl as _,
};
use diesel_async::RunQueryDsl;
use igny8_integration_domain::content::{Content, NewContent};
use igny8_integration_domain::id::{ContentId, IntegrationId, SiteId};
use igny8_integration_domain::ports::storage::{
    ContentFilter, ContentRepository, ContentTotals, LinkStamp, Page, PageRequest, PendingQuery, StorageError,
};

use super::raw;
use crate::rows::{ContentColumns, ContentRow, NewContentRow};
use crate::schema::{contents, integrations, sites};
use crate::unit::{DieselUnitOfWork, change, hold, run};

#[async_trait]
impl ContentRepository for DieselUnitOfWork {
    async fn insert_content(&mut self, content: &NewContent) -> Result<Content, StorageError> {
        let new = NewContentRow::new(content)?;
        let id: Option<i64> = change!(self, |c| diesel::insert_into(contents::table)
            .values(new)
            .on_conflict_do_nothing()
            .returning(contents::id)
            .get_result(c)
            .await
            .optional())?;
        let id = self.expect_row(id)?;
        let stored = self.contents_by_id(vec![id]).await?.pop();
        self.expect_row(stored)
    }

    async fn find_content(&mut self, id: ContentId) -> Result<Option<Content>, StorageError> {
        Ok(self.contents_by_id(vec![id.get()]).await?.pop())
    }

    async fn lock_content(&mut self, id: ContentId) -> Result<Option<Content>, StorageError> {
        let held = hold!(self, contents::table.find(id.get()).select(contents::id))?;
        Ok(self.contents_by_id(held).await?.pop())
    }

    async fn lock_contents(&mut self, site: SiteId, ids: &[ContentId]) -> Result<Vec<Content>, StorageError> {
        let held = hold!(
            self,
            contents::table
                .filter(contents::id.eq_any(raw(ids)))
                .filter(contents::site_id.eq(site.get()))
                .order(contents::id)
                .select(contents::id)
        )?;
        self.contents_by_id(held).await
    }

    async fn lock_linked_contents(
        &mut self,
        integration: IntegrationId,
        external_ids: &[String],
    ) -> Result<Vec<Content>, StorageError> {
        let account = integrations::table.find(integration.get()).select(integrations::account_id);
        let held = hold!(
            self,
            contents::table
                .filter(contents::account_id.nullable().eq(account.single_value()))
                .filter(contents::link_integration_id.eq(integration.get()))
                .filter(contents::external_id.eq_any(external_ids))
                .order(contents::id)
                .select(contents::id)
        )?;
        self.contents_by_id(held).await
    }

    async fn lock_formerly_linked_contents(
        &mut self,
        site: SiteId,
        external_ids: &[String],
    ) -> Result<Vec<Content>, StorageError> {
        let account = sites::table.find(site.get()).select(sites::account_id);
        let held = hold!(
            self,
            contents::table
                .filter(contents::account_id.nullable().eq(account.single_value()))
                .filter(contents::site_id.eq(site.get()))
                .filter(contents::former_external_id.eq_any(external_ids))
                .filter(contents::link_integration_id.is_null())
                .order(contents::id)
                .select(contents::id)
        )?;
        self.contents_by_id(held).await
    }

    async fn list_contents(
        &mut self,
        filter: &ContentFilter,
        page: PageRequest,
    ) -> Result<Page<Content>, StorageError> {
        self.page_of_contents(filter, page).await
    }

    async fn update_content(&mut self, content: &Content) -> Result<i64, StorageError> {
        let columns = ContentColumns::new(content)?;
        let version: Option<i64> = change!(self, |c| diesel::update(contents::table)
            .filter(contents::id.eq(content.id.get()))
            .filter(contents::version.eq(content.version))
            .set((columns, contents::version.eq(contents::version + 1)))
            .returning(contents::version)
            .get_result(c)
            .await
            .optional())?;
        self.expect_row(version)
    }

    async fn list_pending(&mut self, query: &PendingQuery) -> Result<Vec<ContentId>, StorageError> {
        self.pending_contents(query).await
    }

    async fn content_totals(&mut self, site: SiteId) -> Result<ContentTotals, StorageError> {
        self.totals_of_site(site).await
    }

    async fn content_totals_by_type(
        &mut self,
        site: SiteId,
    ) -> Result<BTreeMap<String, ContentTotals>, StorageError> {
        self.totals_by_type(site).await
    }

    async fn count_links(
        &mut self,
        integration: IntegrationId,
        content_type: &str,
    ) -> Result<i64, StorageError> {
        self.live_links(integration, content_type).await
    }

    async fn list_link_stamps(
        &mut self,
        integration: IntegrationId,
        content_type: &str,
        after: Option<ContentId>,
        limit: u32,
    ) -> Result<Vec<LinkStamp>, StorageError> {
        self.link_stamps(integration, content_type, after, limit).await
    }
}

impl DieselUnitOfWork {
    /// The contents of these ids, by id. Every other query finds ids: so a row's many columns are spelled out (and
    /// compiled) once, and rows are held, counted and paged without their bodies.
    pub(super) async fn contents_by_id(&mut self, ids: Vec<i64>) -> Result<Vec<Content>, StorageError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<ContentRow> = run!(self, |c| contents::table
            .filter(contents::id.eq_any(ids))
            .order(contents::id)
            .select(ContentRow::as_select())
            .load(c)
            .await)?;
        rows.into_iter().map(Content::try_from).collect()
    }
}
