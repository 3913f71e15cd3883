//! Rows as the database has them, and how they become entities: what can't be an entity is `Corrupt`.

mod account;
mod content;
mod event;
mod integration;
mod receipt;
mod run;
mod site;
mod webhook;

use igny8_integration_domain::event::{Actor, ActorKind};
use igny8_integration_domain::ports::storage::StorageError;

pub use account::{AccountRow, NewAccountRow, NewUserRow, UserRow};
pub use content::{ContentColumns, ContentRow, NewContentRow};
pub use event::{EventRow, NewEventRow};
pub use integration::{IntegrationColumns, IntegrationRow, NewIntegrationRow};
pub use receipt::{NewReceiptRow, ReceiptRow};
pub use run::{NewRunRow, RunColumns, RunRow};
pub use site::{NewSiteKeyRow, NewSiteRow, SiteKeyRow, SiteRow, WebhookSecretRow};
pub use webhook::{CounterRow, DeliveryRow, PullRow};

/// An id or another number that its column holds.
pub fn number<T>(value: i64, place: &'static str) -> Result<T, StorageError>
where
    T: TryFrom<i64>,
{
    T::try_from(value).map_err(|_| corrupt(place, &value))
}

/// A number that may be absent.
fn maybe_number<T>(value: Option<i64>, place: &'static str) -> Result<Option<T>, StorageError>
where
    T: TryFrom<i64>,
{
    value.map(|value| number(value, place)).transpose()
}

/// One of a closed list of words.
fn word<T>(
    text: &str,
    from_word: impl FnOnce(&str) -> Option<T>,
    place: &'static str,
) -> Result<T, StorageError> {
    from_word(text).ok_or_else(|| corrupt(place, &text))
}

/// What must be there because something else is.
fn present<T>(value: Option<T>, place: &'static str) -> Result<T, StorageError> {
    value.ok_or_else(|| corrupt(place, &"nothing"))
}

/// A count as its column holds it.
pub fn stored_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn actor(kind: &str, id: Option<i64>, place: &'static str) -> Result<Actor, StorageError> {
    Ok(Actor { kind: word(kind, ActorKind::from_word, place)?, id })
}

pub fn corrupt(place: &str, value: &dyn std::fmt::Display) -> StorageError {
    StorageError::Corrupt(format!("{place}: {value}"))
}
