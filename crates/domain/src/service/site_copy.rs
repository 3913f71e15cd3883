//! A copy of a site has its key too, and believes that it is the site: what it tells is known by where it is told from.

use crate::integration::{Integration, SiteUrl};
use crate::ports::storage::{StorageError, UnitOfWork};
use crate::time::Timestamp;
use crate::webhook::Reason;

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
    let (account, site, kind) = (integration.account_id, integration.site_id, Reason::SiteCopy.as_str());
    uow.count_webhook(account, site, kind, Some(&shown), now).await
}
