//! Integrations: lists.

use diesel::dsl::{exists, not};
use diesel::prelude::{
    BoolExpressionMethods as _, EscapeExpressionMethods as _, ExpressionMethods as _, QueryDsl as _,
    TextExpressionMethods as _,
};
use diesel_async::RunQueryDsl;
use igny8_integration_domain::integration::{Integration, PlatformName};
use igny8_integration_domain::ports::storage::{
    IntegrationFilter, IntegrationOrder, Page, PageRequest, StorageError,
};
use igny8_integration_domain::time::Timestamp;

use super::raw;
use crate::schema::{integrations, runs, sites};
use crate::search::pattern;
use crate::types::At;
use crate::unit::{DieselUnitOfWork, run};

/// What passes the filter, for one backend.
macro_rules! filtered {
    ($filter:expr, $db:ty) => {{
        let filter: &IntegrationFilter = $filter;
        let mut query = integrations::table.inner_join(sites::table).into_boxed::<$db>();
        if let Some(account) = filter.account_id {
            query = query.filter(integrations::account_id.eq(account.get()));
        }
        if let Some(reachable) = &filter.reachable_sites {
            query = query.filter(integrations::site_id.eq_any(raw(reachable)));
        }
        if let Some(site) = filter.site_id {
            query = query.filter(integrations::site_id.eq(site.get()));
        }
        if let Some(platform) = filter.platform {
            query = query.filter(integrations::platform.eq(platform.as_str()));
        }
        if let Some(is_active) = filter.is_active {
            query = query.filter(integrations::is_active.eq(is_active));
        }
        if let Some(status) = filter.sync_status {
            query = query.filter(integrations::sync_status.eq(status.as_str()));
        }
        if let Some(search) = &filter.search {
            let pattern = pattern(search);
            query = query.filter(
                sites::name_search
                    .like(pattern.clone())
                    .escape('\\')
                    .or(integrations::site_url_search.like(pattern).escape('\\')),
            );
        }
        query
    }};
}

/// The order asked for. "Never" is a NULL, which the databases put at different ends, so it is ordered by itself.
macro_rules! ordered {
    ($query:expr, $filter:expr) => {{
        use integrations::{created_at, id, last_sync_at};
        let query = $query;
        match ($filter.order, $filter.descending) {
            (IntegrationOrder::Id, false) => query.order(id.asc()),
            (IntegrationOrder::Id, true) => query.order(id.desc()),
            (IntegrationOrder::CreatedAt, false) => query.order((created_at.asc(), id.asc())),
            (IntegrationOrder::CreatedAt, true) => query.order((created_at.desc(), id.desc())),
            (IntegrationOrder::LastSyncAt, false) => {
                query.order((last_sync_at.is_null().desc(), last_sync_at.asc(), id.asc()))
            }
            (IntegrationOrder::LastSyncAt, true) => {
                query.order((last_sync_at.is_null().asc(), last_sync_at.desc(), id.desc()))
            }
        }
    }};
}

impl DieselUnitOfWork {
    pub(super) async fn page_of_integrations(
        &mut self,
        filter: &IntegrationFilter,
        page: PageRequest,
    ) -> Result<Page<Integration>, StorageError> {
        let count: i64 = run!(self, |c, Db| filtered!(filter, Db).count().get_result(c).await)?;
        let ids = run!(self, |c, Db| ordered!(filtered!(filter, Db), filter)
            .limit(page.page_size.into())
            .offset(page.offset())
            .select(integrations::id)
            .load(c)
            .await)?;
        Ok(Page { items: self.integrations_by_id(ids).await?, count })
    }

    pub(super) async fn due_integrations(
        &mut self,
        platforms: &[PlatformName],
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Integration>, StorageError> {
        let platforms: Vec<&str> = platforms.iter().map(|platform| platform.as_str()).collect();
        let ids = run!(self, |c| integrations::table
            .filter(integrations::is_active)
            .filter(integrations::sync_enabled)
            .filter(integrations::next_sync_at.le(At(now)))
            .filter(integrations::platform.eq_any(&platforms))
            .filter(not(exists(
                runs::table
                    .filter(runs::account_id.eq(integrations::account_id))
                    .filter(runs::integration_id.eq(integrations::id))
                    .filter(runs::active),
            )))
            .order((integrations::next_sync_at, integrations::id))
            .limit(limit.into())
            .select(integrations::id)
            .load(c)
            .await)?;
        self.integrations_by_id(ids).await
    }
}
