//! Integrations: list, make, show, change, delete.

use actix_web::http::StatusCode;
use igny8_integration_domain::account::{Need, Role};
use igny8_integration_domain::id::IntegrationId;
use igny8_integration_domain::service::integration::IntegrationView;

use crate::answer::Answer;
use crate::problem::Problem;
use crate::request::Call;
use crate::request::precondition::IfMatch;
use crate::wire::body;
use crate::wire::integration::{self, IntegrationResponse};
use crate::wire::list::PageResponse;
use crate::wire::sync_status::SyncStatusResponse;

/// What most routes here ask of their caller.
pub const EDITOR: Need = Need::Person(Role::Editor);

/// The integration that the path names, after the caller was judged by it.
pub async fn admitted(call: &Call, need: Need) -> Result<IntegrationId, Problem> {
    let id: IntegrationId = call.id("id")?;
    tracing::Span::current().record("integration.id", id.get());
    call.state.services().integrations.authorize(&call.caller, id, need).await?;
    Ok(id)
}

pub async fn list(call: Call) -> Result<Answer, Problem> {
    call.caller.satisfies(EDITOR)?;
    let (filter, page) = call.query.read(|query| Some((integration::filter(query), query.page())))?;
    let found = call.state.services().integrations.list(&call.caller, filter, page).await?;
    Answer::ok(&PageResponse::new(&call.list_address(), page, found, IntegrationResponse::masked)?)
}

pub async fn create(call: Call) -> Result<Answer, Problem> {
    call.caller.satisfies(EDITOR)?;
    let command = body::read(&call.body, integration::create)?;
    let key = call.idempotency_key()?;
    let made = call.state.services().integrations.create_once(&call.caller, &command, key.as_ref()).await?;
    let location = call.location(&format!("integrations/{}/", made.integration.id));
    shown(StatusCode::CREATED, made)?.at(&location)
}

pub async fn get(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, EDITOR).await?;
    shown(StatusCode::OK, call.state.services().integrations.get(&call.caller, id).await?)
}

pub async fn replace(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, EDITOR).await?;
    let command = body::read(&call.body, |body| Some(integration::replace(body)))?;
    let expected = expected(&call, id).await?;
    let changed = call.state.services().integrations.replace(&call.caller, id, expected, &command).await?;
    shown(StatusCode::OK, changed)
}

pub async fn patch(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, EDITOR).await?;
    let command = body::read(&call.body, |body| Some(integration::patch(body)))?;
    let expected = expected(&call, id).await?;
    let changed = call.state.services().integrations.patch(&call.caller, id, expected, &command).await?;
    shown(StatusCode::OK, changed)
}

pub async fn delete(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, EDITOR).await?;
    let expected = expected(&call, id).await?;
    call.state.services().integrations.delete(&call.caller, id, expected).await?;
    Ok(Answer::no_content())
}

/// Where its syncing stands: for its site's plugin too.
pub async fn sync_status(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, Need::PersonOrPlugin(Role::Viewer)).await?;
    let overview = call.state.services().integrations.sync_status(&call.caller, id).await?;
    Answer::ok(&SyncStatusResponse::from(overview))
}

/// One, with its key and its tag.
fn shown(status: StatusCode, view: IntegrationView) -> Result<Answer, Problem> {
    let version = view.integration.version;
    Ok(Answer::json(status, &IntegrationResponse::full(view))?.tagged(version)?.no_store())
}

/// The version that the client's `If-Match` comes down to.
pub async fn expected(call: &Call, id: IntegrationId) -> Result<Option<i64>, Problem> {
    match &call.if_match {
        IfMatch::Versions(versions) if versions.len() > 1 => {
            let now = call.state.services().integrations.get(&call.caller, id).await?.integration.version;
            Ok(Some(call.if_match.choose(now)))
        }
        other => Ok(other.version()),
    }
}
