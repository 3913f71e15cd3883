//! Everything that goes wrong, as RFC 9457 problem details. [`Code`] is the catalogue, [`Problem`] one occurrence,
//! `service` the one map from the domain's errors, `render` what goes on the wire.

mod code;
mod render;
mod service;

use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use igny8_integration_domain::validation::FieldError;
use serde_json::{Map, Value};

pub use code::Code;
pub use render::{CONTENT_TYPE, Occurrence};

/// How soon a client may ask again after a 503, in seconds.
const RETRY_AFTER_SECONDS: u32 = 5;

/// One thing that went wrong, on its way to a client. Small, because every route's result may be one.
#[derive(Debug)]
pub struct Problem {
    pub code: Code,
    particulars: Box<Particulars>,
}

#[derive(Debug, Default)]
struct Particulars {
    /// For a person. A 5xx says nothing of its cause: that is logged.
    detail: String,
    errors: Vec<FieldError>,
    /// More members, where the contract has them.
    more: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Why, for the log.
    cause: Option<anyhow::Error>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let particulars = Particulars { detail: detail.into(), ..Particulars::default() };
        Self { code, particulars: Box::new(particulars) }
    }

    /// What is wrong with the input, field by field.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{}: {}", only.field, only.message),
            _ => format!("{} fields are not valid", errors.len()),
        };
        let mut problem = Self::new(Code::ValidationError, detail);
        problem.particulars.errors = errors;
        problem
    }

    /// No such thing, or not for this caller: the two must read alike.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is no such thing here.")
    }

    /// No credentials, or bad ones. `sent` tells which, for the challenge.
    pub fn unauthenticated(code: Code, detail: &str, sent: bool) -> Self {
        let challenge = if sent { "Bearer error=\"invalid_token\"" } else { "Bearer" };
        Self::new(code, detail).with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// All or nothing happened; a repeat is harmless.
    pub fn unavailable(cause: impl Into<anyhow::Error>) -> Self {
        Self::busy().because(cause)
    }

    /// As [`Self::unavailable`], where there is nothing to log.
    pub fn busy() -> Self {
        let problem = Self::new(
            Code::Unavailable,
            "Please try again. All of it happened or nothing; a repeat is harmless.",
        );
        problem.with_header(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS))
    }

    /// A bug, or a row that makes no sense.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(Code::InternalError, "The error was recorded under the request id.").because(cause)
    }

    fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.particulars.cause = Some(cause.into());
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.particulars.headers.push((name, value));
        self
    }

    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.particulars.more.insert(member.to_owned(), value.into());
        self
    }
}
