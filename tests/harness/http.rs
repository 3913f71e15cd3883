//! An HTTP client that speaks the contract's dialect.

use anyhow::{Context as _, ensure};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// Somebody who calls the API: a base address and, unless anonymous, a bearer token.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    bearer: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Null where there is none or it is no JSON.
    pub body: Value,
    pub text: String,
}

impl Client {
    pub fn anonymous(origin: &str) -> anyhow::Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "tests call the service under test, not customers' sites"
        )]
        let builder = reqwest::Client::builder();
        let http = builder.redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
        Ok(Self { http, base: format!("{origin}/api/v1/integration/"), bearer: None })
    }

    pub fn bearer(&self, token: &str) -> Self {
        Self { bearer: Some(token.to_owned()), ..self.clone() }
    }

    /// The same caller of a service that moved to another address.
    pub fn at(&self, origin: &str) -> anyhow::Result<Self> {
        Ok(Self { bearer: self.bearer.clone(), ..Self::anonymous(origin)? })
    }

    /// A request to a path under the API's base, or to one that begins with `/`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let origin = self.base.trim_end_matches("/api/v1/integration/");
        let url =
            if path.starts_with('/') { format!("{origin}{path}") } else { format!("{}{path}", self.base) };
        let request = self.http.request(method, url);
        match &self.bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn delete(&self, path: &str) -> anyhow::Result<Answer> {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        Answer::of(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        Answer::of(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        Answer::of(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn patch_if(&self, path: &str, etag: &str, body: &Value) -> anyhow::Result<Answer> {
        Answer::of(self.request(Method::PATCH, path).header("if-match", etag).json(body)).await
    }
}

impl Answer {
    pub async fn of(request: RequestBuilder) -> anyhow::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Self { status, headers, body, text })
    }

    /// The body, where the status is the expected one.
    pub fn expect(&self, status: u16) -> anyhow::Result<&Value> {
        ensure!(self.status.as_u16() == status, "expected {status}, got {}: {}", self.status, self.text);
        Ok(&self.body)
    }

    /// A problem of that status and code, in the contract's form. Answers its body.
    pub fn problem(&self, status: u16, code: &str) -> anyhow::Result<&Value> {
        let body = self.expect(status)?;
        ensure!(self.header("content-type")? == "application/problem+json", "{:?}", self.headers);
        ensure!(body["code"] == code, "expected {code}: {}", self.text);
        ensure!(body["status"] == status, "{}", self.text);
        for field in ["type", "title", "detail", "request_id"] {
            ensure!(body[field].is_string(), "{field} is missing: {}", self.text);
        }
        Ok(body)
    }

    /// A 400 from validation that names exactly these fields.
    pub fn names_fields(&self, fields: &[&str]) -> anyhow::Result<()> {
        let body = self.problem(400, "validation_error")?;
        let errors = body["errors"].as_array().context("errors")?;
        let mut named: Vec<_> = errors.iter().filter_map(|error| error["field"].as_str()).collect();
        named.sort_unstable();
        named.dedup();
        let mut expected = fields.to_vec();
        expected.sort_unstable();
        ensure!(named == expected, "expected {expected:?}: {}", self.text);
        Ok(())
    }

    pub fn header(&self, name: &str) -> anyhow::Result<&str> {
        let name = HeaderName::try_from(name)?;
        let value = self.headers.get(&name).map(HeaderValue::to_str);
        Ok(value.with_context(|| format!("{name} is missing: {:?}", self.headers))??)
    }

    pub fn etag(&self) -> anyhow::Result<&str> {
        self.header("etag")
    }
}
