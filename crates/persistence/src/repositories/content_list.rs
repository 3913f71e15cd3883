//! Contents: lists and counts.

use std::collections::BTreeMap;

use diesel::SelectableHelper as _;
use diesel::dsl::count_star;
use diesel::prelude::{
    BoolExpressionMethods as _, EscapeExpressionMethods as _, ExpressionMethods as _,
    NullableExpressionMethods as _, QueryDsl as _, Queryable, Selectable, TextExpressionMethods as _,
};
use diesel_async::RunQueryDsl;
use igny8_integration_domain::content::{Content, GONE, SyncState};
use igny8_integration_domain::id::{ContentId, IntegrationId, SiteId};
use igny8_integration_domain::ports::storage::{
    ContentFilter, ContentTotals, LinkStamp, Page, PageRequest, PendingQuery, StorageError,
};

use super::raw;
use crate::rows::{corrupt, number};
use crate::schema::{contents, integrations, sites};
use crate::search::pattern;
use crate::types::At;
use crate::unit::{DieselUnitOfWork, run};

/// What passes the filter, for one backend.
macro_rules! filtered {
    ($filter:expr, $db:ty) => {{
        let filter: &ContentFilter = $filter;
        let mut query = contents::table.into_boxed::<$db>();
        query = if filter.deleted {
            query.filter(contents::deleted_at.is_not_null())
        } else {
            query.filter(contents::deleted_at.is_null())
        };
        if let Some(account) = filter.account_id {
            query = query.filter(contents::account_id.eq(account.get()));
        }
        if let Some(reachable) = &filter.reachable_sites {
            query = query.filter(contents::site_id.eq_any(raw(reachable)));
        }
        if let Some(site) = filter.site_id {
            query = query.filter(contents::site_id.eq(site.get()));
        }
        if let Some(status) = filter.status {
            query = query.filter(contents::status.eq(status.as_str()));
        }
        if let Some(content_type) = &filter.content_type {
            query = query.filter(contents::content_type.eq(content_type));
        }
        if let Some(state) = filter.sync_state {
            query = query.filter(contents::sync_state.eq(state.as_str()));
        }
        if let Some(external_id) = &filter.external_id {
            query = query.filter(contents::external_id.eq(external_id));
        }
        if let Some(search) = &filter.search {
            let pattern = pattern(search);
            query = query.filter(
                contents::title_search
                    .like(pattern.clone())
                    .escape('\\')
                    .or(contents::slug_search.like(pattern).escape('\\')),
            );
        }
        query
    }};
}

/// The account of a site, inside another query: indexes begin with it.
macro_rules! account_of_site {
    ($site:expr) => {
        sites::table.find($site.get()).select(sites::account_id).single_value()
    };
}

/// Those of a type that are posts and not gone.
macro_rules! live_links {
    ($integration:expr, $content_type:expr) => {
        contents::table
            .filter(contents::account_id.nullable().eq(
                integrations::table.find($integration.get()).select(integrations::account_id).single_value(),
            ))
            .filter(contents::link_integration_id.eq($integration.get()))
            .filter(contents::content_type.eq($content_type))
            .filter(contents::external_status.ne(GONE))
    };
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = contents)]
struct StampRow {
    id: i64,
    external_id: Option<String>,
    external_status: Option<String>,
    external_modified_at: Option<At>,
    title: String,
}

impl TryFrom<StampRow> for LinkStamp {
    type Error = StorageError;

    fn try_from(row: StampRow) -> Result<Self, StorageError> {
        Ok(Self {
            content_id: number(row.id, "contents.id")?,
            external_id: row.external_id.unwrap_or_default(),
            external_status: row.external_status.unwrap_or_default(),
            external_modified_at: row.external_modified_at.map(|at| at.0),
            title: row.title,
        })
    }
}

impl DieselUnitOfWork {
    pub(super) async fn page_of_contents(
        &mut self,
        filter: &ContentFilter,
        page: PageRequest,
    ) -> Result<Page<Content>, StorageError> {
        let count: i64 = run!(self, |c, Db| filtered!(filter, Db).count().get_result(c).await)?;
        let ids: Vec<i64> = run!(self, |c, Db| filtered!(filter, Db)
            .order(contents::id)
            .limit(page.page_size.into())
            .offset(page.offset())
            .select(contents::id)
            .load(c)
            .await)?;
        Ok(Page { items: self.contents_by_id(ids).await?, count })
    }

