//! The server: the app of each worker, and what is around every route.

use std::net::TcpListener;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::middleware::{Condition, Next, from_fn};
use actix_web::{App, Error, HttpServer};
use tracing_actix_web::TracingLogger;

use crate::problem::{self, Code, Problem};
use crate::request::id::{self, RequestId};
use crate::request::judge;
use crate::request::span::RequestSpan;
use crate::routes;
use crate::state::{ApiState, Settings};

/// How long a client may take for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the rest of a refused body is drained, so that the client reads the answer before the end.
const LINGER: Duration = Duration::from_secs(3);
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long requests under way may take once the server stops, in seconds.
const SHUTDOWN_SECONDS: u64 = 20;

/// Serves on `listener` until the handle of the server stops it (`stop(true)` lets requests under way finish). It
/// takes no signals: whoever started it decides. Call it on the main runtime.
pub fn serve(listener: TcpListener, state: ApiState, workers: usize) -> std::io::Result<Server> {
    let app = move || {
        let state = state.clone();
        let cors = Condition::new(!state.settings().cors_origins.is_empty(), cors(state.settings()));
        let around = state.clone();
        App::new()
            .wrap(cors)
            .wrap(from_fn(move |request, next| finish(around.clone(), request, next)))
            .wrap(TracingLogger::<RequestSpan>::new())
            .configure(|config| routes::configure(config, &state))
    };
    let server = HttpServer::new(app)
        .workers(workers)
        .disable_signals()
        // Who closes its end is gone: what it was being told (a run's events) has nobody to hear it.
        .h1_allow_half_closed(false)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(LINGER)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .listen(listener)?
        .run();
    Ok(server)
}

fn cors(settings: &Settings) -> Cors {
    let cors = settings.cors_origins.iter().fold(Cors::default(), |cors, origin| cors.allowed_origin(origin));
    cors.allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
        .allow_any_header()
        .expose_headers(["etag", "location", "retry-after", "ratelimit", "ratelimit-policy", "x-request-id"])
        .max_age(600)
        // Who is no browser of the app is answered all the same, without leave to read it in a browser.
        .block_on_origin_mismatch(false)
}

/// Puts the request's id on every response, and makes a problem of what the framework refused by itself.
async fn finish<B: MessageBody + 'static>(
    state: ApiState,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = RequestId::of(&request);
    let mut response = next.call(request).await?.map_into_boxed_body();
    if is_bare_error(&response) {
        let problem = Problem::new(Code::of_status(response.status()), "The request was refused.");
        let refused = judge::refuse_unrouted(problem, &state, response.request());
        response = response.map_body(|head, _| {
            head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(problem::CONTENT_TYPE));
            refused.into_body()
        });
    }
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(id::HEADER, value);
    }
    Ok(response)
}

fn is_bare_error(response: &ServiceResponse<BoxBody>) -> bool {
    let status = response.status();
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == problem::CONTENT_TYPE);
    (status.is_client_error() || status.is_server_error()) && !is_problem
}
