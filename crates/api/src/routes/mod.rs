//! The routes, in one table. Each is served with and without its trailing slash; a redirect would drop a body.

mod connection;
mod contents;
mod events;
mod integrations;
mod runs;
mod service;

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::BoxFuture;
use igny8_integration_domain::account::Caller;

use crate::answer::Answer;
use crate::problem::{Code, Problem};
use crate::request::{Call, body, judge};
use crate::state::ApiState;

/// Where the API begins.
pub const BASE_PATH: &str = "/api/v1/integration/";

/// Where every error code is explained.
pub const ERRORS_PATH: &str = "/api/v1/integration/docs/errors";

type Outcome = BoxFuture<'static, Result<Answer, Problem>>;

/// Who a route is for, and what it does.
#[derive(Clone, Copy)]
pub enum Handler {
    /// Somebody who is known.
    Signed(fn(Call) -> Outcome),
    /// Anybody; a person's session counts where one is sent.
    Open(fn(Call<Option<Caller>>) -> Outcome),
    /// Anybody, and nothing of the request matters.
    Plain(fn(ApiState) -> Outcome),
}

/// One line of the table.
#[derive(Clone)]
pub struct Endpoint {
    pub method: Method,
    /// The whole path, in its canonical form.
    pub path: String,
    /// How many bytes a body may have.
    pub limit: usize,
    pub handler: Handler,
}

macro_rules! endpoint {
    ($kind:ident $method:ident $path:expr => $handler:path) => {
        Endpoint {
            method: Method::$method,
            path: $path.to_owned(),
            limit: body::LIMIT,
            handler: Handler::$kind(|call| Box::pin($handler(call))),
        }
    };
}

macro_rules! signed {
    ($method:ident $path:literal => $handler:path) => {
        endpoint!(Signed $method concat!("/api/v1/integration/", $path) => $handler)
    };
}

/// Every route there is. A path with a parameter comes after the plain ones that it would match too.
pub fn table() -> Vec<Endpoint> {
    vec![
        endpoint!(Plain GET "/healthz" => service::healthz),
        endpoint!(Plain GET "/readyz" => service::readyz),
        endpoint!(Plain GET "/metrics" => service::metrics),
        signed!(GET "integrations/" => integrations::list),
        signed!(POST "integrations/" => integrations::create),
        endpoint!(Open POST "/api/v1/integration/integrations/test-connection/" => connection::onboard),
        signed!(GET "integrations/{id}/" => integrations::get),
        signed!(PUT "integrations/{id}/" => integrations::replace),
        signed!(PATCH "integrations/{id}/" => integrations::patch),
        signed!(DELETE "integrations/{id}/" => integrations::delete),
        signed!(POST "integrations/{id}/test_connection/" => connection::test),
        signed!(GET "integrations/{id}/sync_status/" => integrations::sync_status),
        signed!(POST "integrations/{id}/sync_wordpress_content/" => contents::pull),
        signed!(POST "integrations/{id}/sync/" => runs::start),
        signed!(POST "integrations/{id}/retry_failed/" => runs::retry_failed),
        signed!(GET "integrations/{id}/runs/" => runs::list),
        signed!(GET "integrations/{id}/runs/{run_id}/" => runs::get),
        signed!(POST "integrations/{id}/runs/{run_id}/cancel/" => runs::cancel),
        signed!(GET "integrations/{id}/events/" => events::list),
        signed!(GET "content/" => contents::list),
        signed!(POST "content/" => contents::create),
        signed!(GET "content/{id}/" => contents::get),
        signed!(PATCH "content/{id}/" => contents::patch),
        signed!(DELETE "content/{id}/" => contents::delete),
        signed!(POST "content/{id}/resolve/" => contents::resolve),
    ]
}

/// Registers every route of the table, and what answers where there is none.
pub fn configure(config: &mut ServiceConfig, state: &ApiState) {
    let table = table();
    let mut paths: Vec<&str> = table.iter().map(|endpoint| endpoint.path.as_str()).collect();
    paths.dedup();
    for path in paths {
        let here = table.iter().filter(|endpoint| endpoint.path == path);
        config.service(resource(path, here.cloned().collect(), state));
    }
    let state = state.clone();
    config.default_service(web::to(move |request: HttpRequest| {
        let response = judge::refuse_unrouted(Problem::not_found(), &state, &request);
        async { response }
    }));
}

fn resource(path: &str, endpoints: Vec<Endpoint>, state: &ApiState) -> actix_web::Resource {
    let allowed = allowed(&endpoints);
    let with_slash = format!("{}/", path.trim_end_matches('/'));
    let mut resource = web::resource([with_slash.as_str(), path.trim_end_matches('/')]);
    for endpoint in endpoints {
        if endpoint.method == Method::GET {
            resource = resource.route(route(Method::HEAD, endpoint.clone(), state));
        }
        resource = resource.route(route(endpoint.method.clone(), endpoint, state));
    }
    let options = allowed.clone();
    let resource = resource.route(web::method(Method::OPTIONS).to(move || {
        let response = HttpResponse::NoContent().insert_header((ALLOW, options.clone())).finish();
        async { response }
    }));
    let state = state.clone();
    resource.default_service(web::to(move |request: HttpRequest| {
        let problem = Problem::new(Code::MethodNotAllowed, "Allow names the methods of this path.");
        let response = judge::refuse_unrouted(problem.with_header(ALLOW, allowed.clone()), &state, &request);
        async { response }
    }))
}

fn route(method: Method, endpoint: Endpoint, state: &ApiState) -> actix_web::Route {
    let state = state.clone();
    web::method(method).to(move |request: HttpRequest, payload: Payload| {
        judge::answer(state.clone(), endpoint.clone(), request, payload)
    })
}

fn allowed(endpoints: &[Endpoint]) -> HeaderValue {
    let mut methods: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    HeaderValue::from_str(&methods.join(", ")).unwrap_or_else(|_| HeaderValue::from_static("OPTIONS"))
}
