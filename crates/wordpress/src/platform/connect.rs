//! The adapter itself: testing a connection, proving a site, opening a session.

use std::sync::Arc;
use std::time::Instant;

use super::content_fields::status_in;
use async_trait::async_trait;
use igny8_integration_domain::content::ContentStatus;
use igny8_integration_domain::integration::{Credentials, PlatformName, SiteUrl};
use igny8_integration_domain::ports::Clock;
use igny8_integration_domain::ports::platform::{
    Connection, ConnectionReport, MAINTENANCE, OnboardingChallenge, Platform, PlatformError, PlatformSession,
};
use tokio::sync::OnceCell;

use super::authenticate::{SignIn, judge_permissions};
use super::check::{judge_absence, reach};
use super::checks::{Fault, Journal};
use super::credentials::{WITHOUT_PLUGIN, choose};
use super::lookups::Lookups;
use super::plugin::{Plugin, look_for_plugin};
use super::prove::prove;
use super::remarks::{on_cache, on_discovery, on_noise};
use super::session::WordPressSession;
use super::state::SiteState;
use super::window::PageSize;
use crate::answer::shorten;
use crate::discovery::{Attempt, Discovery, find_api, open_home};
use crate::guard::Outbound;
use crate::site::{Auth, Failure, FailureKind, SiteClient, unreachable};

const NOT_INSTALLED: &str = "not installed";

/// WordPress behind the platform port.
#[derive(Clone)]
pub struct WordPressPlatform {
    outbound: Outbound,
    clock: Arc<dyn Clock>,
}

impl WordPressPlatform {
    pub fn new(outbound: Outbound, clock: Arc<dyn Clock>) -> Self {
        Self { outbound, clock }
    }

    /// Tests as far as that goes without credentials.
    pub async fn examine(&self, site_url: &SiteUrl) -> ConnectionReport {
        let mut journal = Journal::default();
        let outcome = self.look(site_url, &mut journal).await;
        journal.into_report(outcome)
    }

    async fn look(&self, site_url: &SiteUrl, journal: &mut Journal) -> Result<(), Fault> {
        let (found, stranger) = self.reach(site_url, false, journal).await?;
        let started = Instant::now();
        let seen = match look_for_plugin(&stranger).await {
            Ok(Plugin::Absent) => Ok(((), NOT_INSTALLED.to_owned())),
            Err(failure) if failure.status == Some(404) => Ok(((), NOT_INSTALLED.to_owned())),
            Ok(Plugin::Present { version }) => {
                let detail = format!("version {version}");
                journal.plugin_version = Some(version);
                Ok(((), detail))
            }
            Err(failure) => Err(failure.into()),
        };
        journal.record("plugin", started, seen)?;
        if journal.plugin_version.is_none() {
            journal.remark("without_plugin", NOT_INSTALLED);
        }
        self.look_around(&found, &stranger, journal).await;
        Ok(())
    }

    async fn test(&self, connection: &Connection, journal: &mut Journal) -> Result<(), Fault> {
        let credentials = &connection.credentials;
        let password = Auth::password(credentials);
        let (found, stranger) = self.reach(&connection.site_url, password.is_some(), journal).await?;
        let started = Instant::now();
        let seen = look_for_plugin(&stranger).await;
        let has_plugin = matches!(seen, Ok(Plugin::Present { .. }));
        let auth = record_choice(seen, Auth::key(credentials), password, started, journal)?;
        journal.state = SiteState::new(&connection.site_url, &found, has_plugin).to_value();
        let client = stranger.signed(auth);
        let started = Instant::now();
        let identity = self.sign_in(&client, &found, credentials).authenticate(journal).await;
        let identity = journal.record("authentication", started, identity)?;
        record_permissions(&identity, journal)?;
        self.look_around(&found, &stranger, journal).await;
        Ok(())
    }

    async fn test_proved(&self, challenge: &OnboardingChallenge, journal: &mut Journal) -> Result<(), Fault> {
        let (found, stranger) = self.reach(&challenge.site_url, false, journal).await?;
        let started = Instant::now();
        let seen = look_for_plugin(&stranger).await;
        let key = Auth::Key(challenge.api_key.clone());
        let key = record_choice(seen, Some(key), None, started, journal)?;
        journal.state = SiteState::new(&challenge.site_url, &found, true).to_value();
        let started = Instant::now();
        let identity = match prove(&stranger, challenge).await {
            Ok(()) => {
                let credentials =
                    Credentials { api_key: Some(challenge.api_key.clone()), ..Credentials::default() };
                self.sign_in(&stranger.signed(key), &found, &credentials).authenticate(journal).await
            }
            Err(fault) => Err(fault),
        };
        let identity = journal.record("authentication", started, identity)?;
        record_permissions(&identity, journal)
    }

    async fn reach(
        &self,
        site_url: &SiteUrl,
        has_password: bool,
        journal: &mut Journal,
    ) -> Result<(Discovery, SiteClient), Fault> {
        let found = reach(&self.outbound, site_url, has_password, journal).await?;
        on_discovery(&found, self.clock.now(), journal);
        let stranger = SiteClient::anonymous(self.outbound.clone(), found.root.clone());
        Ok((found, stranger))
    }

