//! History.

use async_trait::async_trait;
use diesel::prelude::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _};
use diesel::{QueryResult, SelectableHelper as _};
use diesel_async::RunQueryDsl;
use igny8_integration_domain::event::{NewEvent, SyncEvent};
use igny8_integration_domain::id::EventId;
use igny8_integration_domain::ports::storage::{
    Cursor, CursorPage, EventFilter, EventRepository, StorageError,
};
use igny8_integration_domain::time::Timestamp;

use super::paging::{one_more, page_around};
use crate::conn::DbConn;
#[cfg(feature = "postgres")]
use crate::conn::PgConn;
#[cfg(feature = "sqlite")]
use crate::conn::SqliteConn;
use crate::rows::{EventRow, NewEventRow, number};
use crate::schema::{events, integrations};
use crate::types::At;
use crate::unit::{DieselUnitOfWork, change, run};

/// How many lines go into one statement: PostgreSQL takes 65,535 values and no more.
const BATCH: usize = 1000;

/// What passes the filter, for one backend. The account finds the index; without it (the integration is deleted)
/// everything is read.
macro_rules! filtered {
    ($filter:expr, $account:expr, $db:ty) => {{
        let filter: &EventFilter = $filter;
        let mut query =
            events::table.filter(events::integration_id.eq(filter.integration_id.get())).into_boxed::<$db>();
        if let Some(account) = $account {
            query = query.filter(events::account_id.eq(account));
        }
        if let Some(event_type) = filter.event_type {
            query = query.filter(events::event_type.eq(event_type.as_str()));
        }
        if let Some(action) = filter.action {
            query = query.filter(events::action.eq(action.as_str()));
        }
        if let Some(success) = filter.success {
            query = query.filter(events::success.eq(success));
        }
        if let Some(content) = filter.content_id {
            query = query.filter(events::content_id.eq(content.get()));
        }
        if let Some(run) = filter.run_id {
            query = query.filter(events::run_id.eq(run.get()));
        }
        if let Some(since) = filter.since {
            query = query.filter(events::created_at.ge(At(since)));
        }
        if let Some(until) = filter.until {
            query = query.filter(events::created_at.lt(At(until)));
        }
        query
    }};
}

/// Inserts lines in order. On SQLite a statement costs no round trip, and diesel has none for many rows there.
async fn insert_batch(conn: &mut DbConn, rows: &[NewEventRow]) -> QueryResult<Vec<i64>> {
    match conn {
        #[cfg(feature = "postgres")]
        DbConn::Postgres(object) => {
            let connection: &mut PgConn = object;
            let mut ids: Vec<i64> = diesel::insert_into(events::table)
                .values(rows)
                .returning(events::id)
                .get_results(connection)
                .await?;
            // Given in the order of the lines, but they may be returned in any.
            ids.sort_unstable();
            Ok(ids)
        }
        #[cfg(feature = "sqlite")]
        DbConn::Sqlite(object) => {
            let mut ids = Vec::with_capacity(rows.len());
            for row in rows {
                let connection: &mut SqliteConn = object;
                let insert = diesel::insert_into(events::table).values(row).returning(events::id);
                ids.push(insert.get_result(connection).await?);
            }
            Ok(ids)
        }
    }
}

#[async_trait]
impl EventRepository for DieselUnitOfWork {
    async fn insert_events(&mut self, events: &[NewEvent]) -> Result<Vec<EventId>, StorageError> {
        let mut ids = Vec::with_capacity(events.len());
        for batch in events.chunks(BATCH) {
            let rows = batch.iter().map(NewEventRow::new).collect::<Result<Vec<_>, _>>()?;
            self.require_writer()?;
            let stored = insert_batch(self.start_statement()?, &rows).await;
            ids.extend(self.end_statement(stored)?);
        }
        ids.into_iter().map(|id| number(id, "events.id")).collect()
    }

    async fn list_events(
        &mut self,
        filter: &EventFilter,
        cursor: Cursor,
        limit: u32,
    ) -> Result<CursorPage<SyncEvent>, StorageError> {
        let account: Option<i64> = run!(self, |c| integrations::table
            .find(filter.integration_id.get())
            .select(integrations::account_id)
            .get_result(c)
            .await
            .optional())?;
        let rows: Vec<EventRow> = run!(self, |c, Db| {
            let query = filtered!(filter, account, Db).limit(one_more(limit));
            let query = match cursor {
                Cursor::Newest => query.order(events::id.desc()),
                Cursor::OlderThan(id) => query.filter(events::id.lt(id)).order(events::id.desc()),
                Cursor::NewerThan(id) => query.filter(events::id.gt(id)).order(events::id.asc()),
            };
            query.select(EventRow::as_select()).load(c).await
        })?;
        let behind = self.has_events_behind(filter, account, cursor).await?;
        let page = page_around(rows, cursor, limit, behind);
        let items = page.items.into_iter().map(SyncEvent::try_from).collect::<Result<_, _>>()?;
        Ok(CursorPage { items, has_newer: page.has_newer, has_older: page.has_older })
    }

    async fn purge_events(&mut self, before: Timestamp, limit: u32) -> Result<u64, StorageError> {
        // Ids grow with time: what is old is at the beginning, and nothing else is read.
        let oldest: Vec<(i64, At)> = run!(self, |c| events::table
            .order(events::id)
            .limit(limit.into())
            .select((events::id, events::created_at))
            .load(c)
            .await)?;
        let old: Vec<i64> = oldest.into_iter().filter(|(_, at)| at.0 < before).map(|(id, _)| id).collect();
        let deleted = change!(self, |c| diesel::delete(events::table)
            .filter(events::id.eq_any(&old))
            .execute(c)
            .await)?;
        Ok(deleted as u64)
    }
}

impl DieselUnitOfWork {
    /// Whether lines are at the place or on its other side.
    async fn has_events_behind(
        &mut self,
        filter: &EventFilter,
        account: Option<i64>,
        cursor: Cursor,
    ) -> Result<bool, StorageError> {
        let found: Option<i64> = run!(self, |c, Db| {
            let query = filtered!(filter, account, Db).limit(1).select(events::id);
            match cursor {
                Cursor::Newest => Ok(None),
                Cursor::OlderThan(id) => query.filter(events::id.ge(id)).get_result(c).await.optional(),
                Cursor::NewerThan(id) => query.filter(events::id.le(id)).get_result(c).await.optional(),
            }
        })?;
        Ok(found.is_some())
    }
}
