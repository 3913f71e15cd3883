//! A served API with people, sites and keys.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use chrono::TimeDelta;
use igny8_integration_api::auth::{HsKeys, TokenChecker, TokenIssuer, TokenTerms};
use igny8_integration_api::{ApiState, MemoryThrottle, Parts, Runtime, Services, Settings, serve};
use igny8_integration_domain::account::{Email, Role};
use igny8_integration_domain::id::{AccountId, SiteId, UserId};
use igny8_integration_domain::integration::SiteUrl;
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::platform::Platforms;
use igny8_integration_domain::ports::storage::Storage;
use igny8_integration_domain::service::account::{NewSiteCommand, NewUserCommand};
use igny8_integration_domain::service::sync::SyncService;
use igny8_integration_domain::service::{
    AccountService, ConnectionService, ContentService, ContentSyncService, HistoryService,
    IntegrationService, OnboardingService, SessionService, StructureService, SyncHealthService,
    WebhookService,
};
use igny8_integration_domain::testing::{CountingQueue, FixedClock, PlainCipher, SequentialRandom};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::client::{Connection, Request, Response};
use crate::stub::{GuardedStorage, StubPlatform};

const SECRET: &str = "a secret of thirty-two bytes, at the least";

pub struct World {
    pub port: u16,
    pub storage: GuardedStorage,
    pub cipher: Arc<PlainCipher>,
    pub platform: Arc<StubPlatform>,
    pub accounts: AccountService,
    pub clock: Arc<FixedClock>,
    pub draining: CancellationToken,
    pub tracker: TaskTracker,
    server: ServerHandle,
    issuer: TokenIssuer,
}

/// An account with a site, its key and an owner's token.
pub struct Tenant {
    pub account: AccountId,
    pub site: SiteId,
    pub key: String,
    pub owner: String,
}

impl World {
    pub fn start() -> anyhow::Result<Self> {
        Self::with(Settings::default())
    }

