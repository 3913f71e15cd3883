//! What the routes work with, and the one place where a use case leaves a worker of the server.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use igny8_integration_domain::ports::storage::Storage;
use igny8_integration_domain::ports::{Rate, Throttle};
use igny8_integration_domain::service::sync::SyncService;
use igny8_integration_domain::service::{
    ConnectionService, ContentService, ContentSyncService, HistoryService, IntegrationService,
    OnboardingService, SessionService, StructureService, SyncHealthService, WebhookService,
};
use ipnet::IpNet;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use url::Url;

use crate::auth::{Sessions, TokenChecker};
use crate::problem::Problem;

/// How long a client waits at most. The use case goes on without it.
pub const TIME_LIMIT: Duration = Duration::from_secs(100);

/// How often somebody may ask, by scope; none for no limit.
#[derive(Clone, Copy, Debug)]
pub struct Throttles {
    /// For a person or a site's key.
    pub integration: Option<Rate>,
    /// For an address, and for a site.
    pub onboarding: Option<Rate>,
    /// For what a site delivers.
    pub webhooks: Option<Rate>,
}

impl Default for Throttles {
    fn default() -> Self {
        let a_minute = |requests| Some(Rate { requests, window: Duration::from_mins(1) });
        Self { integration: a_minute(120), onboarding: a_minute(10), webhooks: a_minute(1200) }
    }
}

/// What an operator can set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How the outside reaches this service.
    pub public_url: Option<Url>,
    /// Whose word about the client is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The app's origins.
    pub cors_origins: Vec<String>,
    pub throttles: Throttles,
    /// See [`TIME_LIMIT`].
    pub time_limit: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: None,
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            throttles: Throttles::default(),
            time_limit: TIME_LIMIT,
        }
    }
}

/// The use cases behind the routes.
#[derive(Clone)]
pub struct Services {
    pub sessions: Arc<SessionService>,
    pub integrations: Arc<IntegrationService>,
    pub connections: Arc<ConnectionService>,
    pub onboarding: Arc<OnboardingService>,
    pub sync: Arc<SyncService>,
    pub content_sync: Arc<ContentSyncService>,
    pub contents: Arc<ContentService>,
    pub history: Arc<HistoryService>,
    pub structures: Arc<StructureService>,
    pub health: Arc<SyncHealthService>,
    pub webhooks: Arc<WebhookService>,
}

/// Where use cases run and how they end.
#[derive(Clone)]
pub struct Runtime {
    /// The main runtime: it has several threads. A worker of the server has one, and a database connection must not
    /// be waited for on it.
    pub handle: Handle,
    /// Every use case under way; wait for it when the server has stopped.
    pub tracker: TaskTracker,
    /// Cancelled when the node is to stop: then it takes nothing new.
    pub draining: CancellationToken,
}

/// Everything that the routes need from outside.
pub struct Parts {
    pub settings: Settings,
    pub services: Services,
    pub tokens: TokenChecker,
    pub storage: Arc<dyn Storage>,
    pub throttle: Arc<dyn Throttle>,
    pub runtime: Runtime,
    /// Writes the metrics down in Prometheus's text format.
    pub render_metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

struct Inner {
    parts: Parts,
    sessions: Sessions,
}

/// Shared by all workers; cheap to clone.
#[derive(Clone)]
pub struct ApiState(Arc<Inner>);

impl ApiState {
    pub fn new(parts: Parts) -> Self {
        let sessions = Sessions::new(Arc::clone(&parts.services.sessions));
        Self(Arc::new(Inner { parts, sessions }))
    }

    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }

    pub fn services(&self) -> &Services {
        &self.0.parts.services
    }

    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub fn tokens(&self) -> &TokenChecker {
        &self.0.parts.tokens
    }

    pub fn storage(&self) -> &dyn Storage {
        &*self.0.parts.storage
    }

    pub fn throttle(&self) -> &dyn Throttle {
        &*self.0.parts.throttle
    }

    pub fn metrics(&self) -> String {
        (self.0.parts.render_metrics)()
    }

    pub fn is_draining(&self) -> bool {
        self.0.parts.runtime.draining.is_cancelled()
    }

    /// Cancelled when the node is to stop.
    pub fn draining(&self) -> CancellationToken {
        self.0.parts.runtime.draining.clone()
    }

    /// Runs on the main runtime what goes on after its answer has begun. It must end when the node is to stop.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let runtime = &self.0.parts.runtime;
        runtime.handle.spawn(runtime.tracker.track_future(work.in_current_span()));
    }

    /// Runs a use case on the main runtime and waits for it here. Whoever stops waiting (the client is gone, the time
    /// is over) leaves it to finish: half of one can't happen.
    pub async fn hand_over<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Problem>> + Send + 'static,
    {
        let runtime = &self.0.parts.runtime;
        let task = runtime.handle.spawn(runtime.tracker.track_future(work.in_current_span()));
        match tokio::time::timeout(self.settings().time_limit, task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(stopped)) if stopped.is_panic() => Err(Problem::internal(stopped)),
            Ok(Err(_)) => Err(Problem::busy()),
            Err(elapsed) => Err(Problem::unavailable(elapsed)),
        }
    }
}
