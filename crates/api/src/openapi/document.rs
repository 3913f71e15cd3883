//! The whole document.

use std::collections::BTreeMap;

use actix_web::http::Method;
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, PathItem, PathItemBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{Components, ComponentsBuilder};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Ref, Required, Response,
    ResponseBuilder, SecurityRequirement,
};

use super::doc::{Doc, Success};
use super::parameter::{in_header, in_path};
use crate::auth::API_KEY_HEADER;
use crate::problem::{self, Code};
use crate::routes::{Endpoint, Handler, Judged, table};
use crate::wire::problem::ProblemResponse;

const SESSION: &str = "session";
const SITE_KEY: &str = "site_key";
const SITE_KEY_HEADER: &str = "site_key_header";

/// Every route of the table, described.
pub fn document() -> OpenApi {
    let mut paths: BTreeMap<String, PathItemBuilder> = BTreeMap::new();
    let mut components = ComponentsBuilder::new().schema_from::<ProblemResponse>();
    for endpoint in table() {
        let doc = (endpoint.doc)();
        let operation = operation(&endpoint, &doc);
        components = components.schemas_from_iter(doc.schemas);
        let Some(method) = method(&endpoint.method) else { continue };
        let item = paths.remove(&endpoint.path).unwrap_or_default();
        paths.insert(endpoint.path, item.operation(method, operation));
    }
    let add =
        |all: PathsBuilder, (path, item): (String, PathItemBuilder)| all.path(path, PathItem::from(item));
    let paths = paths.into_iter().fold(PathsBuilder::new(), add);
    let info = InfoBuilder::new().title("igny8 integration").version(env!("CARGO_PKG_VERSION")).description(
        Some("Connects igny8 to the sites that its accounts own. Every error is an RFC 9457 problem."),
    );
    OpenApiBuilder::new().info(info.build()).paths(paths).components(Some(secured(components))).build()
}

fn secured(components: ComponentsBuilder) -> Components {
    let bearer = |description: &str| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description));
        SecurityScheme::Http(scheme.build())
    };
    let key = ApiKeyValue::with_description(
        API_KEY_HEADER.as_str(),
        "A site's key, for hosts that strip Authorization.",
    );
    components
        .security_scheme(SESSION, bearer("A person's app session: a JSON Web Token."))
        .security_scheme(SITE_KEY, bearer("A site's key."))
        .security_scheme(SITE_KEY_HEADER, SecurityScheme::ApiKey(ApiKey::Header(key)))
        .build()
}

fn method(method: &Method) -> Option<HttpMethod> {
    match *method {
        Method::GET => Some(HttpMethod::Get),
        Method::POST => Some(HttpMethod::Post),
        Method::PUT => Some(HttpMethod::Put),
        Method::PATCH => Some(HttpMethod::Patch),
        Method::DELETE => Some(HttpMethod::Delete),
        _ => None,
    }
}

fn operation(endpoint: &Endpoint, doc: &Doc) -> Operation {
    let mut operation = OperationBuilder::new()
        .tag(doc.tag)
        .summary(Some(doc.summary))
        .operation_id(Some(operation_id(endpoint)))
        .request_body(doc.body.as_ref().map(|_| body(doc)));
    for name in path_parameters(&endpoint.path) {
        operation = operation.parameter(in_path(name));
    }
    for parameter in &doc.query {
        operation = operation.parameter(parameter.shown());
    }
    for (name, description) in &doc.headers {
        operation = operation.parameter(in_header(name, description));
    }
    for success in &doc.successes {
        operation = operation.response(success.status.as_str(), shown(success));
    }
    for (status, codes) in problems(endpoint, doc) {
        operation = operation.response(status.to_string(), refused(&codes));
    }
    let operation = callers(endpoint, doc).into_iter().fold(operation, OperationBuilder::security);
    operation.build()
}