    pub fn with(settings: Settings) -> anyhow::Result<Self> {
        let storage = GuardedStorage::default();
        let shared: Arc<dyn Storage> = Arc::new(storage.clone());
        let (clock, cipher) = (Arc::new(FixedClock::default()), Arc::new(PlainCipher::default()));
        let (random, platform) = (Arc::new(SequentialRandom::default()), Arc::new(StubPlatform::default()));
        let platforms = Platforms::default().with(platform.clone());
        let every = Some(TimeDelta::minutes(15));
        let (s, k, t, p) = (&shared, &cipher, &clock, &platforms);
        let queue = Arc::new(CountingQueue::default());
        let services = Services {
            sessions: Arc::new(SessionService::new(s.clone(), t.clone())),
            integrations: Arc::new(IntegrationService::new(s.clone(), k.clone(), t.clone(), every)),
            connections: Arc::new(ConnectionService::new(s.clone(), p.clone(), k.clone(), t.clone())),
            onboarding: Arc::new(OnboardingService::new(
                s.clone(),
                p.clone(),
                k.clone(),
                t.clone(),
                random.clone(),
                every,
            )),
            sync: Arc::new(SyncService::new(s.clone(), p.clone(), queue.clone(), t.clone(), every)),
            content_sync: Arc::new(ContentSyncService::new(s.clone(), p.clone(), k.clone(), t.clone())),
            contents: Arc::new(ContentService::new(s.clone(), t.clone())),
            history: Arc::new(HistoryService::new(s.clone())),
            structures: Arc::new(StructureService::new(s.clone(), t.clone())),
            health: Arc::new(SyncHealthService::new(s.clone(), k.clone(), t.clone(), every)),
            webhooks: Arc::new(WebhookService::new(s.clone(), p.clone(), k.clone(), t.clone(), queue)),
        };
        let terms = TokenTerms { issuer: "igny8".into(), audience: "igny8-integration".into() };
        let runtime = Runtime {
            handle: Handle::current(),
            tracker: TaskTracker::new(),
            draining: CancellationToken::new(),
        };
        let (draining, tracker) = (runtime.draining.clone(), runtime.tracker.clone());
        let parts = Parts {
            settings,
            services,
            tokens: TokenChecker::new(HsKeys::new(&[SECRET.into()], &terms)?, None),
            storage: shared.clone(),
            throttle: Arc::new(MemoryThrottle::default()),
            runtime,
            render_metrics: Arc::new(|| "# no metrics\n".to_owned()),
        };
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let server = serve(listener, ApiState::new(parts), 2)?;
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self {
            port,
            accounts: AccountService::new(shared, cipher.clone(), clock.clone(), random.clone()),
            storage,
            cipher,
            platform,
            clock,
            draining,
            tracker,
            server: handle,
            issuer: TokenIssuer::new(&SECRET.into(), terms, random)?,
        })
    }

    pub async fn stop(&self) {
        self.server.stop(true).await;
    }

    pub async fn tenant(&self, name: &str) -> anyhow::Result<Tenant> {
        let account = self.accounts.create_account(name).await?.id;
        let url = format!("https://{name}.example");
        let url = SiteUrl::parse("url", &url).map_err(|error| anyhow::anyhow!(error.message))?;
        let site = NewSiteCommand { account_id: account, name: format!("{name}'s site"), url };
        let issued = self.accounts.create_site(&site).await?;
        let key = issued.api_key.expose_secret().to_owned();
        let (owner, _) = self.person(account, Role::Owner).await?;
        Ok(Tenant { account, site: issued.site_id, key, owner })
    }

    /// A person's token and id.
    pub async fn person(&self, account: AccountId, role: Role) -> anyhow::Result<(String, UserId)> {
        let address = format!("{}{}@example.org", role.as_str(), self.clock.now().timestamp());
        let email = Email::parse(&address).map_err(|error| anyhow::anyhow!(error.message))?;
        let user = self.accounts.create_user(&NewUserCommand { account_id: account, email, role }).await?;
        Ok((self.token(user.id)?, user.id))
    }

    /// A person who is a member of the tenant's site.
    pub async fn member(&self, tenant: &Tenant, role: Role) -> anyhow::Result<String> {
        let (token, user) = self.person(tenant.account, role).await?;
        self.accounts.grant(user, tenant.site).await?;
        Ok(token)
    }

    pub fn token(&self, user: UserId) -> anyhow::Result<String> {
        let seconds = i64::try_from(jsonwebtoken::get_current_timestamp())?;
        let now = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        Ok(self.issuer.issue(user, now, Duration::from_mins(10))?.0.expose_secret().to_owned())
    }

    /// One request on a connection of its own.
    pub async fn ask(&self, request: Request) -> anyhow::Result<Response> {
        Connection::open(self.port).await?.ask(&request).await
    }

    pub async fn get(&self, token: &str, target: &str) -> anyhow::Result<Response> {
        self.ask(Request::new("GET", target).header("authorization", &format!("Bearer {token}"))).await
    }

    pub async fn send(
        &self,
        token: &str,
        method: &str,
        target: &str,
        body: &Value,
    ) -> anyhow::Result<Response> {
        let request = Request::new(method, target).header("authorization", &format!("Bearer {token}"));
        self.ask(request.json(body)).await
    }

    /// A fresh integration of the tenant's site.
    pub async fn integration(&self, tenant: &Tenant) -> anyhow::Result<i64> {
        let made = self.send(&tenant.owner, "POST", "integrations/", &wordpress(tenant)).await?;
        anyhow::ensure!(made.status == 201, "{:?}", made.json());
        Ok(made.member("/id").as_i64().unwrap_or_default())
    }
}

pub fn wordpress(tenant: &Tenant) -> Value {
    json!({
        "site_id": tenant.site.get(),
        "platform": "wordpress",
        "credentials_json": {"api_key": "the-plugins-own-key", "username": "maria@shop.example"},
    })
}
