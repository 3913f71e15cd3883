//! Is it alive, is it ready, how does it do: for whoever operates it.

use actix_web::http::StatusCode;
use serde_json::json;

use super::PlainCall;
use crate::answer::Answer;
use crate::problem::Problem;

/// The process answers.
pub async fn healthz(_: PlainCall) -> Result<Answer, Problem> {
    Answer::ok(&json!({"status": "ok"}))
}

/// The node takes requests: the database answers, its migrations are applied, and the node is not about to stop.
pub async fn readyz(PlainCall { state, .. }: PlainCall) -> Result<Answer, Problem> {
    if state.is_draining() {
        return Err(Problem::busy());
    }
    state.storage().check_ready().await.map_err(Problem::unavailable)?;
    Answer::ok(&json!({"status": "ok"}))
}

/// Prometheus's text format.
pub async fn metrics(PlainCall { state, .. }: PlainCall) -> Result<Answer, Problem> {
    Ok(Answer::text(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", state.metrics()))
}
