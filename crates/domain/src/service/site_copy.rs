//! A copy of a site has its key too, and believes that it is the site: what it tells is known by where it is told from.

use crate::integration::{Integration, SiteUrl};
use crate::ports::storage::{StorageError, UnitOfWork};
use crate::time::Timestamp;

/// What it is called in events, counters and verdicts.
pub(crate) const SITE_COPY: &str = "site_copy";

/// More of an address than anybody reads.
const MOST_SHOWN: usize = 200;

/// The sender's address, where it is not the integration's. Scheme, `www.` and letter case of the host make no other
/// site; one that says no address is believed.
pub(crate) fn other_address(integration: &Integration, told: Option<&SiteUrl>) -> Option<String> {
    told.map(SiteUrl::identity).filter(|told| *told != integration.site_url.identity())
}

/// Counts it, so that the connection's verdict shows it.
pub(crate) async fn count_copy(
    uow: &mut dyn UnitOfWork,
    integration: &Integration,
    address: &str,
    now: Timestamp,
) -> Result<(), StorageError> {
    let shown: String = address.chars().take(MOST_SHOWN).collect();
    uow.count_webhook(integration.account_id, integration.site_id, SITE_COPY, Some(&shown), now).await
}
