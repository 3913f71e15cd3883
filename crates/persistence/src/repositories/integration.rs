//! Integrations: one, its changes, and its end.

use std::collections::HashMap;

use async_trait::async_trait;
use diesel::dsl::case_when;
use diesel::prelude::{
    BoolExpressionMethods as _, ExpressionMethods as _, NullableExpressionMethods as _,
    OptionalExtension as _, QueryDsl as _,
};
use diesel::sql_types::Text;
use diesel::{IntoSql as _, SelectableHelper as _};
use diesel_async::RunQueryDsl;
use igny8_integration_domain::content::{ContentStatus, SyncState};
use igny8_integration_domain::id::{IntegrationId, SiteId};
use igny8_integration_domain::integration::{Integration, NewIntegration, PlatformName, SealedCredentials};
use igny8_integration_domain::ports::storage::{
    IntegrationFilter, IntegrationRepository, Page, PageRequest, StorageError,
};
use igny8_integration_domain::time::Timestamp;

use crate::rows::{IntegrationColumns, IntegrationRow, NewIntegrationRow};
use crate::schema::{contents, events, integrations, runs, sites};
use crate::types::{At, JsonText};
use crate::unit::{DieselUnitOfWork, change, hold, run};

const STATUSES: [ContentStatus; 5] = [
    ContentStatus::Draft,
    ContentStatus::Review,
    ContentStatus::Approved,
    ContentStatus::Published,
    ContentStatus::Archived,
];

#[async_trait]
impl IntegrationRepository for DieselUnitOfWork {
    async fn insert_integration(
        &mut self,
        integration: &NewIntegration,
    ) -> Result<Integration, StorageError> {
        let new = NewIntegrationRow::new(integration)?;
        let id: Option<i64> = change!(self, |c| diesel::insert_into(integrations::table)
            .values(new)
            .on_conflict_do_nothing()
            .returning(integrations::id)
            .get_result(c)
            .await
            .optional())?;
        let id = self.expect_row(id)?;
        let stored = self.integrations_by_id(vec![id]).await?.pop();
        self.expect_row(stored)
    }

    async fn find_integration(&mut self, id: IntegrationId) -> Result<Option<Integration>, StorageError> {
        Ok(self.integrations_by_id(vec![id.get()]).await?.pop())
    }

    async fn lock_integration(&mut self, id: IntegrationId) -> Result<Option<Integration>, StorageError> {
        let held = hold!(self, integrations::table.find(id.get()).select(integrations::id))?;
        Ok(self.integrations_by_id(held).await?.pop())
    }

    async fn find_integration_of_site(
        &mut self,
        site: SiteId,
        platform: PlatformName,
    ) -> Result<Option<Integration>, StorageError> {
        let account = sites::table.find(site.get()).select(sites::account_id);
        let ids = run!(self, |c| integrations::table
            .filter(integrations::account_id.nullable().eq(account.single_value()))
            .filter(integrations::site_id.eq(site.get()))
            .filter(integrations::platform.eq(platform.as_str()))
            .select(integrations::id)
            .load(c)
            .await)?;
        Ok(self.integrations_by_id(ids).await?.pop())
    }

    async fn list_integrations(
        &mut self,
        filter: &IntegrationFilter,
        page: PageRequest,
    ) -> Result<Page<Integration>, StorageError> {
        self.page_of_integrations(filter, page).await
    }

    async fn update_integration(&mut self, integration: &Integration) -> Result<i64, StorageError> {
        let columns = IntegrationColumns::new(integration)?;
        let version: Option<i64> = change!(self, |c| diesel::update(integrations::table)
            .filter(integrations::id.eq(integration.id.get()))
            .filter(integrations::version.eq(integration.version))
            .set((columns, integrations::version.eq(integrations::version + 1)))
            .returning(integrations::version)
            .get_result(c)
            .await
            .optional())?;
        self.expect_row(version)
    }

    async fn unlink_contents(
        &mut self,
        integration: &Integration,
        back_to: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        self.keep_former_links(integration, back_to).await?;
        self.drop_links(integration, now).await
    }

    async fn delete_integration(
        &mut self,
        integration: &Integration,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let (account, id) = (integration.account_id.get(), integration.id.get());
        self.unlink_contents(integration, None, now).await?;
        change!(self, |c| diesel::delete(events::table)
            .filter(events::account_id.eq(account))
            .filter(events::integration_id.eq(id))
            .execute(c)
            .await)?;
        change!(self, |c| diesel::delete(runs::table)
            .filter(runs::account_id.eq(account))
            .filter(runs::integration_id.eq(id))
            .execute(c)
            .await)?;
        change!(self, |c| diesel::delete(integrations::table.find(id)).execute(c).await)?;
        Ok(())
    }

