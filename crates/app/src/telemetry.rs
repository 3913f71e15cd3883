//! Logs on standard error and, where an endpoint is set, traces over OTLP.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
use opentelemetry_sdk::{Resource, runtime};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};
use url::Url;

use crate::config::{LogFormat, Telemetry};

const SERVICE: &str = env!("CARGO_PKG_NAME");

/// Ends with the process: sends the spans that still wait.
pub struct TelemetryGuard {
    traces: Option<SdkTracerProvider>,
}

impl TelemetryGuard {
    pub async fn shutdown(self) {
        let Some(traces) = self.traces else { return };
        // The processor waits for its task, so it must not hold a thread that the task needs.
        let ended = tokio::task::spawn_blocking(move || traces.shutdown()).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be sent");
        }
    }
}

/// Call once, inside the runtime.
pub fn start(telemetry: &Telemetry) -> anyhow::Result<TelemetryGuard> {
    let filter = EnvFilter::try_new(&telemetry.filter).context("IGNY8_LOG")?;
    let terminal = std::io::stderr().is_terminal();
    let format = telemetry.format.unwrap_or(if terminal { LogFormat::Pretty } else { LogFormat::Json });
    let lines = fmt::layer().with_writer(std::io::stderr);
    let logs = match format {
        LogFormat::Pretty => lines.with_ansi(terminal).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let traces = telemetry.otlp_endpoint.as_ref().map(tracer_provider).transpose()?;
    let spans = traces.as_ref().map(|provider| {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        tracing_opentelemetry::layer().with_tracer(provider.tracer(SERVICE))
    });
    let subscriber = tracing_subscriber::registry().with(filter).with(logs).with(spans);
    subscriber.try_init().context("logging was started twice")?;
    Ok(TelemetryGuard { traces })
}

/// An error with everything that led to it, for one field of a log line.
pub fn chain(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}

fn tracer_provider(endpoint: &Url) -> anyhow::Result<SdkTracerProvider> {
    // The variable names the collector; the path of the signal is the sender's to add.
    let traces = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_endpoint(traces).build();
    let exporter = exporter.context("OTEL_EXPORTER_OTLP_ENDPOINT")?;
    Ok(SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name(SERVICE).build())
        .with_span_processor(BatchSpanProcessor::builder(exporter, runtime::Tokio).build())
        .build())
}
