//! The use cases wired up: one tenant's site, in memory, and the scripted WordPress that it is.

use std::sync::Arc;

use chrono::TimeDelta;
use secrecy::SecretString;

use super::{
    CountingQueue, FixedClock, MemoryStorage, PlainCipher, ScriptedPlatform, ScriptedSite, SequentialRandom,
};
use crate::account::Caller;
use crate::event::Actor;
use crate::id::{IntegrationId, SiteId};
use crate::integration::{ConflictPolicy, Credentials, PlatformName, SiteUrl};
use crate::ports::platform::Platforms;
use crate::ports::storage::Storage;
use crate::service::account::NewSiteCommand;
use crate::service::integration::CreateIntegration;
use crate::service::run::{ExecutorPorts, RunExecutor};
use crate::service::sync::SyncService;
use crate::service::{AccountService, ContentService, ContentSyncService, IntegrationService};

/// One tenant with a site, and the services around it.
pub struct Workshop {
    /// Where everything is.
    pub storage: MemoryStorage,
    /// The same, as the services take it.
    pub shared: Arc<dyn Storage>,
    /// Stands still until it is moved.
    pub clock: Arc<FixedClock>,
    /// Seals nothing.
    pub cipher: Arc<PlainCipher>,
    /// Counts who was woken.
    pub queue: Arc<CountingQueue>,
    /// Where sites answer.
    pub platform: ScriptedPlatform,
    /// The same, as the services take it.
    pub platforms: Platforms,
    /// The WordPress at `https://shop.example`.
    pub site: ScriptedSite,
    /// What it is here.
    pub site_id: SiteId,
    /// The key of its plugin.
    pub site_key: SecretString,
    /// Tenants, people and sites.
    pub accounts: AccountService,
    /// Integrations.
    pub integrations: Arc<IntegrationService>,
    /// Runs.
    pub runs: SyncService,
    /// The worker.
    pub executor: RunExecutor,
    /// The writers.
    pub contents: ContentService,
    /// Single contents.
    pub single: ContentSyncService,
}

impl Workshop {
    /// How long a silent worker keeps a run.
    pub const LEASE: TimeDelta = TimeDelta::seconds(30);

    /// Whoever operates the service.
    pub fn operator() -> Caller {
        Caller::System(Actor::CLI)
    }

    /// One whose site is not connected yet.
    pub async fn open() -> anyhow::Result<Self> {
        let storage = MemoryStorage::new();
        let shared: Arc<dyn Storage> = Arc::new(storage.clone());
        let clock = Arc::new(FixedClock::default());
        let cipher = Arc::new(PlainCipher::default());
        let random = Arc::new(SequentialRandom::default());
        let queue = Arc::new(CountingQueue::default());
        let url = SiteUrl::parse("url", "https://shop.example").map_err(|e| anyhow::anyhow!(e.message))?;
        let site = ScriptedSite::new(url.clone(), clock.clone());
        let platform = ScriptedPlatform::new();
        platform.add(&site);
        let platforms = Platforms::default().with(Arc::new(platform.clone()));
        let accounts = AccountService::new(shared.clone(), cipher.clone(), clock.clone(), random.clone());
        let account_id = accounts.create_account("shop").await?.id;
        let command = NewSiteCommand { account_id, name: "Shop".to_owned(), url };
        let issued = accounts.create_site(&command).await?;
        let ports = ExecutorPorts {
            storage: shared.clone(),
            platforms: platforms.clone(),
            cipher: cipher.clone(),
            clock: clock.clone(),
            random,
        };
        let integrations = IntegrationService::new(shared.clone(), cipher.clone(), clock.clone(), None);
        Ok(Self {
            integrations: Arc::new(integrations),
            runs: SyncService::new(shared.clone(), platforms.clone(), queue.clone(), clock.clone(), None),
            executor: RunExecutor::new(ports, Self::LEASE, None),
            contents: ContentService::new(shared.clone(), clock.clone()),
            single: ContentSyncService::new(shared.clone(), platforms.clone(), cipher.clone(), clock.clone()),
            site_id: issued.site_id,
            site_key: issued.api_key,
            storage,
            shared,
            clock,
            cipher,
            queue,
            platform,
            platforms,
            site,
            accounts,
        })
    }

    /// Connects the site, which holds no secrets from its plugin.
    pub async fn connect(&self, policy: ConflictPolicy) -> anyhow::Result<IntegrationId> {
        let create = CreateIntegration {
            site_id: self.site_id,
            platform: PlatformName::Wordpress,
            site_url: None,
            credentials: Credentials { api_key: Some(self.site.api_key()), ..Credentials::default() },
            is_active: true,
            sync_enabled: true,
            conflict_policy: Some(policy),
        };
        Ok(self.integrations.create(&Self::operator(), &create).await?.integration.id)
    }
}
