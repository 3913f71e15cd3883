//! What is stored: can every secret be opened, and is nothing from the future?

use chrono::{SecondsFormat, TimeDelta};
use igny8_integration_domain::id::{IntegrationId, SiteId};
use igny8_integration_domain::integration::Credentials;
use igny8_integration_domain::ports::CredentialCipher;
use igny8_integration_domain::ports::storage::{Storage, StorageError};
use igny8_integration_domain::time::Timestamp;

use super::report::Item;

const BATCH: u32 = 500;
/// Nodes' clocks are never quite alike.
const TOLERATED: TimeDelta = TimeDelta::seconds(5);

#[derive(Default)]
struct Seen {
    secrets: usize,
    outdated: usize,
    closed_integrations: Vec<IntegrationId>,
    closed_sites: Vec<SiteId>,
    latest: Option<Timestamp>,
}

pub async fn look(
    storage: &dyn Storage,
    cipher: &dyn CredentialCipher,
    now: Timestamp,
    items: &mut Vec<Item>,
) {
    let mut seen = Seen::default();
    let looked = async {
        integrations(storage, cipher, &mut seen).await?;
        webhook_secrets(storage, cipher, &mut seen).await
    };
    if let Err(error) = looked.await {
        items.push(Item::error(
            "credentials",
            format!("they can't be read: {error}"),
            "Look at the database's log.",
        ));
        return;
    }
    secrets(&seen, items);
    items.push(clock(&seen, now));
}

async fn integrations(
    storage: &dyn Storage,
    cipher: &dyn CredentialCipher,
    seen: &mut Seen,
) -> Result<(), StorageError> {
    let some = async |after| storage.read().await?.list_all_integrations(after, BATCH).await;
    every(
        some,
        |row| row.id,
        |row| {
            seen.count(cipher, &row.credentials.0);
            seen.latest = seen.latest.max(Some(row.updated_at)).max(row.last_sync_at);
            seen.closed_integrations.extend(Credentials::open(cipher, row).is_err().then_some(row.id));
        },
    )
    .await
}

async fn webhook_secrets(
    storage: &dyn Storage,
    cipher: &dyn CredentialCipher,
    seen: &mut Seen,
) -> Result<(), StorageError> {
    let some = async |after| storage.read().await?.list_all_webhook_secrets(after, BATCH).await;
    every(
        some,
        |row| row.site_id,
        |row| {
            seen.count(cipher, &row.sealed);
            seen.closed_sites.extend(row.open(cipher).is_err().then_some(row.site_id));
        },
    )
    .await
}

/// Shows every row, in batches: each begins after the last row of the one before.
async fn every<Row, Id>(
    some: impl AsyncFn(Option<Id>) -> Result<Vec<Row>, StorageError>,
    id: impl Fn(&Row) -> Id,
    mut look: impl FnMut(&Row),
) -> Result<(), StorageError> {
    let mut after = None;
    loop {
        let rows = some(after).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(id(last));
        rows.iter().for_each(&mut look);
    }
}

impl Seen {
    fn count(&mut self, cipher: &dyn CredentialCipher, sealed: &[u8]) {
        self.secrets += 1;
        self.outdated += usize::from(!cipher.is_current(sealed));
    }
}

fn secrets(seen: &Seen, items: &mut Vec<Item>) {
    let named =
        |what: &str, ids: Vec<String>| (!ids.is_empty()).then(|| format!("{what} {}", ids.join(", ")));
    let closed = [
        named("of integrations", seen.closed_integrations.iter().map(ToString::to_string).collect()),
        named("of sites' webhooks", seen.closed_sites.iter().map(ToString::to_string).collect()),
    ];
    let closed: Vec<String> = closed.into_iter().flatten().collect();
    if !closed.is_empty() {
        let fix = "Put back the key that they were stored under (IGNY8_CREDENTIAL_KEYS), or enter these sites' credentials again.";
        items.push(Item::error("credentials", format!("some can't be opened: {}", closed.join("; ")), fix));
    } else if seen.outdated > 0 {
        let detail = format!("{} of {} are under an older key", seen.outdated, seen.secrets);
        items.push(Item::warning("credentials", detail, "Run credentials rotate."));
    } else {
        items.push(Item::ok("credentials", format!("{} stored, each can be opened", seen.secrets)));
    }
}

fn clock(seen: &Seen, now: Timestamp) -> Item {
    let shown = |time: Timestamp| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    match seen.latest.filter(|latest| *latest - now > TOLERATED) {
        Some(latest) => {
            let detail =
                format!("it is {} here, but the database holds a change of {}", shown(now), shown(latest));
            Item::error("clock", detail, "Set the clocks of every node by NTP.")
        }
        None => Item::ok("clock", format!("{}, and no integration was changed later", shown(now))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use igny8_integration_domain::time::Timestamp;

    #[test]
    fn a_change_from_the_future_means_that_a_clock_is_wrong() {
        let now: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        let at = |seconds| Seen { latest: Some(now + TimeDelta::seconds(seconds)), ..Seen::default() };
        let words = |seen: &Seen| format!("{:?}", clock(seen, now));
        assert!(words(&at(60)).contains("Error"));
        assert!(words(&at(2)).contains("Ok") && words(&Seen::default()).contains("Ok"));
    }
}
