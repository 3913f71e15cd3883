//! A platform and a storage that do as a test wants.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use igny8_integration_domain::content::ContentStatus;
use igny8_integration_domain::integration::PlatformName;
use igny8_integration_domain::ports::platform::{
    Check, Connection, ConnectionReport, Finding, OnboardingChallenge, Platform, PlatformError,
    PlatformSession, Severity, Trouble,
};
use igny8_integration_domain::ports::storage::{Storage, StorageError, UnitOfWork};
use igny8_integration_domain::testing::MemoryStorage;
use serde_json::Value;

/// Every test of a connection is good unless told otherwise.
#[derive(Default)]
pub struct StubPlatform(Mutex<VecDeque<ConnectionReport>>);

impl StubPlatform {
    pub fn answer(&self, report: ConnectionReport) {
        self.0.lock().unwrap().push_back(report);
    }

    fn report(&self) -> ConnectionReport {
        self.0.lock().unwrap().pop_front().unwrap_or_else(|| report(true))
    }
}

pub fn report(success: bool) -> ConnectionReport {
    ConnectionReport {
        success,
        code: if success { "ok" } else { "dns_not_found" }.into(),
        message: if success { "The site is connected." } else { "The name does not resolve." }.into(),
        checks: vec![Check {
            name: "dns".into(),
            ok: success,
            detail: "what was seen".into(),
            duration_ms: 3,
        }],
        limitations: vec!["no webhooks".into()],
        findings: (!success).then(finding).into_iter().collect(),
        platform_version: Some("7.1".into()),
        plugin_version: None,
        latency_ms: Some(12),
        state: Value::Null,
    }
}

fn finding() -> Finding {
    Finding {
        severity: Severity::Error,
        code: "dns_not_found".into(),
        evidence: "what was seen".into(),
        fix: "What helps.".into(),
    }
}

#[async_trait]
impl Platform for StubPlatform {
    fn read_status(&self, _word: &str) -> Option<ContentStatus> {
        None
    }

    fn name(&self) -> PlatformName {
        PlatformName::Wordpress
    }

    async fn test_connection(&self, _: &Connection) -> ConnectionReport {
        self.report()
    }

    async fn prove_and_test(&self, _: &OnboardingChallenge) -> ConnectionReport {
        self.report()
    }

    async fn open(&self, _: &Connection) -> Result<Arc<dyn PlatformSession>, PlatformError> {
        Err(PlatformError::Protocol(Trouble { code: "no_session".into(), message: "no session here".into() }))
    }
}

/// Storage that can be slow, and refuses what the real adapters must refuse: to be waited for on a worker.
#[derive(Clone, Default)]
pub struct GuardedStorage {
    pub memory: MemoryStorage,
    delay: Arc<Mutex<Duration>>,
}

impl GuardedStorage {
    pub fn slow_down(&self, delay: Duration) {
        *self.delay.lock().unwrap() = delay;
    }

    async fn pass(&self) -> Result<(), StorageError> {
        let flavour = tokio::runtime::Handle::current().runtime_flavor();
        if flavour == tokio::runtime::RuntimeFlavor::CurrentThread {
            return Err(StorageError::Other(anyhow::anyhow!("waited for on a current-thread runtime")));
        }
        let delay = *self.delay.lock().unwrap();
        tokio::time::sleep(delay).await;
        Ok(())
    }
}

#[async_trait]
impl Storage for GuardedStorage {
    async fn read(&self) -> Result<Box<dyn UnitOfWork>, StorageError> {
        self.pass().await?;
        self.memory.read().await
    }

    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StorageError> {
        self.pass().await?;
        self.memory.begin().await
    }

    async fn check_ready(&self) -> Result<(), StorageError> {
        self.pass().await?;
        self.memory.check_ready().await
    }
}