    pub(super) async fn pending_contents(
        &mut self,
        wanted: &PendingQuery,
    ) -> Result<Vec<ContentId>, StorageError> {
        let states: Vec<&str> = wanted.states.iter().map(|state| state.as_str()).collect();
        let ids: Vec<i64> = run!(self, |c, Db| {
            let mut query = contents::table
                .filter(contents::account_id.nullable().eq(account_of_site!(wanted.site_id)))
                .filter(contents::site_id.eq(wanted.site_id.get()))
                .filter(contents::sync_state.eq_any(&states))
                .filter(contents::id.gt(wanted.after.map_or(0, ContentId::get)))
                .into_boxed::<Db>();
            if !wanted.parked {
                query = query.filter(contents::failure_parked.eq(false));
            }
            if let Some(types) = &wanted.content_types {
                query = query.filter(contents::content_type.eq_any(types));
            }
            query.order(contents::id).limit(wanted.limit.into()).select(contents::id).load(c).await
        })?;
        ids.into_iter().map(|id| number(id, "contents.id")).collect()
    }

    pub(super) async fn totals_of_site(&mut self, site: SiteId) -> Result<ContentTotals, StorageError> {
        let mut totals = ContentTotals::default();
        for (_, state, count) in self.counts_of_site(site).await? {
            add(&mut totals, state, count);
        }
        Ok(totals)
    }

    pub(super) async fn totals_by_type(
        &mut self,
        site: SiteId,
    ) -> Result<BTreeMap<String, ContentTotals>, StorageError> {
        let mut totals: BTreeMap<String, ContentTotals> = BTreeMap::new();
        for (content_type, state, count) in self.counts_of_site(site).await? {
            add(totals.entry(content_type).or_default(), state, count);
        }
        Ok(totals)
    }

    /// How many of each type are in each state; deleted ones only while something is left to do.
    async fn counts_of_site(&mut self, site: SiteId) -> Result<Vec<(String, SyncState, i64)>, StorageError> {
        let settled = [SyncState::InSync.as_str(), SyncState::Unlinked.as_str()];
        let counts: Vec<(String, String, i64)> = run!(self, |c| contents::table
            .filter(contents::account_id.nullable().eq(account_of_site!(site)))
            .filter(contents::site_id.eq(site.get()))
            .filter(contents::deleted_at.is_null().or(contents::sync_state.ne_all(settled)))
            .group_by((contents::content_type, contents::sync_state))
            .select((contents::content_type, contents::sync_state, count_star()))
            .load(c)
            .await)?;
        let counts = counts.into_iter().map(|(content_type, word, count)| {
            let state = SyncState::from_word(&word).ok_or_else(|| corrupt("contents.sync_state", &word))?;
            Ok((content_type, state, count))
        });
        counts.collect()
    }

    pub(super) async fn live_links(
        &mut self,
        integration: IntegrationId,
        content_type: &str,
    ) -> Result<i64, StorageError> {
        run!(self, |c| live_links!(integration, content_type).count().get_result(c).await)
    }

    pub(super) async fn link_stamps(
        &mut self,
        integration: IntegrationId,
        content_type: &str,
        after: Option<ContentId>,
        limit: u32,
    ) -> Result<Vec<LinkStamp>, StorageError> {
        let rows: Vec<StampRow> = run!(self, |c| live_links!(integration, content_type)
            .filter(contents::id.gt(after.map_or(0, ContentId::get)))
            .order(contents::id)
            .limit(limit.into())
            .select(StampRow::as_select())
            .load(c)
            .await)?;
        rows.into_iter().map(LinkStamp::try_from).collect()
    }
}

fn add(totals: &mut ContentTotals, state: SyncState, count: i64) {
    totals.contents += count;
    match state {
        SyncState::InSync => totals.in_sync += count,
        SyncState::PendingPush => totals.pending_push += count,
        SyncState::PendingPull => totals.pending_pull += count,
        SyncState::Conflict => totals.conflicts += count,
        SyncState::Failed => totals.failed += count,
        SyncState::Unlinked => {}
    }
}
