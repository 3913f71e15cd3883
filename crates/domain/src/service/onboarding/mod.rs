//! A site connects itself: its plugin says who it is, is called back, and proves it.

mod admission;
mod record;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use record::{Recorded, Tested};
use secrecy::SecretString;

use crate::account::Caller;
use crate::id::{IntegrationId, SiteId};
use crate::integration::{PlatformName, SiteUrl, judge_key};
use crate::ports::platform::{Check, OnboardingChallenge, Platforms};
use crate::ports::storage::Storage;
use crate::ports::{Clock, CredentialCipher, Random};
use crate::service::race::retrying;
use crate::service::{Conflict, ServiceError};
use crate::validation::ValidationErrors;

/// Connects sites that ask for it.
pub struct OnboardingService {
    storage: Arc<dyn Storage>,
    platforms: Platforms,
    cipher: Arc<dyn CredentialCipher>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    schedule: Option<TimeDelta>,
}

/// What a site says of itself.
#[derive(Clone, Debug)]
pub struct OnboardSite {
    /// Which one it is.
    pub site_id: SiteId,
    /// The key it holds.
    pub api_key: SecretString,
    /// Where it answers.
    pub site_url: SiteUrl,
}

/// A site that is connected now.
#[derive(Clone, Debug)]
pub struct Onboarded {
    /// Its integration.
    pub integration_id: IntegrationId,
    /// Whether it was made just now.
    pub created: bool,
    /// For a person.
    pub message: String,
    /// Each check that ran.
    pub checks: Vec<Check>,
    /// What the plugin signs its deliveries with; only for who holds the site's key.
    pub webhook_secret: Option<SecretString>,
}

impl OnboardingService {
    /// A new one. `schedule` is how often an integration is synced by itself, none for never.
    pub fn new(
        storage: Arc<dyn Storage>,
        platforms: Platforms,
        cipher: Arc<dyn CredentialCipher>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        schedule: Option<TimeDelta>,
    ) -> Self {
        Self { storage, platforms, cipher, clock, random, schedule }
    }

    /// Connects a site once its plugin has proved that it holds the key. `caller` is who is signed in, if anybody.
    ///
    /// Until the proof nothing is stored. Safe to repeat, and at once: one at most says `created`.
    /// [`ServiceError::ApiKeyMismatch`] and [`ServiceError::ConnectionFailed`] leave every row as it was.
    pub async fn onboard(
        &self,
        caller: Option<&Caller>,
        command: &OnboardSite,
    ) -> Result<Onboarded, ServiceError> {
        judge_key("api_key", &command.api_key).map_err(ValidationErrors::from)?;
        self.admit(&mut *self.storage.read().await?, caller, command).await?;
        let platform =
            self.platforms.find(PlatformName::Wordpress).ok_or(ServiceError::PlatformNotSupported)?;
        let began = self.clock.now();
        let report = platform.prove_and_test(&self.challenge(command)).await;
        let tested = Tested { report: &report, began, ended: self.clock.now() };
        match retrying!(self.record(caller, command, &tested))? {
            Recorded::Connected(onboarded) => Ok(onboarded),
            Recorded::Moved => Err(Conflict::SiteMoved.into()),
            Recorded::Failed => Err(ServiceError::ConnectionFailed(Box::new(report))),
        }
    }

    fn challenge(&self, command: &OnboardSite) -> OnboardingChallenge {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes);
        OnboardingChallenge {
            site_id: command.site_id,
            site_url: command.site_url.clone(),
            api_key: command.api_key.clone(),
            nonce: URL_SAFE_NO_PAD.encode(bytes),
        }
    }
}
