//! Two tenants and everything that the services stand on.

use std::sync::Arc;

use anyhow::Context as _;
use chrono::TimeDelta;
use igny8_integration_domain::account::{Caller, Email, Role, SiteScope};
use igny8_integration_domain::event::{Actor, NewEvent};
use igny8_integration_domain::id::{AccountId, IntegrationId, SiteId};
use igny8_integration_domain::integration::{Credentials, PlatformName, SiteUrl};
use igny8_integration_domain::ports::platform::Platforms;
use igny8_integration_domain::ports::storage::{Cursor, EventFilter, Storage};
use igny8_integration_domain::service::account::{NewSiteCommand, NewUserCommand};
use igny8_integration_domain::service::integration::{CreateIntegration, IntegrationView};
use igny8_integration_domain::service::{
    AccountService, ConnectionService, ContentService, CredentialRotationService, IntegrationService,
    OnboardingService, ServiceError, SessionService,
};
use igny8_integration_domain::testing::{FixedClock, MemoryStorage, PlainCipher, SequentialRandom};
use secrecy::SecretString;

use crate::platform::StubPlatform;

/// The key of the integrations that [`World::integration`] makes.
pub const KEY: &str = "the-key-of-the-plugin";

pub struct World {
    pub storage: MemoryStorage,
    pub clock: Arc<FixedClock>,
    pub cipher: Arc<PlainCipher>,
    pub accounts: AccountService,
    pub sessions: SessionService,
    pub integrations: IntegrationService,
    pub connections: ConnectionService,
    pub onboarding: OnboardingService,
    pub contents: ContentService,
    pub rotation: CredentialRotationService,
    pub platform: Arc<StubPlatform>,
}

/// An account with one site.
pub struct Tenant {
    pub account_id: AccountId,
    pub site_id: SiteId,
    pub site_key: SecretString,
}

impl World {
    pub fn new() -> Self {
        let storage = MemoryStorage::new();
        let clock = Arc::new(FixedClock::default());
        let cipher = Arc::new(PlainCipher::default());
        let random = Arc::new(SequentialRandom::default());
        let platform = Arc::new(StubPlatform::default());
        let platforms = Platforms::default().with(platform.clone());
        let schedule = Some(TimeDelta::minutes(15));
        let shared: Arc<dyn Storage> = Arc::new(storage.clone());
        let (s, k, t) = (&shared, &cipher, &clock);
        Self {
            accounts: AccountService::new(s.clone(), k.clone(), t.clone(), random.clone()),
            sessions: SessionService::new(s.clone(), t.clone()),
            integrations: IntegrationService::new(s.clone(), k.clone(), t.clone(), schedule),
            connections: ConnectionService::new(s.clone(), platforms.clone(), k.clone(), t.clone()),
            onboarding: OnboardingService::new(s.clone(), platforms, k.clone(), t.clone(), random, schedule),
            contents: ContentService::new(s.clone(), t.clone()),
            rotation: CredentialRotationService::new(s.clone(), k.clone()),
            storage,
            clock,
            cipher,
            platform,
        }
    }

    pub async fn tenant(&self, name: &str) -> anyhow::Result<Tenant> {
        let account_id = self.accounts.create_account(name).await?.id;
        let site_url = url(&format!("https://{name}.example"))?;
        let command = NewSiteCommand { account_id, name: name.to_owned(), url: site_url };
        let issued = self.accounts.create_site(&command).await?;
        Ok(Tenant { account_id, site_id: issued.site_id, site_key: issued.api_key })
    }

    /// A person who is a member of the tenant's site, as the session service lets it in.
    pub async fn person(&self, tenant: &Tenant, role: Role) -> anyhow::Result<Caller> {
        let email = Email::parse(&format!("{}@{}.example", role.as_str(), tenant.account_id))
            .map_err(|error| anyhow::anyhow!(error.message))?;
        let command = NewUserCommand { account_id: tenant.account_id, email, role };
        let user = self.accounts.create_user(&command).await?;
        self.accounts.grant(user.id, tenant.site_id).await?;
        Ok(self.sessions.user_caller(user.id).await?)
    }

    pub async fn plugin(&self, tenant: &Tenant) -> anyhow::Result<Caller> {
        Ok(self.sessions.site_key_caller(&tenant.site_key).await?)
    }

    pub async fn integration(&self, tenant: &Tenant) -> anyhow::Result<IntegrationView> {
        Ok(self.integrations.create(&operator(), &wordpress(tenant.site_id)).await?)
    }

    /// The integration's history, oldest first.
    pub async fn events(&self, id: IntegrationId) -> anyhow::Result<Vec<NewEvent>> {
        let filter = EventFilter::of(id);
        let page = self.storage.read().await?.list_events(&filter, Cursor::Newest, 100).await?;
        Ok(page.items.into_iter().rev().map(|event| event.entry).collect())
    }
}

/// The service itself, which reaches everything.
pub fn operator() -> Caller {
    Caller::System(Actor::CLI)
}

/// A person of the account who is a member of no site.
pub fn without_sites(caller: &Caller) -> Caller {
    match caller.clone() {
        Caller::User { user_id, account_id, role, .. } => {
            Caller::User { user_id, account_id, role, sites: SiteScope::Only([].into()) }
        }
        other => other,
    }
}

pub fn url(text: &str) -> anyhow::Result<SiteUrl> {
    SiteUrl::parse("site_url", text).map_err(|error| anyhow::anyhow!(error.message))
}

pub fn wordpress(site_id: SiteId) -> CreateIntegration {
    CreateIntegration {
        site_id,
        platform: PlatformName::Wordpress,
        site_url: None,
        credentials: Credentials { api_key: Some(KEY.into()), ..Credentials::default() },
        is_active: true,
        sync_enabled: true,
        conflict_policy: None,
    }
}

/// What the errors are about, as `field: code`.
pub fn problems<T>(outcome: Result<T, ServiceError>) -> anyhow::Result<Vec<String>> {
    match outcome.err().context("it was let through")? {
        ServiceError::Invalid(errors) => {
            Ok(errors.errors().iter().map(|error| format!("{}: {}", error.field, error.code)).collect())
        }
        other => anyhow::bail!("another error: {other:?}"),
    }
}
