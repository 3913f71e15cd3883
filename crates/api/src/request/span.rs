//! The span of a request and its line in the log: no query (people search for names), no body, no credentials.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName, USER_AGENT};
use actix_web::{Error, HttpMessage as _};
use opentelemetry::propagation::Extractor;
use tracing::Span;
use tracing::field::Empty;
use tracing_actix_web::RootSpanBuilder;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::id::RequestId;

/// When the server began with it.
struct Started(Instant);

pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = RequestId::assign(request);
        request.extensions_mut().insert(Started(Instant::now()));
        let route = request.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
        let agent =
            request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let method = request.method().as_str();
        let span = tracing::info_span!(
            "request",
            request_id = id.as_str(),
            http.method = method,
            http.route = route,
            http.path = request.path(),
            http.status_code = Empty,
            http.user_agent = agent,
            caller = Empty,
            account.id = Empty,
            integration.id = Empty,
            site.id = Empty,
            run.id = Empty,
            content.id = Empty,
            otel.name = format!("{method} {route}"),
            otel.kind = "server",
            otel.status_code = Empty,
        );
        let parent = opentelemetry::global::get_text_map_propagator(|propagator| {
            propagator.extract(&IncomingContext(request.headers()))
        });
        // It fails where no layer exports spans, and then there is nothing to connect.
        let _ = span.set_parent(parent);
        span
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let (status, duration_ms) = match outcome {
            Ok(response) => {
                let started =
                    response.request().extensions().get::<Started>().map(|started| started.0.elapsed());
                (response.status(), started.map(|elapsed| elapsed.as_secs_f64() * 1000.0))
            }
            Err(error) => (error.as_response_error().status_code(), None),
        };
        span.record("http.status_code", status.as_u16());
        span.record("otel.status_code", if status.is_server_error() { "ERROR" } else { "OK" });
        tracing::info!(status = status.as_u16(), duration_ms, "request");
    }
}

struct IncomingContext<'a>(&'a HeaderMap);

impl Extractor for IncomingContext<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
