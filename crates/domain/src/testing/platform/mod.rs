//! A scripted platform: sites in memory that behave like a real WordPress behind the platform port, fail on demand and
//! remember every call.

mod call;
mod fault;
mod post;
mod report;
mod session;
mod site;
mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

pub use call::{Call, CallKind};
pub use fault::Fault;
pub use post::SitePost;
pub use site::ScriptedSite;

use super::held;
use crate::content::ContentStatus;
use crate::integration::{PlatformName, SiteUrl};
use crate::ports::platform::{
    Connection, ConnectionReport, OnboardingChallenge, Platform, PlatformError, PlatformSession, Trouble,
};
use session::ScriptedSession;

/// WordPress sites by address.
#[derive(Clone, Default)]
pub struct ScriptedPlatform(Arc<Mutex<BTreeMap<String, ScriptedSite>>>);

impl ScriptedPlatform {
    /// One without any site: every address is one that does not resolve.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a site answer under its address.
    pub fn add(&self, site: &ScriptedSite) {
        held(&self.0).insert(site.url().identity(), site.clone());
    }

    fn find(&self, url: &SiteUrl) -> Option<ScriptedSite> {
        held(&self.0).get(&url.identity()).cloned()
    }
}

/// What goes wrong, in a word and for a person.
pub(super) fn trouble(code: &str, message: &str) -> Trouble {
    Trouble { code: code.to_owned(), message: message.to_owned() }
}

#[async_trait]
impl Platform for ScriptedPlatform {
    fn name(&self) -> PlatformName {
        PlatformName::Wordpress
    }

    fn read_status(&self, word: &str) -> Option<ContentStatus> {
        Some(post::status_in(word))
    }

    async fn test_connection(&self, connection: &Connection) -> ConnectionReport {
        let Some(site) = self.find(&connection.site_url) else { return report::unknown_host() };
        let call = Call::new(CallKind::Test);
        let tested = site.answer(call, |state| state.check_credentials(&connection.credentials)).await;
        report::of_test(&site, tested)
    }

    async fn prove_and_test(&self, challenge: &OnboardingChallenge) -> ConnectionReport {
        let Some(site) = self.find(&challenge.site_url) else { return report::unknown_host() };
        let proved = site.answer(Call::new(CallKind::Prove), |state| state.prove(challenge)).await;
        report::of_proof(&site, proved)
    }

    async fn open(&self, connection: &Connection) -> Result<Arc<dyn PlatformSession>, PlatformError> {
        let Some(site) = self.find(&connection.site_url) else {
            let trouble = trouble("dns_failed", "the name does not resolve");
            return Err(PlatformError::Unavailable { trouble, retry_after: None });
        };
        site.answer(Call::new(CallKind::Open), |_| Ok(())).await?;
        Ok(Arc::new(ScriptedSession::new(site, connection.credentials.clone())))
    }
}
