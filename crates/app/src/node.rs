//! One node: the adapters, and the use cases over them. Made once for every command that needs the database.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chrono::TimeDelta;
use igny8_integration_api::Services;
use igny8_integration_api::auth::{HsKeys, RemoteKeys, TokenChecker, TokenIssuer, TokenTerms};
use igny8_integration_domain::ports::platform::Platforms;
use igny8_integration_domain::ports::storage::Storage;
use igny8_integration_domain::ports::{Clock, CredentialCipher, Random, RunQueue};
use igny8_integration_domain::service::run::{ExecutorPorts, RunExecutor};
use igny8_integration_domain::service::sync::SyncService;
use igny8_integration_domain::service::{
    AccountService, ConnectionService, ContentService, ContentSyncService, CredentialRotationService,
    HistoryService, IntegrationService, OnboardingService, RetentionService, SessionService,
    SinglePullService, StructureService, SyncHealthService, WebhookService,
};
use igny8_integration_domain::time::Timestamp;
use igny8_integration_wordpress::WordPressPlatform;
use igny8_integration_wordpress::guard::{AddressPolicy, Outbound, OutboundOptions};
use secrecy::SecretString;

use crate::config::{Config, Jwt};
use crate::jwks;
use crate::keys::Keys;
use crate::system::{SystemClock, SystemRandom};
use crate::worker::{self, Forgetter, PullWorker, WakeUps, Worker};

pub struct Node {
    /// Under which it holds runs.
    name: String,
    storage: Arc<dyn Storage>,
    cipher: Arc<dyn CredentialCipher>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    platforms: Platforms,
    policy: Arc<AddressPolicy>,
    wake_ups: WakeUps,
    /// For pulls of single posts.
    pull_wake_ups: WakeUps,
    runs_at_once: usize,
    lease: Duration,
    schedule: Option<TimeDelta>,
    /// How long history is kept.
    retention: Duration,
    sessions: TokenSettings,
}

/// What app sessions are signed with and judged by.
struct TokenSettings {
    secrets: Vec<SecretString>,
    jwks: Option<String>,
    terms: TokenTerms,
}