    async fn list_due_integrations(
        &mut self,
        platforms: &[PlatformName],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Integration>, StorageError> {
        self.due_integrations(platforms, now, limit).await
    }

    async fn list_all_integrations(
        &mut self,
        after: Option<IntegrationId>,
        limit: u32,
    ) -> Result<Vec<Integration>, StorageError> {
        let ids = run!(self, |c| integrations::table
            .filter(integrations::id.gt(after.map_or(0, IntegrationId::get)))
            .order(integrations::id)
            .limit(limit.into())
            .select(integrations::id)
            .load(c)
            .await)?;
        self.integrations_by_id(ids).await
    }

    async fn reseal_credentials(
        &mut self,
        id: IntegrationId,
        old: &SealedCredentials,
        new: &SealedCredentials,
    ) -> Result<bool, StorageError> {
        let changed = change!(self, |c| diesel::update(integrations::table)
            .filter(integrations::id.eq(id.get()))
            .filter(integrations::credentials.eq(old.0.as_slice()))
            .set((
                integrations::credentials.eq(new.0.as_slice()),
                integrations::version.eq(integrations::version + 1),
            ))
            .execute(c)
            .await)?;
        Ok(changed > 0)
    }
}

impl DieselUnitOfWork {
    /// The integrations of these ids, in the same order.
    pub(super) async fn integrations_by_id(
        &mut self,
        ids: Vec<i64>,
    ) -> Result<Vec<Integration>, StorageError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<(IntegrationRow, String)> = run!(self, |c| integrations::table
            .inner_join(sites::table)
            .filter(integrations::id.eq_any(&ids))
            .select((IntegrationRow::as_select(), sites::name))
            .load(c)
            .await)?;
        let places: HashMap<i64, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let found = rows.into_iter().map(|(row, name)| row.with_site_name(name));
        let mut found = found.collect::<Result<Vec<_>, _>>()?;
        found.sort_by_key(|integration| places.get(&integration.id.get()).copied());
        Ok(found)
    }

    /// Writes down what each linked content is, but for those whose post is to be found again at the site that the
    /// integration goes back to.
    async fn keep_former_links(
        &mut self,
        integration: &Integration,
        back_to: Option<&str>,
    ) -> Result<(), StorageError> {
        let identity = integration.site_url.identity();
        change!(self, |c| diesel::update(contents::table)
            .filter(contents::account_id.eq(integration.account_id.get()))
            .filter(contents::link_integration_id.eq(integration.id.get()))
            .filter(
                contents::former_identity
                    .is_null()
                    .or(contents::former_identity.ne(back_to.unwrap_or_default()))
            )
            .set((
                contents::former_identity.eq(identity.as_str()),
                contents::former_integration_id.eq(contents::link_integration_id),
                contents::former_external_id.eq(contents::external_id),
                contents::former_external_url.eq(contents::external_url),
                contents::former_external_status.eq(contents::external_status),
                contents::former_external_modified_at.eq(contents::external_modified_at),
                contents::former_external_sequence.eq(contents::external_sequence),
                contents::former_external_version.eq(contents::external_version),
                contents::former_base.eq(contents::base),
            ))
            .execute(c)
            .await)?;
        Ok(())
    }

    /// What [`Content::settle`] would derive for a content with no link, conflict, failure and wish to be pulled
    /// depends on its status and deletion alone.
    ///
    /// [`Content::settle`]: igny8_integration_domain::content::Content::settle
    async fn drop_links(&mut self, integration: &Integration, now: Timestamp) -> Result<(), StorageError> {
        let wanting = STATUSES.iter().filter(|status| status.wants_a_post());
        let wanting: Vec<&str> = wanting.map(|status| status.as_str()).collect();
        change!(self, |c| diesel::update(contents::table)
            .filter(contents::account_id.eq(integration.account_id.get()))
            .filter(contents::link_integration_id.eq(integration.id.get()))
            .set((
                (
                    contents::link_integration_id.eq(None::<i64>),
                    contents::external_id.eq(None::<String>),
                    contents::external_url.eq(None::<String>),
                    contents::external_status.eq(None::<String>),
                    contents::external_modified_at.eq(None::<At>),
                    contents::external_sequence.eq(None::<i64>),
                    contents::external_version.eq(None::<String>),
                    contents::base.eq(None::<JsonText>),
                ),
                (
                    contents::conflict.eq(None::<JsonText>),
                    contents::intent.eq(None::<JsonText>),
                    contents::failure.eq(None::<JsonText>),
                    contents::failure_parked.eq(false),
                    contents::pull_wanted.eq(false),
                    contents::sync_state.eq(case_when(
                        contents::deleted_at.is_null().and(contents::status.eq_any(&wanting)),
                        SyncState::PendingPush.as_str().into_sql::<Text>(),
                    )
                    .otherwise(SyncState::Unlinked.as_str().into_sql::<Text>())),
                    contents::version.eq(contents::version + 1),
                    contents::updated_at.eq(At(now)),
                ),
            ))
            .execute(c)
            .await)?;
        Ok(())
    }
}
