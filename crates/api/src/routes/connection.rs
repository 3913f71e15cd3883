//! Does the connection work, and a site that connects itself.

use igny8_integration_domain::account::Caller;
use igny8_integration_domain::service::onboarding::OnboardSite;

use super::integrations::{EDITOR, admitted};
use crate::answer::Answer;
use crate::problem::{Code, Problem};
use crate::request::Call;
use crate::throttle::{self, Scope};
use crate::wire::body;
use crate::wire::connection::{self, ConnectionResponse, OnboardedResponse};

/// Tests an integration as it is stored. A failed test is an answer like a good one.
pub async fn test(call: Call) -> Result<Answer, Problem> {
    let id = admitted(&call, EDITOR).await?;
    body::ignore(&call.body)?;
    let report = call.state.services().connections.test_connection(&call.caller, id).await?;
    Answer::ok(&ConnectionResponse::from(report))
}

/// A site's plugin connects its site: anybody may ask, and is judged by what the body shows.
pub async fn onboard(call: Call<Option<Caller>>) -> Result<Answer, Problem> {
    let command = body::read(&call.body, connection::onboard);
    let site = command.as_ref().ok().map(|command| format!("site:{}", command.site_id));
    let subjects = std::iter::once(format!("address:{}", call.client)).chain(site).collect();
    let admission = throttle::admit(&call.state, Scope::Onboarding, subjects).await?;
    let outcome = match command {
        Ok(command) => connect(&call, &command).await,
        Err(problem) => Err(problem),
    };
    admission.on(outcome)
}

async fn connect(call: &Call<Option<Caller>>, command: &OnboardSite) -> Result<Answer, Problem> {
    tracing::Span::current().record("site.id", command.site_id.get());
    let outcome = call.state.services().onboarding.onboard(call.caller.as_ref(), command).await;
    let onboarded = outcome.map_err(Problem::from).inspect_err(|problem| {
        // It leaves no line of history: whose history would that be?
        if matches!(problem.code, Code::ApiKeyMismatch | Code::NotFound) {
            metrics::counter!("igny8_onboarding_refused_total").increment(1);
            tracing::warn!(code = problem.code.as_str(), "onboarding refused");
        }
    })?;
    Ok(Answer::ok(&OnboardedResponse::from(onboarded))?.no_store())
}
