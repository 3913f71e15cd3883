//! The routes, in one table. Each is served with and without its trailing slash; a redirect would drop a body.

mod connection;
mod contents;
pub mod docs;
mod events;
mod health;
mod integrations;
mod register;
mod runs;
mod service;
mod stream;
mod structure;
mod table;
mod webhooks;

use actix_web::HttpRequest;
use actix_web::http::Method;
use futures_util::future::BoxFuture;
use igny8_integration_domain::account::Caller;

use crate::answer::Answer;
use crate::openapi::Doc;
use crate::problem::Problem;
use crate::request::Call;
use crate::state::ApiState;

pub use register::configure;
pub use table::table;

/// Where the API begins.
pub const BASE_PATH: &str = "/api/v1/integration/";

/// Where every error code is explained.
pub const ERRORS_PATH: &str = "/api/v1/integration/docs/errors";

type Outcome = BoxFuture<'static, Result<Answer, Problem>>;

/// Who a route is for, and what it does.
#[derive(Clone, Copy)]
pub enum Handler {
    /// Anybody, whatever the request says.
    Plain(fn(PlainCall) -> Outcome),
    /// Whoever passes the judgement.
    Judged(Judged),
}

/// A route of the API proper.
#[derive(Clone, Copy)]
pub enum Judged {
    /// For somebody who is known.
    Signed(fn(Call) -> Outcome),
    /// As [`Self::Signed`], for what a site's plugin delivers: counted by site.
    Delivered(fn(Call) -> Outcome),
    /// As [`Self::Signed`], where the answer goes on and on and is of one kind whatever the client would accept.
    Streamed(fn(Call) -> Outcome),
    /// For anybody; a person's session counts where one is sent.
    Open(fn(Call<Option<Caller>>) -> Outcome),
}

/// A request of which hardly anything matters.
pub struct PlainCall {
    pub state: ApiState,
    /// The path as it was asked for.
    pub path: String,
    /// The file that it names, where it names one.
    pub file: Option<String>,
}

impl PlainCall {
    pub fn of(state: &ApiState, request: &HttpRequest) -> Self {
        let file = request.match_info().get("file").map(str::to_owned);
        Self { state: state.clone(), path: request.path().to_owned(), file }
    }
}

/// One line of the table.
#[derive(Clone)]
pub struct Endpoint {
    pub method: Method,
    /// The whole path, in its canonical form.
    pub path: String,
    /// How many bytes a body may have.
    pub limit: usize,
    pub handler: Handler,
    /// What the OpenAPI document says of it.
    pub doc: fn() -> Doc,
}

impl Endpoint {
    /// With a body of up to so many bytes.
    #[must_use]
    fn up_to(self, limit: usize) -> Self {
        Self { limit, ..self }
    }
}
