//! What a route answers, before it is the server's own response.

use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use actix_web::web::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::stream;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use crate::problem::Problem;
use crate::request::precondition;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A status, headers and a body. Can move between threads.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Whole(Vec<u8>),
    /// What comes out of the channel, as it comes, until it closes.
    Events(mpsc::Receiver<Bytes>),
}

impl Answer {
    /// JSON.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body).map_err(Problem::internal)?;
        Ok(Self { status, headers: vec![(CONTENT_TYPE, JSON)], body: Body::Whole(body) })
    }

    /// 200 and JSON.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, body)
    }

    /// 204.
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: Vec::new(), body: Body::Whole(Vec::new()) }
    }

    /// Text of another type.
    pub fn text(status: StatusCode, content_type: &'static str, body: String) -> Self {
        let headers = vec![(CONTENT_TYPE, HeaderValue::from_static(content_type))];
        Self { status, headers, body: Body::Whole(body.into_bytes()) }
    }

    /// 200 and a file.
    pub fn bytes(content_type: &str, body: Vec<u8>) -> Result<Self, Problem> {
        let content_type = HeaderValue::from_str(content_type).map_err(Problem::internal)?;
        Ok(Self {
            status: StatusCode::OK,
            headers: vec![(CONTENT_TYPE, content_type)],
            body: Body::Whole(body),
        })
    }

    /// 200 and server-sent events. No proxy on the way may keep them or hold them back.
    pub fn events(events: mpsc::Receiver<Bytes>) -> Self {
        let of = HeaderValue::from_static;
        let headers = vec![
            (CONTENT_TYPE, of("text/event-stream")),
            (CACHE_CONTROL, of("no-store, no-transform")),
            (HeaderName::from_static("x-accel-buffering"), of("no")),
        ];
        Self { status: StatusCode::OK, headers, body: Body::Events(events) }
    }

    /// The same without events: who asks for the head alone would wait for nothing.
    #[must_use]
    pub fn head_alone(self) -> Self {
        match self.body {
            Body::Whole(_) => self,
            Body::Events(_) => Self { body: Body::Whole(Vec::new()), ..self },
        }
    }

    /// Where the thing is.
    pub fn at(self, location: &str) -> Result<Self, Problem> {
        let location = HeaderValue::from_str(location).map_err(Problem::internal)?;
        Ok(self.with(LOCATION, location))
    }

    /// The tag of the row's version.
    pub fn tagged(self, version: i64) -> Result<Self, Problem> {
        let tag = HeaderValue::from_str(&precondition::tag(version)).map_err(Problem::internal)?;
        Ok(self.with(ETAG, tag))
    }

    /// A tag that moves with the body.
    pub fn tagged_by_body(self) -> Result<Self, Problem> {
        let Body::Whole(body) = &self.body else { return Ok(self) };
        let digest = Sha256::digest(body);
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest.get(..12).unwrap_or_default()));
        let tag = HeaderValue::from_str(&tag).map_err(Problem::internal)?;
        Ok(self.with(ETAG, tag))
    }

    /// It holds a secret.
    #[must_use]
    pub fn no_store(self) -> Self {
        self.with(CACHE_CONTROL, HeaderValue::from_static("no-store"))
    }

    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub fn into_response(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        for header in self.headers {
            response.insert_header(header);
        }
        match self.body {
            Body::Whole(body) => response.body(body),
            Body::Events(events) => response.streaming(stream::unfold(events, |mut events| async {
                let event = events.recv().await?;
                Some((Ok::<_, Infallible>(event), events))
            })),
        }
    }
}
