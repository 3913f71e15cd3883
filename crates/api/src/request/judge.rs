//! The order of judgement, once for every route. The router has found path (404) and method (405) by then.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use super::call::{Call, SentParts};
use super::id::RequestId;
use super::{accept, body, client, links};
use crate::answer::Answer;
use crate::auth::{Sent, authenticate};
use crate::problem::{Occurrence, Problem};
use crate::routes::{Endpoint, Handler};
use crate::state::ApiState;
use crate::throttle::{self, Scope};

/// Judges a request and lets its route answer.
pub async fn answer(
    state: ApiState,
    endpoint: Endpoint,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let base = base(&state, &request);
    match judge(&state, &endpoint, &request, payload, &base).await {
        Ok(answer) => answer.into_response(),
        Err(problem) => refuse(problem, &request, &base),
    }
}

/// Answers a request that no route takes.
pub fn refuse_unrouted(problem: Problem, state: &ApiState, request: &HttpRequest) -> HttpResponse {
    refuse(problem, request, &base(state, request))
}

async fn judge(
    state: &ApiState,
    endpoint: &Endpoint,
    request: &HttpRequest,
    payload: Payload,
    base: &str,
) -> Result<Answer, Problem> {
    if let Handler::Plain(handler) = endpoint.handler {
        return state.hand_over(handler(state.clone())).await;
    }
    if state.is_draining() {
        return Err(Problem::busy());
    }
    accept::judge(request.headers())?;
    let body = body::read(request, payload, endpoint.limit).await?;
    let client = client::address(request, &state.settings().trusted_proxies);
    let sent = SentParts::of(request, base.to_owned(), client, body);
    let credentials = Sent::of(request.headers());
    state.hand_over(serve(state.clone(), endpoint.handler, sent, credentials)).await
}

/// The part that asks the store: who calls, and what it wants.
async fn serve(
    state: ApiState,
    handler: Handler,
    sent: SentParts,
    credentials: Sent,
) -> Result<Answer, Problem> {
    match handler {
        Handler::Signed(handler) => {
            let caller = authenticate::required(&state, &credentials).await?;
            let admission =
                throttle::admit(&state, Scope::Integration, vec![throttle::subject(&caller)]).await?;
            admission.on(handler(Call { state, caller, sent }).await)
        }
        Handler::Open(handler) => {
            let caller = authenticate::person(&state, &credentials).await?;
            handler(Call { state, caller, sent }).await
        }
        Handler::Plain(handler) => handler(state).await,
    }
}

fn base(state: &ApiState, request: &HttpRequest) -> String {
    let settings = state.settings();
    links::base(request, settings.public_url.as_ref(), &settings.trusted_proxies)
}

fn refuse(problem: Problem, request: &HttpRequest, base: &str) -> HttpResponse {
    let id = RequestId::of(request);
    problem.into_response(&Occurrence { request_id: id.as_str(), base })
}
