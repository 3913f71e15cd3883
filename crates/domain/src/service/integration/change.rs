//! What follows from a change of an integration.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{IntegrationService, UNREADABLE, plan_next_sync};
use crate::integration::{ConflictPolicy, Credentials, Integration, SiteUrl, SyncMemory};
use crate::time::Timestamp;

/// How an integration is to be.
pub(super) struct Wanted {
    pub site_url: SiteUrl,
    /// None leaves them as they are, readable or not.
    pub credentials: Option<Credentials>,
    pub is_active: bool,
    pub sync_enabled: bool,
    pub conflict_policy: ConflictPolicy,
}

impl IntegrationService {
    /// Makes it so, and names what is not as before.
    pub(super) fn apply(
        &self,
        integration: &mut Integration,
        wanted: Wanted,
        now: Timestamp,
    ) -> Vec<&'static str> {
        let mut changed = Vec::new();
        if integration.site_url != wanted.site_url {
            move_to(integration, wanted.site_url);
            changed.push("site_url");
        }
        if let Some(credentials) = wanted.credentials
            && !self.holds(integration, &credentials)
        {
            integration.credentials = credentials.seal(&*self.cipher, integration);
            integration.platform_state = Value::Null;
            if integration.sync_error.as_ref().is_some_and(|error| error.code == UNREADABLE) {
                integration.sync_error = None;
            }
            changed.push("credentials");
        }
        set(&mut integration.is_active, wanted.is_active, "is_active", &mut changed);
        set(&mut integration.sync_enabled, wanted.sync_enabled, "sync_enabled", &mut changed);
        set(&mut integration.conflict_policy, wanted.conflict_policy, "conflict_policy", &mut changed);
        plan_next_sync(integration, self.schedule, now);
        integration.updated_at = now;
        changed
    }

    fn holds(&self, integration: &Integration, credentials: &Credentials) -> bool {
        Credentials::open(&*self.cipher, integration).is_ok_and(|held| are_same(&held, credentials))
    }
}

/// What the adapter remembers is of the old address. What pulling remembers stays with the site, however its address
/// is spelt.
fn move_to(integration: &mut Integration, site_url: SiteUrl) {
    if integration.site_url.identity() != site_url.identity() {
        integration.memory = SyncMemory::default();
    }
    integration.platform_state = Value::Null;
    integration.site_url = site_url;
}

fn set<T: PartialEq>(held: &mut T, wanted: T, name: &'static str, changed: &mut Vec<&'static str>) {
    if *held != wanted {
        *held = wanted;
        changed.push(name);
    }
}

/// Whether both open a site in the same way.
pub(crate) fn are_same(a: &Credentials, b: &Credentials) -> bool {
    let same = |a: &Option<SecretString>, b: &Option<SecretString>| {
        a.as_ref().map(ExposeSecret::expose_secret) == b.as_ref().map(ExposeSecret::expose_secret)
    };
    a.username == b.username
        && same(&a.api_key, &b.api_key)
        && same(&a.application_password, &b.application_password)
}
