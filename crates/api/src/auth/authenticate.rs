//! From what was sent to who it is.

use std::sync::Arc;

use igny8_integration_domain::account::Caller;
use igny8_integration_domain::service::{ServiceError, SessionError};
use secrecy::SecretString;
use tracing::Span;

use super::{Sent, TokenError};
use crate::problem::{Code, Problem};
use crate::state::ApiState;

/// Somebody must be known.
pub async fn required(state: &ApiState, sent: &Sent) -> Result<Caller, Problem> {
    let caller = match sent {
        Sent::Nothing => {
            let detail = "Send a session token or a site's API key as Authorization: Bearer.";
            return Err(Problem::unauthenticated(Code::NotAuthenticated, detail, false));
        }
        Sent::Unreadable => return Err(refused()),
        Sent::Token(token) => person_of(state, token).await?,
        Sent::SiteKey(key) => state.sessions().site_key(key).await.map_err(problem)?,
    };
    record(&caller);
    Ok(caller)
}

/// A person where a session was sent, else anybody: what else a request shows is its route's to judge.
pub async fn person(state: &ApiState, sent: &Sent) -> Result<Option<Caller>, Problem> {
    let Sent::Token(token) = sent else { return Ok(None) };
    let caller = person_of(state, token).await?;
    record(&caller);
    Ok(Some(caller))
}

async fn person_of(state: &ApiState, token: &SecretString) -> Result<Caller, Problem> {
    let user = state.tokens().check(token).await.map_err(|error| match error {
        TokenError::Expired => {
            Problem::unauthenticated(Code::TokenExpired, "Get a new token and send the request again.", true)
        }
        TokenError::Invalid => refused(),
        TokenError::KeysUnavailable(_) => Problem::unavailable(error),
    })?;
    state.sessions().user(user).await.map_err(problem)
}

fn refused() -> Problem {
    Problem::unauthenticated(Code::NotAuthenticated, "The credentials are not valid.", true)
}

fn problem(error: Arc<SessionError>) -> Problem {
    match &*error {
        SessionError::NotAuthenticated => refused(),
        SessionError::Inactive => ServiceError::Inactive.into(),
        SessionError::Failed(ServiceError::Unavailable(_)) => Problem::unavailable(error),
        SessionError::Failed(_) => Problem::internal(error),
    }
}

/// Says in the log who it was.
fn record(caller: &Caller) {
    let span = Span::current();
    match caller {
        Caller::User { user_id, .. } => span.record("caller", format!("user:{user_id}")),
        Caller::SiteKey { key_id, .. } => span.record("caller", format!("site_key:{key_id}")),
        Caller::System(_) => span.record("caller", "service"),
    };
    if let Some(account) = caller.account_id() {
        span.record("account.id", account.get());
    }
}
