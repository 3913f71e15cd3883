//! The span of a request and its line in the log: no query (people search for names), no body, no credentials.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
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
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        let elapsed = outcome.as_ref().ok().and_then(|response| {
            let elapsed = response.request().extensions().get::<Started>()?.0.elapsed();
            measure(response, elapsed);
            Some(elapsed)
        });
        let duration_ms = elapsed.map(|elapsed| elapsed.as_secs_f64() * 1000.0);
        span.record("http.status_code", status.as_u16());
        span.record("otel.status_code", if status.is_server_error() { "ERROR" } else { "OK" });
        tracing::info!(status = status.as_u16(), duration_ms, "request");
    }
}

/// By route, never by path: whoever asks must not make series.
fn measure<B>(response: &ServiceResponse<B>, elapsed: Duration) {
    let request = response.request();
    let route = request.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let labels = [
        ("method", method_label(request.method())),
        ("route", Cow::Owned(route.trim_end_matches('/').to_owned())),
        ("status", Cow::Owned(response.status().as_u16().to_string())),
    ];
    metrics::histogram!("igny8_http_request_duration_seconds", &labels).record(elapsed.as_secs_f64());
}

/// A method can be any word.
fn method_label(method: &Method) -> Cow<'static, str> {
    match method.as_str() {
        "GET" => "GET".into(),
        "HEAD" => "HEAD".into(),
        "POST" => "POST".into(),
        "PUT" => "PUT".into(),
        "PATCH" => "PATCH".into(),
        "DELETE" => "DELETE".into(),
        "OPTIONS" => "OPTIONS".into(),
        _ => "other".into(),
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
