//! Runs: start one, look at it, stop it.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use igny8_integration_domain::account::{Need, Role};
use igny8_integration_domain::id::{IntegrationId, RunId};
use igny8_integration_domain::service::sync::StartSync;
use igny8_integration_domain::sync::SyncRun;

use super::integrations::{EDITOR, admitted};
use crate::answer::Answer;
use crate::problem::Problem;
use crate::request::Call;
use crate::request::prefer::PREFERENCE_APPLIED;
use crate::wire::body;
use crate::wire::list::{CursorList, CursorResponse};
use crate::wire::run::{self, RunResponse};

const VIEWER: Need = Need::Person(Role::Viewer);

/// How often a run is looked at while a client waits for its end: soon at first, then seldom.
const FIRST_LOOK: Duration = Duration::from_millis(25);
const LAST_LOOK: Duration = Duration::from_millis(500);

pub async fn start(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, EDITOR).await?;
    let asked = body::read_optional(&call.body, |body| Some(run::start(body)))?;
    let asked = StartSync { idempotency_key: call.idempotency_key()?, ..asked };
    let run = call.state.services().sync.start(&call.caller, id, asked).await?;
    started(&call, run).await
}

pub async fn retry_failed(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, EDITOR).await?;
    body::ignore(&call.body)?;
    let run = call.state.services().sync.retry_failed(&call.caller, id).await?;
    started(&call, run).await
}

pub async fn list(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, VIEWER).await?;
    let path = format!("integrations/{id}/runs/");
    let list = CursorList { path: &path, filters: &[] };
    let asked = call.query.read(|query| Some(list.read(&call.query, query)))?;
    let page = call.state.services().sync.list(&call.caller, id, asked.cursor, asked.limit).await?;
    let address = call.list_address();
    Answer::ok(&CursorResponse::new(list, &address, page, |run| run.id.get(), RunResponse::brief))
}

pub async fn get(call: Call) -> Result<Answer, Problem> {
    let (id, run) = ids(&call)?;
    let run = call.state.services().sync.get(&call.caller, id, run).await?;
    Answer::ok(&RunResponse::full(run))?.tagged_by_body()
}

pub async fn cancel(call: Call) -> Result<Answer, Problem> {
    let (id, run) = ids(&call)?;
    let before = call.state.services().sync.get(&call.caller, id, run).await?;
    call.caller.satisfies(EDITOR)?;
    body::ignore(&call.body)?;
    let run = call.state.services().sync.cancel(&call.caller, id, run).await?;
    let status = if before.status.is_final() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Answer::json(status, &RunResponse::full(run))
}

pub fn ids(call: &Call) -> Result<(IntegrationId, RunId), Problem> {
    let (id, run): (IntegrationId, RunId) = (call.id("id")?, call.id("run_id")?);
    let span = tracing::Span::current();
    span.record("integration.id", id.get());
    span.record("run.id", run.get());
    Ok((id, run))
}

/// 202 and the run; or 200 and its end, where the client would wait and it ends in time.
async fn started(call: &Call, run: SyncRun) -> Result<Answer, Problem> {
    tracing::Span::current().record("run.id", run.id.get());
    let location = call.location(&format!("integrations/{}/runs/{}/", run.integration_id, run.id));
    let run = match call.wait {
        Some(wait) => watch(call, run, wait).await?,
        None => run,
    };
    let (Some(wait), true) = (call.wait, run.status.is_final()) else {
        return Answer::json(StatusCode::ACCEPTED, &RunResponse::full(run))?.at(&location);
    };
    let applied = HeaderValue::from_str(&format!("wait={}", wait.as_secs())).map_err(Problem::internal)?;
    Ok(Answer::ok(&RunResponse::full(run))?.at(&location)?.with(PREFERENCE_APPLIED, applied))
}

/// Looks at the run until it ends, the time is over, or the node is to stop.
async fn watch(call: &Call, mut run: SyncRun, wait: Duration) -> Result<SyncRun, Problem> {
    let deadline = tokio::time::Instant::now() + wait;
    let mut pause = FIRST_LOOK;
    while !run.status.is_final() && tokio::time::Instant::now() < deadline && !call.state.is_draining() {
        tokio::time::sleep_until(deadline.min(tokio::time::Instant::now() + pause)).await;
        pause = (pause * 2).min(LAST_LOOK);
        run = match call.state.services().sync.get(&call.caller, run.integration_id, run.id).await {
            Ok(run) => run,
            // The run is queued whatever becomes of watching it, so that is what the client is told.
            Err(error) => {
                tracing::warn!(error = %error, "a run could not be watched");
                return Ok(run);
            }
        };
    }
    Ok(run)
}
