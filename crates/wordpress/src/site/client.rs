//! The calls themselves.

use std::sync::{Arc, OnceLock};

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use super::auth::Auth;
use super::failure::{Failure, FailureKind};
use super::judge::{Sent, judge, unreachable};
use super::reply::Reply;
use crate::answer::{Noise, Redactor};
use crate::discovery::{FIELDS, FRESH, RestRoot, same_site};
use crate::guard::{Answer, Call, Outbound, OutboundError, redirect_of};

/// Hosts that block `DELETE` let it through as a `POST` with this.
const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

pub type Query<'q> = Vec<(&'q str, String)>;

/// A query from borrowed pairs.
pub fn query<'q>(pairs: &[(&'q str, &str)]) -> Query<'q> {
    pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// One site's API with one way to sign calls, or none.
#[derive(Clone)]
pub struct SiteClient {
    outbound: Outbound,
    root: RestRoot,
    auth: Option<Auth>,
    redactor: Redactor,
    /// The first noise that came, whichever of the clones heard it.
    noise: Arc<OnceLock<Noise>>,
}

impl SiteClient {
    pub fn anonymous(outbound: Outbound, root: RestRoot) -> Self {
        Self { outbound, root, auth: None, redactor: Redactor::default(), noise: Arc::default() }
    }

    #[must_use]
    pub fn signed(&self, auth: Auth) -> Self {
        Self { redactor: auth.redactor(), auth: Some(auth), ..self.clone() }
    }

    pub fn root(&self) -> &RestRoot {
        &self.root
    }

    /// What stood around an answer, to this client or one that was made from it.
    pub fn noise(&self) -> Option<&Noise> {
        self.noise.get()
    }

    /// Whether calls carry the plugin's key.
    pub fn is_keyed(&self) -> bool {
        self.auth.as_ref().is_some_and(Auth::is_key)
    }

    /// Reads a route, past every cache: some ignore unknown parameters but honour `_fields`, so both carry
    /// something random.
    pub async fn read(&self, route: &str, mut query: Query<'_>) -> Result<Reply, Failure> {
        let fresh = format!("{:08x}", rand::random::<u32>());
        if let Some((_, fields)) = query.iter_mut().find(|(name, _)| *name == FIELDS) {
            fields.push_str(",_");
            fields.push_str(&fresh);
        }
        query.push((FRESH, fresh));
        let url = self.root.route(route, query);
        self.call(Method::GET, url, &[], None).await
    }

    /// Posts JSON to a route, once.
    pub async fn post(
        &self,
        route: &str,
        query: Query<'_>,
        body: &Value,
        headers: &[(HeaderName, &str)],
    ) -> Result<Reply, Failure> {
        let url = self.root.route(route, query);
        self.call(Method::POST, url, headers, Some(body)).await
    }

    /// Deletes (to the trash). Where the web server blocks the method the same is asked for by `POST`.
    pub async fn delete(
        &self,
        route: &str,
        query: Query<'_>,
        headers: &[(HeaderName, &str)],
    ) -> Result<Reply, Failure> {
        let url = self.root.route(route, query);
        let result = self.call(Method::DELETE, url.clone(), headers, None).await;
        match result {
            Err(failure) if failure.wp.is_none() && matches!(failure.status, Some(403 | 405 | 501)) => {
                let mut overridden = headers.to_vec();
                overridden.push((METHOD_OVERRIDE, "DELETE"));
                self.call(Method::POST, url, &overridden, None).await
            }
            result => result,
        }
    }

    async fn call(
        &self,
        method: Method,
        url: Url,
        extra: &[(HeaderName, &str)],
        body: Option<&Value>,
    ) -> Result<Reply, Failure> {
        let write = method != Method::GET;
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let sent = Sent { write, bytes: body.len() };
        let headers = self.headers(extra, !body.is_empty())?;
        let answer = if write {
            self.write(method, url, headers, body).await
        } else {
            self.outbound.send(Call { method, url, headers, body }).await
        };
        let answer = answer.map_err(|error| unreachable(error, sent.bytes))?;
        let reply = judge(&answer, sent, &self.redactor)?;
        if let Some(noise) = &reply.noise {
            tracing::warn!(host = answer.url.host_str(), noise = noise.describe(), "answer with noise");
            // Only the first is kept.
            let _ = self.noise.set(noise.clone());
        }
        Ok(reply)
    }

    /// Sends a write, once more where a web server sends every write to the site's other name: it has not passed
    /// the first one on.
    async fn write(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, OutboundError> {
        let first =
            Call { method: method.clone(), url: url.clone(), headers: headers.clone(), body: body.clone() };
        let answer = self.outbound.send(first).await?;
        match redirect_of(&answer).and_then(|to| on_the_other_name(&url, &to)) {
            Some(url) => self.outbound.send(Call { method, url, headers, body }).await,
            None => Ok(answer),
        }
    }

    fn headers(&self, extra: &[(HeaderName, &str)], has_body: bool) -> Result<HeaderMap, Failure> {
        let invalid =
            |_| Failure::new(FailureKind::Protocol, "invalid_request", "the credentials fit in no header");
        let mut headers = match &self.auth {
            Some(auth) => auth.headers().map_err(invalid)?,
            None => HeaderMap::new(),
        };
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if has_body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        }
        for (name, value) in extra {
            headers.insert(name.clone(), HeaderValue::from_str(value).map_err(invalid)?);
        }
        Ok(headers)
    }
}

/// The same route at another scheme, or with or without `www.`, where that is what a redirect means. Never another
/// site, another route, or plain http in place of https.
fn on_the_other_name(asked: &Url, to: &Url) -> Option<Url> {
    let same_route = asked.path().trim_end_matches('/') == to.path().trim_end_matches('/');
    let downgrades = asked.scheme() == "https" && to.scheme() != "https";
    if !same_site(asked, to) || !same_route || downgrades || asked.origin() == to.origin() {
        return None;
    }
    let mut there = asked.clone();
    there.set_scheme(to.scheme()).ok()?;
    there.set_host(to.host_str()).ok()?;
    there.set_port(to.port()).ok()?;
    Some(there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::www("http://www.a.example/wp-json/x", Some("http://www.a.example/wp-json/x?_fields=id"))]
    #[case::https("https://a.example/wp-json/x/?y=1", Some("https://a.example/wp-json/x?_fields=id"))]
    #[case::both("https://www.a.example/wp-json/x", Some("https://www.a.example/wp-json/x?_fields=id"))]
    #[case::same_place("http://a.example/wp-json/x", None)]
    #[case::another_site("https://b.example/wp-json/x", None)]
    #[case::subdomain("https://api.a.example/wp-json/x", None)]
    #[case::another_port("http://a.example:8080/wp-json/x", None)]
    #[case::another_route("https://a.example/wp-login.php", None)]
    fn only_the_sites_other_name_is_taken_for_the_site(#[case] to: Url, #[case] there: Option<&str>) {
        let asked: Url = "http://a.example/wp-json/x?_fields=id".parse().unwrap();
        assert_eq!(on_the_other_name(&asked, &to).as_ref().map(Url::as_str), there);
    }

    #[test]
    fn nothing_is_sent_in_the_clear_that_was_meant_to_be_encrypted() {
        let asked: Url = "https://a.example/wp-json/x".parse().unwrap();
        assert_eq!(on_the_other_name(&asked, &"http://www.a.example/wp-json/x".parse().unwrap()), None);
    }
}
