//! `serve` and `worker`: start in order, stop in order.

mod announce;

use std::net::TcpListener;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use igny8_integration_api::{ApiState, MemoryThrottle, Parts, Runtime, Settings};
use serde_json::json;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::announce::announce;
use crate::cli::ServeArgs;
use crate::config::Config;
use crate::metrics;
use crate::node::Node;
use crate::output::Output;
use crate::shutdown::Signals;

/// How long the end may take in all; whoever asked for it kills after 30 s.
const DRAIN: Duration = Duration::from_secs(25);

/// More of them only cost memory: the work is done on the main runtime.
const MOST_HTTP_WORKERS: usize = 8;

pub async fn serve(node: &Node, config: Config, arguments: &ServeArgs, output: Output) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let listener =
        TcpListener::bind(config.bind).with_context(|| format!("{} can't be listened on", config.bind))?;
    let address = listener.local_addr()?;
    node.forbid_calls_to(address);

    let (stop, use_cases) = (CancellationToken::new(), TaskTracker::new());
    let runtime = Runtime { handle: Handle::current(), tracker: use_cases.clone(), draining: stop.clone() };
    let parts = Parts {
        settings: Settings {
            public_url: config.public_url.clone(),
            trusted_proxies: config.trusted_proxies.clone(),
            cors_origins: config.cors_origins.clone(),
            throttles: config.throttles,
            ..Settings::default()
        },
        services: node.services(),
        tokens: node.token_checker()?,
        storage: node.storage(),
        throttle: Arc::new(MemoryThrottle::default()),
        runtime,
        render_metrics: metrics::start()?,
    };
    let server = igny8_integration_api::serve(listener, ApiState::new(parts), http_workers())?;
    let handle = server.handle();
    let mut serving = tokio::spawn(server);
    let worker = if arguments.no_worker { None } else { Some(node.worker()?) };
    let worker = worker.map(|worker| tokio::spawn(worker.run(stop.clone())));
    announce(address, &config, arguments.ready_file.as_deref(), output)?;

    let outcome = tokio::select! {
        signal = signals.next() => {
            tracing::info!(signal, "stopping");
            Ok(())
        }
        ended = &mut serving => Err(match ended {
            Ok(Err(error)) => anyhow!(error).context("the server broke off"),
            _ => anyhow!("the server ended by itself"),
        }),
    };
    stop.cancel();
    let drained = tokio::time::timeout(DRAIN, async {
        handle.stop(true).await;
        use_cases.close();
        use_cases.wait().await;
        ended(worker).await;
    });
    if drained.await.is_ok() {
        tracing::info!("stopped");
    } else {
        tracing::warn!(
            "not everything ended in time; what is left goes on elsewhere when its lease runs out"
        );
    }
    outcome
}

/// A worker alone.
pub async fn work(node: &Node, output: Output) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let stop = CancellationToken::new();
    let worker = tokio::spawn(node.worker()?.run(stop.clone()));
    output.print(&json!({ "worker": node.name() }), &format!("worker {} waits for runs", node.name()));
    let signal = signals.next().await;
    tracing::info!(signal, "stopping");
    stop.cancel();
    if tokio::time::timeout(DRAIN, ended(Some(worker))).await.is_err() {
        tracing::warn!("the worker did not end in time; its runs go on elsewhere when their leases run out");
    }
    Ok(())
}

async fn ended(worker: Option<JoinHandle<()>>) {
    let Some(worker) = worker else { return };
    if let Err(error) = worker.await {
        tracing::error!(%error, "the worker broke off; its runs go on when their leases run out");
    }
}

fn http_workers() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST_HTTP_WORKERS)
}
