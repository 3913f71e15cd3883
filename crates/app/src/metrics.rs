//! Counters behind the `metrics` facade, written down for Prometheus.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusBuilder;

/// How often old samples are folded together; without it they pile up where nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// Call once; answers what writes them down.
pub fn start() -> anyhow::Result<Arc<dyn Fn() -> String + Send + Sync>> {
    let recorder = PrometheusBuilder::new().install_recorder().context("metrics were started twice")?;
    let upkeep = recorder.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    Ok(Arc::new(move || recorder.render()))
}
