//! From the table to the server's router.

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, Route};

use super::{Endpoint, table};
use crate::problem::{Code, Problem};
use crate::request::judge;
use crate::state::ApiState;

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

fn resource(path: &str, endpoints: Vec<Endpoint>, state: &ApiState) -> Resource {
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

fn route(method: Method, endpoint: Endpoint, state: &ApiState) -> Route {
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
