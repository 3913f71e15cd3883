//! A judged request, as a route sees it. It can move between threads: nothing of the server's own is left in it.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::Bytes;
use igny8_integration_domain::account::Caller;
use igny8_integration_domain::id::InvalidId;
use igny8_integration_domain::service::IdempotencyKey;
use igny8_integration_domain::validation::FieldError;
use sha2::{Digest as _, Sha256};

use super::idempotency::SentKey;
use super::precondition::IfMatch;
use super::prefer;
use super::signature::SentSignature;
use crate::problem::Problem;
use crate::routes::BASE_PATH;
use crate::state::ApiState;
use crate::wire::list::ListAddress;
use crate::wire::query::Query;

const LAST_EVENT_ID: &str = "last-event-id";

/// One request. Where anybody may ask, `C` is an option.
pub struct Call<C = Caller> {
    pub state: ApiState,
    pub caller: C,
    pub sent: SentParts,
}

/// What was sent, but for who sent it.
pub struct SentParts {
    /// The values of the path's parameters, as text.
    path: Vec<(String, String)>,
    /// How the outside reaches this service.
    base: String,
    /// The canonical path, as it was asked for.
    target: String,
    /// Where it came from.
    pub client: IpAddr,
    pub query: Query,
    pub body: Bytes,
    pub if_match: IfMatch,
    /// How a delivery is signed.
    pub signature: SentSignature,
    sent_key: SentKey,
    /// The last event of a stream that the client has read.
    pub last_event_id: Option<String>,
    /// How long the client would wait for a run to end.
    pub wait: Option<Duration>,
}

impl SentParts {
    pub fn of(request: &HttpRequest, base: String, client: IpAddr, body: Bytes) -> Self {
        let path =
            request.match_info().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self {
            path,
            base,
            target: format!("{}/", request.path().trim_end_matches('/')),
            client,
            query: Query::of(request.query_string()),
            body,
            if_match: IfMatch::of(request.headers()),
            signature: SentSignature::of(request.headers()),
            sent_key: SentKey::of(request.headers()),
            last_event_id: last_event_id(request),
            wait: prefer::wait(request.headers()),
        }
    }

    /// An id in the path; what can't be one is refused before it is looked up.
    pub fn id<T>(&self, name: &str) -> Result<T, Problem>
    where
        T: std::str::FromStr<Err = InvalidId> + std::fmt::Display,
    {
        let text = self.path.iter().find(|(given, _)| given == name).map(|(_, text)| text.as_str());
        let id: T = text.unwrap_or_default().parse().map_err(|error: InvalidId| {
            Problem::invalid(vec![FieldError::new(name, "invalid", error.to_string())])
        })?;
        Ok(id)
    }

    /// What the sender calls this request, with what it asks.
    pub fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, Problem> {
        match &self.sent_key {
            SentKey::Absent => Ok(None),
            SentKey::Key(key) => Ok(Some(IdempotencyKey {
                key: key.clone(),
                path: self.target.clone(),
                body_hash: Sha256::digest(&self.body).into(),
            })),
            SentKey::Invalid => {
                let message = "must be one header of 1 to 255 visible ASCII characters";
                Err(Problem::invalid(vec![FieldError::new("Idempotency-Key", "invalid", message)]))
            }
        }
    }

    /// The list that was asked for.
    pub fn list_address(&self) -> ListAddress {
        ListAddress { url: format!("{}{}", self.base, self.target), query: self.query.clone() }
    }

    /// The absolute address of a thing, given below the API's base path.
    pub fn location(&self, path: &str) -> String {
        format!("{}{BASE_PATH}{path}", self.base)
    }
}

fn last_event_id(request: &HttpRequest) -> Option<String> {
    let sent = request.headers().get(LAST_EVENT_ID)?.to_str().ok()?.trim();
    (!sent.is_empty()).then(|| sent.to_owned())
}

impl<C> std::ops::Deref for Call<C> {
    type Target = SentParts;

    fn deref(&self) -> &SentParts {
        &self.sent
    }
}
