//! The order of judgement, once for every route. The router has found path (404) and method (405) by then.

use actix_web::http::Method;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};

use super::call::{Call, SentParts};
use super::id::RequestId;
use super::{accept, body, client, links};
use crate::answer::Answer;
use crate::auth::{Sent, authenticate};
use crate::problem::{Occurrence, Problem};
use crate::routes::{Endpoint, Handler, Judged, PlainCall};
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
    let outcome = match endpoint.handler {
        Handler::Plain(handler) => state.hand_over(handler(PlainCall::of(&state, &request))).await,
        Handler::Judged(handler) => judge(&state, handler, endpoint.limit, &request, payload, &base).await,
    };
    match outcome {
        Ok(answer) if request.method() == Method::HEAD => answer.head_alone().into_response(),
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
    handler: Judged,
    limit: usize,
    request: &HttpRequest,
    payload: Payload,
    base: &str,
) -> Result<Answer, Problem> {
    if state.is_draining() {
        return Err(Problem::busy());
    }
    if !matches!(handler, Judged::Streamed(_)) {
        accept::judge(request.headers())?;
    }
    let body = body::read(request, payload, limit).await?;
    let client = client::address(request, &state.settings().trusted_proxies);
    let sent = SentParts::of(request, base.to_owned(), client, body);
    state.hand_over(serve(state.clone(), handler, sent, Sent::of(request.headers()))).await
}

/// The part that asks the store: who calls, and what it wants.
async fn serve(
    state: ApiState,
    handler: Judged,
    sent: SentParts,
    credentials: Sent,
) -> Result<Answer, Problem> {
    match handler {
        Judged::Signed(handler) | Judged::Streamed(handler) => {
            let caller = authenticate::required(&state, &credentials).await?;
            let admission =
                throttle::admit(&state, Scope::Integration, vec![throttle::subject(&caller)]).await?;
            admission.on(handler(Call { state, caller, sent }).await)
        }
        Judged::Delivered(handler) => {
            let caller = authenticate::required(&state, &credentials).await?;
            let subjects = vec![throttle::site_subject(&caller)];
            let admission = throttle::admit(&state, Scope::Webhooks, subjects).await?;
            admission.on(handler(Call { state, caller, sent }).await)
        }
        Judged::Open(handler) => {
            let caller = authenticate::person(&state, &credentials).await?;
            handler(Call { state, caller, sent }).await
        }
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
