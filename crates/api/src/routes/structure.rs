//! What a site consists of: its plugin pushes it, a person chooses from it.

use igny8_integration_domain::account::{Need, Role};
use igny8_integration_domain::service::StructureView;

use super::integrations::{EDITOR, admitted, expected};
use crate::answer::Answer;
use crate::problem::Problem;
use crate::request::Call;
use crate::wire::body;
use crate::wire::structure::{self, ContentTypesResponse, StructureStoredResponse};

/// Stores what was pushed.
pub async fn push(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, Need::PersonOrPlugin(Role::Editor)).await?;
    let (pushed, site_url) = body::read(&call.body, structure::push)?;
    let structures = &call.state.services().structures;
    let stored = structures.store(&call.caller, id, pushed, site_url.as_ref()).await?;
    Answer::ok(&StructureStoredResponse::from(stored))
}

pub async fn get(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, Need::PersonOrPlugin(Role::Viewer)).await?;
    shown(call.state.services().structures.get(&call.caller, id).await?)
}

/// Switches types on or off, and limits them.
pub async fn choose(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, EDITOR).await?;
    let choices = body::read(&call.body, |body| Some(structure::choices(body)))?;
    let expected = expected(&call, id).await?;
    shown(call.state.services().structures.choose(&call.caller, id, expected, &choices).await?)
}

fn shown(view: StructureView) -> Result<Answer, Problem> {
    let version = view.version;
    Answer::ok(&ContentTypesResponse::from(view))?.tagged(version)
}
