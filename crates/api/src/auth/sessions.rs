//! Callers by what they proved, remembered for a moment: a burst of requests asks the store once.

use std::sync::Arc;
use std::time::Duration;

use igny8_integration_domain::account::Caller;
use igny8_integration_domain::id::UserId;
use igny8_integration_domain::service::{SessionError, SessionService};
use moka::future::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

/// How long a caller is remembered. The contract allows 5 s; a switched-off person should be out sooner.
const REMEMBERED: Duration = Duration::from_secs(2);

/// More callers than this in two seconds are looked up each time.
const CAPACITY: u64 = 10_000;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Proof {
    User(UserId),
    /// SHA-256 of the key: the key itself is not kept.
    SiteKey([u8; 32]),
}

/// The domain's sessions behind a short cache. Refusals are not remembered.
pub struct Sessions {
    service: Arc<SessionService>,
    callers: Cache<Proof, Caller>,
}

impl Sessions {
    pub fn new(service: Arc<SessionService>) -> Self {
        let callers = Cache::builder().max_capacity(CAPACITY).time_to_live(REMEMBERED).build();
        Self { service, callers }
    }

    pub async fn user(&self, id: UserId) -> Result<Caller, Arc<SessionError>> {
        self.callers.try_get_with(Proof::User(id), self.service.user_caller(id)).await
    }

    pub async fn site_key(&self, key: &SecretString) -> Result<Caller, Arc<SessionError>> {
        let hash = Sha256::digest(key.expose_secret().as_bytes()).into();
        self.callers.try_get_with(Proof::SiteKey(hash), self.service.site_key_caller(key)).await
    }
}