/// Who may call it; the empty one is anybody.
fn callers(endpoint: &Endpoint, doc: &Doc) -> Vec<SecurityRequirement> {
    let by = |scheme| SecurityRequirement::new(scheme, Vec::<String>::new());
    let plugin = [by(SITE_KEY), by(SITE_KEY_HEADER)];
    match endpoint.handler {
        Handler::Judged(Judged::Delivered(_)) => plugin.into(),
        Handler::Judged(Judged::Signed(_) | Judged::Streamed(_)) => {
            let plugin = plugin.into_iter().filter(|_| doc.for_plugin);
            std::iter::once(by(SESSION)).chain(plugin).collect()
        }
        Handler::Judged(Judged::Open(_)) => vec![SecurityRequirement::default(), by(SESSION)],
        Handler::Plain(_) => vec![SecurityRequirement::default()],
    }
}

/// `get_integrations_id_runs`: from method and path, so that it never moves with the code.
fn operation_id(endpoint: &Endpoint) -> String {
    let path = endpoint.path.trim_start_matches(crate::routes::BASE_PATH).trim_matches('/');
    let words = path.split(['/', '-', '.']).map(|part| part.trim_matches(['{', '}']));
    let method = endpoint.method.as_str().to_ascii_lowercase();
    std::iter::once(method.as_str()).chain(words).collect::<Vec<_>>().join("_")
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn body(doc: &Doc) -> RequestBody {
    let content = ContentBuilder::new().schema(doc.body.clone()).build();
    let required = if doc.body_required { Required::True } else { Required::False };
    RequestBodyBuilder::new().content("application/json", content).required(Some(required)).build()
}

fn shown(success: &Success) -> Response {
    let response = ResponseBuilder::new().description(success.status.canonical_reason().unwrap_or_default());
    match &success.body {
        Some(body) => response
            .content(success.content_type, ContentBuilder::new().schema(Some(body.clone())).build())
            .build(),
        None => response.build(),
    }
}

/// Every code that the route may refuse with, by status.
fn problems(endpoint: &Endpoint, doc: &Doc) -> BTreeMap<u16, Vec<Code>> {
    let mut codes = doc.problems.clone();
    if path_parameters(&endpoint.path).next().is_some() {
        codes.extend([Code::ValidationError, Code::NotFound]);
    }
    match endpoint.handler {
        Handler::Plain(_) => {}
        Handler::Judged(Judged::Signed(_) | Judged::Streamed(_)) => {
            codes.extend([Code::NotAuthenticated, Code::TokenExpired]);
            codes.extend([Code::Inactive, Code::InsufficientRole, Code::NotForThisCaller, Code::Throttled]);
        }
        Handler::Judged(Judged::Delivered(_)) => {
            codes.extend([Code::NotAuthenticated, Code::TokenExpired, Code::InvalidSignature]);
            codes.extend([Code::Inactive, Code::NotForThisCaller, Code::Throttled]);
        }
        Handler::Judged(Judged::Open(_)) => {
            codes.extend([Code::NotAuthenticated, Code::TokenExpired, Code::Inactive, Code::Throttled]);
        }
    }
    if !matches!(endpoint.handler, Handler::Plain(_)) {
        codes.extend([Code::PayloadTooLarge, Code::InternalError, Code::Unavailable]);
        if !matches!(endpoint.handler, Handler::Judged(Judged::Streamed(_))) {
            codes.push(Code::NotAcceptable);
        }
        if [Method::POST, Method::PUT, Method::PATCH].contains(&endpoint.method) {
            codes.extend([Code::UnsupportedMediaType, Code::ValidationError, Code::MalformedJson]);
        }
    }
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let listed = by_status.entry(code.status().as_u16()).or_default();
        if !listed.contains(&code) {
            listed.push(code);
        }
    }
    by_status
}

fn refused(codes: &[Code]) -> Response {
    let described: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.title())).collect();
    let schema = Ref::from_schema_name(ProblemResponse::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(described.join("; ")).content(problem::CONTENT_TYPE, content).build()
}
