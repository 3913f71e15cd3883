//! Deliveries, their numbers, and single pulls.

use diesel::prelude::{Insertable, Queryable, Selectable};
use igny8_integration_domain::ports::storage::{PendingPull, StorageError, StoredDelivery, WebhookCounter};

use super::{maybe_number, number, stored_count};
use crate::schema::{deliveries, pulls, webhook_counters};
use crate::types::At;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
pub struct DeliveryRow {
    account_id: i64,
    site_id: i64,
    key: String,
    event_id: Option<i64>,
    content_id: Option<i64>,
    received_at: At,
}

impl From<&StoredDelivery> for DeliveryRow {
    fn from(delivery: &StoredDelivery) -> Self {
        Self {
            account_id: delivery.account_id.get(),
            site_id: delivery.site_id.get(),
            key: delivery.key.clone(),
            event_id: delivery.event_id.map(Into::into),
            content_id: delivery.content_id.map(Into::into),
            received_at: At(delivery.received_at),
        }
    }
}

impl TryFrom<DeliveryRow> for StoredDelivery {
    type Error = StorageError;

    fn try_from(row: DeliveryRow) -> Result<Self, StorageError> {
        Ok(Self {
            account_id: number(row.account_id, "deliveries.account_id")?,
            site_id: number(row.site_id, "deliveries.site_id")?,
            key: row.key,
            event_id: maybe_number(row.event_id, "deliveries.event_id")?,
            content_id: maybe_number(row.content_id, "deliveries.content_id")?,
            received_at: row.received_at.0,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_counters)]
pub struct CounterRow {
    kind: String,
    count: i64,
    last_at: At,
    note: Option<String>,
}

impl From<CounterRow> for WebhookCounter {
    fn from(row: CounterRow) -> Self {
        Self { kind: row.kind, count: row.count, last_at: row.last_at.0, note: row.note }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = pulls, treat_none_as_default_value = false)]
pub struct PullRow {
    account_id: i64,
    site_id: i64,
    integration_id: i64,
    external_id: String,
    content_type: String,
    wanted_at: At,
    tries: i64,
    due_at: At,
}

impl From<&PendingPull> for PullRow {
    fn from(pull: &PendingPull) -> Self {
        Self {
            account_id: pull.account_id.get(),
            site_id: pull.site_id.get(),
            integration_id: pull.integration_id.get(),
            external_id: pull.external_id.clone(),
            content_type: pull.content_type.clone(),
            wanted_at: At(pull.wanted_at),
            tries: stored_count(pull.tries.into()),
            due_at: At(pull.due_at),
        }
    }
}

impl TryFrom<PullRow> for PendingPull {
    type Error = StorageError;

    fn try_from(row: PullRow) -> Result<Self, StorageError> {
        Ok(Self {
            account_id: number(row.account_id, "pulls.account_id")?,
            site_id: number(row.site_id, "pulls.site_id")?,
            integration_id: number(row.integration_id, "pulls.integration_id")?,
            external_id: row.external_id,
            content_type: row.content_type,
            wanted_at: row.wanted_at.0,
            tries: number(row.tries, "pulls.tries")?,
            due_at: row.due_at.0,
        })
    }
}
