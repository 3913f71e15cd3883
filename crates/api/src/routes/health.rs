//! How well a connection is, and why.

use super::integrations::{EDITOR, admitted};
use crate::answer::Answer;
use crate::problem::Problem;
use crate::request::Call;
use crate::wire::debug_status::DebugStatusResponse;

pub async fn debug_status(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, EDITOR).await?;
    let events = call.query.read(|query| Some(query.boolean("include_events").unwrap_or(true)))?;
    let status = call.state.services().health.debug_status(&call.caller, id, events).await?;
    Ok(Answer::ok(&DebugStatusResponse::new(id, status))?.no_store())
}
