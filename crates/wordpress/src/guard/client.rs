//! Sending one request and reading its answer, within limits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Client, Method, StatusCode, redirect, retry};
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::CertificateDer;
use url::Url;

use super::error::OutboundError;
use super::policy::{AddressPolicy, Refusal};
use super::resolver::GuardedResolver;
use super::target::{Scheme, Target, without_trailing_dot};
use super::tls::{client_config, judge};

/// Some hosts refuse a library's own name, so every call says the same thing, and people can allow it.
const USER_AGENT: &str = concat!("igny8-integration/", env!("CARGO_PKG_VERSION"));
const MAX_REDIRECTS: usize = 3;
/// Web servers close idle connections after a few seconds, often just as the next request goes out. A
/// connection that has been idle longer than this is not used again, so that a write rarely meets that.
const IDLE: Duration = Duration::from_secs(1);
/// There is one client for each scheme and port; more than this many at once only happens in an attack.
const MAX_CLIENTS: usize = 256;

#[derive(Clone, Debug)]
pub struct OutboundOptions {
    pub connect_timeout: Duration,
    /// From the first byte sent to the last byte read.
    pub total_timeout: Duration,
    /// The most that is read of one answer, decoded.
    pub max_body: usize,
    /// Authorities that are trusted besides the machine's own: those of an intranet, say.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

impl Default for OutboundOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            total_timeout: Duration::from_secs(15),
            max_body: 32 * 1024 * 1024,
            extra_roots: Vec::new(),
        }
    }
}

/// One request. Redirects are not followed: what a call carries is meant for the host it names.
#[derive(Debug)]
pub struct Call {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// What a read that carries no credentials asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Head,
    Get,
}

/// A complete answer. The body is decoded.
#[derive(Clone, Debug)]
pub struct Answer {
    pub url: Url,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub took: Duration,
}

/// The answer at the end of a chain of redirects, and the addresses on the way to it.
#[derive(Clone, Debug)]
pub struct Followed {
    pub answer: Answer,
    pub hops: Vec<Url>,
}

/// A chain of redirects that led to no answer.
#[derive(Clone, Debug)]
pub struct Lost {
    pub error: OutboundError,
    /// The address that gave none.
    pub at: Url,
}

/// The guarded client. Cheap to clone; connections are shared.
#[derive(Clone)]
pub struct Outbound {
    pub(super) policy: Arc<AddressPolicy>,
    pub(super) options: OutboundOptions,
    tls: Arc<ClientConfig>,
    /// None where the machine knows no authorities: then no https site can be called.
    pub(super) certificate_judge: Option<Arc<dyn ServerCertVerifier>>,
    clients: Arc<Mutex<HashMap<(Scheme, u16), Client>>>,
}

impl Outbound {
    pub fn new(policy: Arc<AddressPolicy>, options: OutboundOptions) -> anyhow::Result<Self> {
        let certificate_judge = judge(&options.extra_roots)?;
        if certificate_judge.is_none() {
            tracing::warn!("no certificate authorities on this machine: https sites will be refused");
        }
        let tls = Arc::new(client_config(certificate_judge.clone())?);
        let outbound = Self { policy, options, tls, certificate_judge, clients: Arc::default() };
        // What can go wrong in making a client shows at the start, not at the first call.
        outbound.build(Scheme::Https, 443)?;
        Ok(outbound)
    }

    pub fn policy(&self) -> &AddressPolicy {
        &self.policy
    }

    /// Whether any certificate authority is known; without one every https site is refused.
    pub fn trusts_anybody(&self) -> bool {
        self.certificate_judge.is_some()
    }

    /// Sends one request. A write is sent once and never again by itself; a read whose connection broke is
    /// tried once more.
    pub async fn send(&self, call: Call) -> Result<Answer, OutboundError> {
        if call.method != Method::GET && call.method != Method::HEAD {
            return self.send_once(call).await;
        }
        let again = Call {
            method: call.method.clone(),
            url: call.url.clone(),
            headers: call.headers.clone(),
            body: call.body.clone(),
        };
        match self.send_once(call).await {
            Err(OutboundError::Interrupted) => self.send_once(again).await,
            result => result,
        }
    }

    /// Reads without credentials, following up to three redirects, each checked like the first address.
    pub async fn follow(
        &self,
        reading: Reading,
        url: Url,
        headers: &HeaderMap,
    ) -> Result<Followed, OutboundError> {
        self.walk(reading, url, headers).await.map_err(|lost| lost.error)
    }

    /// The same, and where the way ended if it did not lead to an answer.
    pub async fn walk(&self, reading: Reading, url: Url, headers: &HeaderMap) -> Result<Followed, Lost> {
        let method = match reading {
            Reading::Head => Method::HEAD,
            Reading::Get => Method::GET,
        };
        let mut hops = Vec::new();
        let mut url = url;
        loop {
            let call = Call { method: method.clone(), url, headers: headers.clone(), body: Vec::new() };
            let at = call.url.clone();
            let answer = self.send(call).await.map_err(|error| Lost { error, at })?;
            let Some(next) = redirect_of(&answer) else {
                return Ok(Followed { answer, hops });
            };
            if hops.len() == MAX_REDIRECTS {
                return Err(Lost { error: OutboundError::TooManyRedirects, at: answer.url });
            }
            hops.push(answer.url);
            url = next;
        }
    }

    async fn send_once(&self, call: Call) -> Result<Answer, OutboundError> {
        let url = without_trailing_dot(call.url);
        let target = Target::check(&url, &self.policy)?;
        let client = self.client(target.scheme, target.port)?;
        let started = Instant::now();
        let mut request = client.request(call.method, url.clone()).headers(call.headers);
        if !call.body.is_empty() {
            request = request.body(call.body);
        }
        let response = request.send().await?;
        let peer = response.remote_addr().ok_or(Refusal::Address)?;
        self.policy.judge_call(peer.ip(), peer.port(), target.scheme == Scheme::Https)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.read(response).await?;
        Ok(Answer { url, status, headers, body, took: started.elapsed() })
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Vec<u8>, OutboundError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > self.options.max_body {
                return Err(OutboundError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn client(&self, scheme: Scheme, port: u16) -> Result<Client, OutboundError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&(scheme, port)) {
            return Ok(client.clone());
        }
        if clients.len() >= MAX_CLIENTS {
            clients.clear();
        }
        let client = self.build(scheme, port).map_err(|_| OutboundError::Invalid)?;
        clients.insert((scheme, port), client.clone());
        Ok(client)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the guarded client, the one home of reqwest's")]
    fn build(&self, scheme: Scheme, port: u16) -> reqwest::Result<Client> {
        Client::builder()
            .tls_backend_preconfigured(ClientConfig::clone(&self.tls))
            .dns_resolver(GuardedResolver { policy: Arc::clone(&self.policy), scheme, port })
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            .user_agent(USER_AGENT)
            .connect_timeout(self.options.connect_timeout)
            .timeout(self.options.total_timeout)
            .pool_idle_timeout(IDLE)
            .build()
    }
}

/// Where an answer sends its reader, if it is a redirect that can be read.
pub(crate) fn redirect_of(answer: &Answer) -> Option<Url> {
    if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answer.headers.get(LOCATION)?;
    let location = String::from_utf8_lossy(location.as_bytes());
    answer.url.join(&location).ok()
}