impl Node {
    pub fn new(config: &Config, keys: Keys, storage: Arc<dyn Storage>) -> anyhow::Result<Self> {
        let policy = Arc::new(AddressPolicy::new(config.outbound.allow.clone(), config.outbound.http));
        let outbound = Outbound::new(Arc::clone(&policy), OutboundOptions::default())?;
        let Jwt { jwks, issuer, audience, .. } = &config.jwt;
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let schedule = config.runs.schedule.map(TimeDelta::from_std).transpose();
        Ok(Self {
            name: name(random.as_ref()),
            storage,
            cipher: Arc::new(keys.credential),
            clock: Arc::clone(&clock),
            random,
            platforms: Platforms::default().with(Arc::new(WordPressPlatform::new(outbound, clock))),
            policy,
            wake_ups: WakeUps::default(),
            pull_wake_ups: WakeUps::default(),
            runs_at_once: config.runs.workers,
            lease: config.runs.lease,
            schedule: schedule.context("IGNY8_SYNC_SCHEDULE")?,
            retention: config.runs.retention,
            sessions: TokenSettings {
                secrets: keys.jwt,
                jwks: jwks.clone(),
                terms: TokenTerms { issuer: issuer.clone(), audience: audience.clone() },
            },
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn lease(&self) -> Duration {
        self.lease
    }

    pub fn storage(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.storage)
    }

    /// The service's own address, which no site may lead to.
    pub fn forbid_calls_to(&self, own: SocketAddr) {
        self.policy.forbid_own(&[own]);
    }

    /// What the API answers with.
    pub fn services(&self) -> Services {
        let (storage, cipher, clock) = (|| self.storage(), || self.cipher(), || self.clock());
        let (platforms, schedule) = (|| self.platforms.clone(), self.schedule);
        Services {
            sessions: Arc::new(self.sessions()),
            integrations: Arc::new(IntegrationService::new(storage(), cipher(), clock(), schedule)),
            connections: Arc::new(ConnectionService::new(storage(), platforms(), cipher(), clock())),
            onboarding: Arc::new(OnboardingService::new(
                storage(),
                platforms(),
                cipher(),
                clock(),
                self.random(),
                schedule,
            )),
            sync: Arc::new(self.sync()),
            content_sync: Arc::new(ContentSyncService::new(storage(), platforms(), cipher(), clock())),
            contents: Arc::new(ContentService::new(storage(), clock())),
            history: Arc::new(HistoryService::new(storage())),
            structures: Arc::new(StructureService::new(storage(), clock())),
            health: Arc::new(SyncHealthService::new(storage(), cipher(), clock(), schedule)),
            webhooks: Arc::new(self.webhooks()),
        }
    }

    pub fn accounts(&self) -> AccountService {
        AccountService::new(self.storage(), self.cipher(), self.clock(), self.random())
    }

    pub fn sessions(&self) -> SessionService {
        SessionService::new(self.storage(), self.clock())
    }

    pub fn rotation(&self) -> CredentialRotationService {
        CredentialRotationService::new(self.storage(), self.cipher())
    }

    pub fn sync(&self) -> SyncService {
        let queue: Arc<dyn RunQueue> = Arc::new(self.wake_ups.clone());
        SyncService::new(self.storage(), self.platforms.clone(), queue, self.clock(), self.schedule)
    }

    fn webhooks(&self) -> WebhookService {
        let queue: Arc<dyn RunQueue> = Arc::new(self.pull_wake_ups.clone());
        WebhookService::new(self.storage(), self.platforms.clone(), self.cipher(), self.clock(), queue)
    }

    pub fn executor(&self) -> anyhow::Result<RunExecutor> {
        let ports = ExecutorPorts {
            storage: self.storage(),
            platforms: self.platforms.clone(),
            cipher: self.cipher(),
            clock: self.clock(),
            random: self.random(),
        };
        let lease = TimeDelta::from_std(self.lease).context("IGNY8_RUN_LEASE")?;
        Ok(RunExecutor::new(ports, lease, self.schedule))
    }

    pub fn worker(&self) -> anyhow::Result<Worker> {
        let pulls =
            SinglePullService::new(self.storage(), self.platforms.clone(), self.cipher(), self.clock());
        let keep = TimeDelta::from_std(self.retention).context("IGNY8_EVENT_RETENTION")?;
        let retention = RetentionService::new(self.storage(), self.clock(), keep);
        Ok(Worker::new(worker::Parts {
            executor: self.executor()?,
            sync: self.sync(),
            pulls: PullWorker::new(pulls, self.pull_wake_ups.clone()),
            forgetter: Forgetter::new(retention, self.retention),
            wake_ups: self.wake_ups.clone(),
            owner: self.name.clone(),
            runs_at_once: self.runs_at_once,
            lease: self.lease,
        }))
    }

    pub fn token_checker(&self) -> anyhow::Result<TokenChecker> {
        let TokenSettings { secrets, jwks, terms } = &self.sessions;
        let remote = match jwks {
            Some(place) => Some(RemoteKeys::new(jwks::source(place)?, terms.clone(), self.clock())),
            None => None,
        };
        Ok(TokenChecker::new(HsKeys::new(secrets, terms)?, remote))
    }

    /// None where HS256 is off.
    pub fn token_issuer(&self) -> anyhow::Result<Option<TokenIssuer>> {
        let TokenSettings { secrets, terms, .. } = &self.sessions;
        let issuer = |secret| TokenIssuer::new(secret, terms.clone(), self.random());
        Ok(secrets.first().map(issuer).transpose()?)
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    fn cipher(&self) -> Arc<dyn CredentialCipher> {
        Arc::clone(&self.cipher)
    }

    fn random(&self) -> Arc<dyn Random> {
        Arc::clone(&self.random)
    }
}

/// A name that no other node has, now or after a restart: it is what runs are held under.
fn name(random: &dyn Random) -> String {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    format!("node-{}-{:016x}", std::process::id(), u64::from_be_bytes(bytes))
}