    fn sign_in<'a>(
        &'a self,
        client: &'a SiteClient,
        found: &'a Discovery,
        credentials: &'a Credentials,
    ) -> SignIn<'a> {
        SignIn { client, found, credentials, outbound: &self.outbound, clock: self.clock.as_ref() }
    }

    /// What is worth a look although everything works.
    async fn look_around(&self, found: &Discovery, client: &SiteClient, journal: &mut Journal) {
        if let Some(noise) = client.noise() {
            on_noise(noise, journal);
        }
        on_cache(&self.outbound, &found.root, journal).await;
    }

    /// The way in: what was remembered where it still holds, else a new search.
    async fn find(&self, connection: &Connection) -> Result<(SiteClient, SiteState), Failure> {
        let password = Auth::password(&connection.credentials);
        if let Some(state) = SiteState::recall(&connection.state, &connection.site_url) {
            let stranger = SiteClient::anonymous(self.outbound.clone(), state.root());
            match look_for_plugin(&stranger).await {
                Ok(Plugin::Absent) if state.plugin => {}
                Err(failure) if must_search_again(&failure) => {}
                seen => {
                    let state = state.with_plugin(matches!(seen, Ok(Plugin::Present { .. })));
                    return choose(seen, Auth::key(&connection.credentials), password)
                        .map(|auth| (stranger.signed(auth), state));
                }
            }
        }
        let found = self.search(connection).await?;
        let stranger = SiteClient::anonymous(self.outbound.clone(), found.root.clone());
        let seen = look_for_plugin(&stranger).await;
        let state = SiteState::new(&connection.site_url, &found, matches!(seen, Ok(Plugin::Present { .. })));
        choose(seen, Auth::key(&connection.credentials), password).map(|auth| (stranger.signed(auth), state))
    }

    async fn search(&self, connection: &Connection) -> Result<Discovery, Failure> {
        let url = connection.site_url.url();
        let home = open_home(&self.outbound, url).await.map_err(|error| unreachable(error, 0))?;
        if let Some(elsewhere) = home.moved_to(url) {
            let host = elsewhere.host_str().unwrap_or("another host");
            return Err(Failure::new(
                FailureKind::Protocol,
                "redirected",
                format!("the site redirects to {host}"),
            ));
        }
        find_api(&self.outbound, url, &home).await.map_err(|nothing| {
            let failed = nothing.attempts.iter().find_map(Attempt::failure);
            if let Some(error) = failed {
                return unreachable(error, 0);
            }
            let fault = judge_absence(&nothing, &home);
            let passing =
                [MAINTENANCE, "firewall", "site_error"].into_iter().find(|code| *code == fault.code);
            match passing {
                Some(code) => {
                    let mut failure = Failure::new(FailureKind::Unavailable, code, fault.seen);
                    failure.retry_after =
                        nothing.attempts.iter().filter_map(|attempt| attempt.retry_after).max();
                    failure
                }
                None => Failure::new(FailureKind::Protocol, "rest_not_found", fault.seen),
            }
        })
    }
}

/// A way that no longer leads anywhere, rather than a site that is down.
fn must_search_again(failure: &Failure) -> bool {
    failure.kind == FailureKind::Protocol
}

/// The check `plugin`: what the site has shown, and which credentials go with that.
fn record_choice(
    seen: Result<Plugin, Failure>,
    key: Option<Auth>,
    password: Option<Auth>,
    started: Instant,
    journal: &mut Journal,
) -> Result<Auth, Fault> {
    let detail = match &seen {
        Ok(Plugin::Present { version }) => {
            journal.plugin_version = Some(version.clone());
            format!("version {version}")
        }
        Err(failure) if failure.status != Some(404) => {
            "not visible: the REST API is closed to strangers".to_owned()
        }
        _ => NOT_INSTALLED.to_owned(),
    };
    let evidence = detail.clone();
    let chosen = choose(seen, key, password).map_err(Fault::from);
    let auth = journal.record("plugin", started, chosen.map(|auth| (auth, detail)))?;
    if !auth.is_key() {
        for limitation in WITHOUT_PLUGIN {
            journal.limit(limitation);
        }
        journal.remark("without_plugin", evidence);
    }
    Ok(auth)
}

fn record_permissions(identity: &super::authenticate::Identity, journal: &mut Journal) -> Result<(), Fault> {
    let started = Instant::now();
    let limitations = journal.record("permissions", started, judge_permissions(identity))?;
    if !limitations.is_empty() {
        journal.remark("limited_user", shorten(&limitations.join("; ")));
    }
    journal.limitations.extend(limitations);
    Ok(())
}

#[async_trait]
impl Platform for WordPressPlatform {
    fn name(&self) -> PlatformName {
        PlatformName::Wordpress
    }

    fn read_status(&self, word: &str) -> Option<ContentStatus> {
        (word != "trash").then(|| status_in(word))
    }

    async fn test_connection(&self, connection: &Connection) -> ConnectionReport {
        let mut journal = Journal::default();
        let outcome = self.test(connection, &mut journal).await;
        journal.into_report(outcome)
    }

    async fn prove_and_test(&self, challenge: &OnboardingChallenge) -> ConnectionReport {
        let mut journal = Journal::default();
        let outcome = self.test_proved(challenge, &mut journal).await;
        journal.into_report(outcome)
    }

    async fn open(&self, connection: &Connection) -> Result<Arc<dyn PlatformSession>, PlatformError> {
        let (site, state) = self.find(connection).await?;
        Ok(Arc::new(WordPressSession {
            site,
            site_id: connection.site_id,
            state,
            structure: OnceCell::new(),
            lookups: Lookups::default(),
            page_size: PageSize::default(),
        }))
    }
}
