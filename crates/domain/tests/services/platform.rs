//! A site that answers as a test wants it to, while something else happens.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use igny8_integration_domain::content::ContentStatus;
use igny8_integration_domain::integration::PlatformName;
use igny8_integration_domain::ports::platform::{
    Check, Connection, ConnectionReport, OnboardingChallenge, Platform, PlatformError, PlatformSession,
    Trouble,
};
use serde_json::{Value, json};

type Meanwhile = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// Answers `ok` unless told otherwise.
#[derive(Default)]
pub struct StubPlatform(Mutex<Script>);

#[derive(Default)]
struct Script {
    reports: VecDeque<ConnectionReport>,
    meanwhile: Option<Meanwhile>,
    connections: Vec<Connection>,
    challenges: Vec<OnboardingChallenge>,
}

impl StubPlatform {
    /// What the next test finds.
    pub fn answer(&self, report: ConnectionReport) {
        self.with(|script| script.reports.push_back(report));
    }

    /// What happens while the next test is under way.
    pub fn meanwhile(&self, event: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        self.with(|script| script.meanwhile = Some(Box::pin(event)));
    }

    pub fn connections(&self) -> Vec<Connection> {
        self.with(|script| script.connections.clone())
    }

    pub fn challenges(&self) -> Vec<OnboardingChallenge> {
        self.with(|script| script.challenges.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Script) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn report(&self) -> ConnectionReport {
        tokio::task::yield_now().await;
        if let Some(event) = self.with(|script| script.meanwhile.take())
            && let Err(error) = event.await
        {
            return failed(&format!("what was to happen meanwhile did not: {error}"));
        }
        self.with(|script| script.reports.pop_front()).unwrap_or_else(good)
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

    async fn test_connection(&self, connection: &Connection) -> ConnectionReport {
        self.with(|script| script.connections.push(connection.clone()));
        self.report().await
    }

    async fn prove_and_test(&self, challenge: &OnboardingChallenge) -> ConnectionReport {
        self.with(|script| script.challenges.push(challenge.clone()));
        self.report().await
    }

    async fn open(&self, _: &Connection) -> Result<Arc<dyn PlatformSession>, PlatformError> {
        let trouble = Trouble { code: "no_session".to_owned(), message: "no session here".to_owned() };
        Err(PlatformError::Protocol(trouble))
    }
}

pub fn good() -> ConnectionReport {
    ConnectionReport {
        success: true,
        code: "ok".to_owned(),
        message: "the site is connected".to_owned(),
        checks: vec![check(true)],
        limitations: Vec::new(),
        findings: Vec::new(),
        platform_version: Some("7.1".to_owned()),
        plugin_version: Some("1.0.0".to_owned()),
        latency_ms: Some(12),
        state: json!({"api": "https://shop.example/wp-json/"}),
    }
}

pub fn failed(message: &str) -> ConnectionReport {
    ConnectionReport {
        success: false,
        code: "dns_not_found".to_owned(),
        message: message.to_owned(),
        checks: vec![check(false)],
        state: Value::Null,
        ..good()
    }
}

fn check(ok: bool) -> Check {
    Check { name: "dns".to_owned(), ok, detail: "what was seen".to_owned(), duration_ms: 3 }
}
