//! The writer's side: contents.

use actix_web::http::StatusCode;
use igny8_integration_domain::account::{Need, Role};
use igny8_integration_domain::content::Content;
use igny8_integration_domain::id::ContentId;

use super::integrations::{self, EDITOR};
use crate::answer::Answer;
use crate::problem::Problem;
use crate::request::Call;
use crate::request::precondition::IfMatch;
use crate::wire::body;
use crate::wire::content::{self, ContentResponse, ContentSummary, PulledResponse};
use crate::wire::list::PageResponse;

const VIEWER: Need = Need::Person(Role::Viewer);

/// Pulls one content from its site, now.
pub async fn pull(call: Call) -> Result<Answer, Problem> {
    let id = integrations::admitted(&call, EDITOR).await?;
    let content = body::read(&call.body, |body| body.id("content_id").required())?;
    let pulled = call.state.services().content_sync.pull_one(&call.caller, id, content).await?;
    Answer::ok(&PulledResponse::from(pulled))
}

pub async fn list(call: Call) -> Result<Answer, Problem> {
    call.caller.satisfies(VIEWER)?;
    let (filter, page) = call.query.read(|query| Some((content::filter(query), query.page())))?;
    let found = call.state.services().contents.list(&call.caller, filter, page).await?;
    Answer::ok(&PageResponse::new(&call.list_address(), page, found, ContentSummary::from)?)
}

pub async fn create(call: Call) -> Result<Answer, Problem> {
    call.caller.satisfies(EDITOR)?;
    let command = body::read(&call.body, content::create)?.under(call.idempotency_key()?);
    let made = call.state.services().contents.create(&call.caller, &command).await?;
    let location = call.location(&format!("content/{}/", made.id));
    shown(StatusCode::CREATED, made)?.at(&location)
}

pub async fn get(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, VIEWER).await?;
    shown(StatusCode::OK, call.state.services().contents.get(&call.caller, id).await?)
}

pub async fn patch(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, EDITOR).await?;
    let command = body::read(&call.body, content::patch)?;
    let expected = expected(&call, id).await?;
    shown(StatusCode::OK, call.state.services().contents.patch(&call.caller, id, expected, &command).await?)
}

pub async fn delete(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, EDITOR).await?;
    let expected = expected(&call, id).await?;
    call.state.services().contents.delete(&call.caller, id, expected).await?;
    Ok(Answer::no_content())
}

/// Settles a conflict.
pub async fn resolve(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, EDITOR).await?;
    let keep = body::read(&call.body, content::keep)?;
    shown(StatusCode::OK, call.state.services().contents.resolve(&call.caller, id, keep).await?)
}

/// The content that the path names, after the caller was judged by it.
async fn admitted(call: &Call, need: Need) -> Result<ContentId, Problem> {
    let id: ContentId = call.id("id")?;
    tracing::Span::current().record("content.id", id.get());
    call.state.services().contents.authorize(&call.caller, id, need).await?;
    Ok(id)
}

fn shown(status: StatusCode, content: Content) -> Result<Answer, Problem> {
    let version = content.version;
    Answer::json(status, &ContentResponse::from(content))?.tagged(version)
}

/// The version that the client's `If-Match` comes down to.
async fn expected(call: &Call, id: ContentId) -> Result<Option<i64>, Problem> {
    match &call.if_match {
        IfMatch::Versions(versions) if versions.len() > 1 => {
            let now = call.state.services().contents.get(&call.caller, id).await?.version;
            Ok(Some(call.if_match.choose(now)))
        }
        other => Ok(other.version()),
    }
}
