//! What a site's plugin delivers.

use igny8_integration_domain::webhook::Delivery;

use crate::answer::Answer;
use crate::problem::Problem;
use crate::request::Call;
use crate::wire::body::{self, Object};
use crate::wire::webhook::{self, TakenInResponse};

/// A post has another status.
pub async fn status(call: Call) -> Result<Answer, Problem> {
    take_in(call, webhook::status).await
}

/// Something about a post, but its body, is another.
pub async fn metadata(call: Call) -> Result<Answer, Problem> {
    take_in(call, webhook::metadata).await
}

/// The signature is judged over the bytes as they came, before anything is read of them.
async fn take_in(call: Call, parse: fn(&Object<'_>) -> Option<Delivery>) -> Result<Answer, Problem> {
    let webhooks = &call.state.services().webhooks;
    let verified = webhooks.verify(&call.caller, call.signature.headers(), &call.body).await?;
    let delivery = body::read(&call.body, parse)?;
    let taken = webhooks.take_in(&call.caller, &verified, &delivery).await?;
    metrics::counter!("igny8_webhooks_total", "outcome" => taken.outcome.as_str()).increment(1);
    if let Some(content) = taken.content_id {
        tracing::Span::current().record("content.id", content.get());
    }
    Answer::ok(&TakenInResponse::from(taken))
}
