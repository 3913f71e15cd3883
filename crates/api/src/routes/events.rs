//! The history of an integration.

use igny8_integration_domain::account::{Need, Role};

use super::integrations::admitted;
use crate::answer::Answer;
use crate::problem::Problem;
use crate::request::Call;
use crate::wire::event::{self, EventResponse, PARAMETERS};
use crate::wire::list::{CursorList, CursorResponse};

pub async fn list(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, Need::Person(Role::Viewer)).await?;
    let path = format!("integrations/{id}/events/");
    let list = CursorList { path: &path, filters: PARAMETERS };
    let (filter, asked) =
        call.query.read(|query| Some((event::filter(query, id), list.read(&call.query, query))))?;
    let page = call.state.services().history.list(&call.caller, filter, asked.cursor, asked.limit).await?;
    let address = call.list_address();
    Answer::ok(&CursorResponse::new(list, &address, page, |event| event.id.get(), EventResponse::from))
}
