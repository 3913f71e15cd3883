//! The tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::pull::OpenPull;
use super::receipt::Row;
use super::webhook::SiteKeyUse;
use crate::account::{Account, Site, SiteKey, User, WebhookSecret};
use crate::content::Content;
use crate::event::SyncEvent;
use crate::id::{AccountId, ContentId, EventId, IntegrationId, InvalidId, RunId, SiteId, SiteKeyId, UserId};
use crate::integration::Integration;
use crate::ports::storage::{
    Cursor, CursorPage, Page, PageRequest, ReceiptKey, StorageError, StoredDelivery, WebhookCounter,
};
use crate::sync::SyncRun;
use crate::time::Timestamp;

/// Everything there is, by id.
#[derive(Clone, Default)]
pub(super) struct State {
    pub(super) accounts: BTreeMap<AccountId, Account>,
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) memberships: BTreeSet<(UserId, SiteId)>,
    pub(super) sites: BTreeMap<SiteId, Site>,
    pub(super) site_keys: BTreeMap<SiteKeyId, SiteKey>,
    pub(super) webhook_secrets: BTreeMap<(SiteId, Timestamp), WebhookSecret>,
    pub(super) integrations: BTreeMap<IntegrationId, Arc<Integration>>,
    pub(super) contents: BTreeMap<ContentId, Arc<Content>>,
    pub(super) runs: BTreeMap<RunId, Arc<SyncRun>>,
    pub(super) events: BTreeMap<EventId, Arc<SyncEvent>>,
    pub(super) receipts: BTreeMap<ReceiptKey, Row>,
    pub(super) deliveries: BTreeMap<(SiteId, String), StoredDelivery>,
    pub(super) webhook_counters: BTreeMap<(SiteId, String), WebhookCounter>,
    pub(super) sequences: BTreeMap<SiteId, i64>,
    pub(super) site_key_uses: BTreeMap<SiteKeyId, SiteKeyUse>,
    pub(super) pulls: BTreeMap<(IntegrationId, String), OpenPull>,
    last_ids: BTreeMap<Table, i64>,
}

/// What ids are counted by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Accounts,
    Users,
    Sites,
    SiteKeys,
    Integrations,
    Contents,
    Runs,
    Events,
}

impl State {
    /// The next id of a table; never one that was there before.
    pub(super) fn next_id<Id>(&mut self, table: Table) -> Result<Id, StorageError>
    where
        Id: TryFrom<i64, Error = InvalidId>,
    {
        let last = self.last_ids.entry(table).or_default();
        *last += 1;
        Id::try_from(*last).map_err(|error| StorageError::Other(error.into()))
    }

    /// Refuses a row whose account is not there, as a foreign key does.
    pub(super) fn require_account(&self, id: AccountId) -> Result<(), StorageError> {
        present(self.accounts.contains_key(&id), "account")
    }

    /// Refuses a row whose account or site is not there.
    pub(super) fn require_site(&self, account: AccountId, site: SiteId) -> Result<(), StorageError> {
        self.require_account(account)?;
        present(self.sites.contains_key(&site), "site")
    }

    /// Refuses a row whose integration is not there.
    pub(super) fn require_integration(&self, id: IntegrationId) -> Result<(), StorageError> {
        present(self.integrations.contains_key(&id), "integration")
    }
}

fn present(there: bool, what: &str) -> Result<(), StorageError> {
    if there { Ok(()) } else { Err(StorageError::Other(anyhow::anyhow!("the row's {what} is not there"))) }
}

/// Whether `text` holds `search`, literally, whatever the letter case.
pub(super) fn holds_text(text: &str, search: &str) -> bool {
    text.to_lowercase().contains(&search.to_lowercase())
}

/// One page of `rows` and how many there are in all.
pub(super) fn page_of<T>(rows: Vec<T>, page: PageRequest) -> Page<T> {
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let size = usize::try_from(page.page_size).unwrap_or(usize::MAX);
    Page { items: rows.into_iter().skip(offset).take(size).collect(), count }
}

/// At most `limit` rows.
pub(super) fn at_most<T>(rows: impl Iterator<Item = T>, limit: u32) -> Vec<T> {
    rows.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect()
}

/// The rows around a place. `rows` are all that pass the filter, ids ascending.
pub(super) fn cursor_page<T>(rows: &[T], id: impl Fn(&T) -> i64, cursor: Cursor, limit: u32) -> CursorPage<T>
where
    T: Clone,
{
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let (from, to) = match cursor {
        Cursor::Newest => (rows.len().saturating_sub(size), rows.len()),
        Cursor::OlderThan(place) => {
            let to = rows.partition_point(|row| id(row) < place);
            (to.saturating_sub(size), to)
        }
        Cursor::NewerThan(place) => {
            let from = rows.partition_point(|row| id(row) <= place);
            (from, rows.len().min(from.saturating_add(size)))
        }
    };
    let items = rows.iter().take(to).skip(from).rev().cloned().collect();
    CursorPage { items, has_newer: to < rows.len(), has_older: from > 0 }
}
