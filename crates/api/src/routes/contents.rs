//! The writer's side.

use super::integrations::{EDITOR, admitted};
use crate::answer::Answer;
use crate::problem::Problem;
use crate::request::Call;
use crate::wire::body;
use crate::wire::content::PulledResponse;

/// Pulls one content from its site, now.
pub async fn pull(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, EDITOR).await?;
    let content = body::read(&call.body, |body| body.id("content_id").required())?;
    let pulled = call.state.services().content_sync.pull_one(&call.caller, id, content).await?;
    Answer::ok(&PulledResponse::from(pulled))
}
