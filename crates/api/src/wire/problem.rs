//! A problem, as the document describes it. What is really sent is made in `problem::render`; a test ties the two.

use utoipa::openapi::schema::{Object, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::openapi::shape::{self, optional, required};
use crate::problem::Code;

pub struct ProblemResponse;

impl PartialSchema for ProblemResponse {
    fn schema() -> RefOr<Schema> {
        shape().into()
    }
}

impl ToSchema for ProblemResponse {
    fn name() -> std::borrow::Cow<'static, str> {
        "Problem".into()
    }
}

/// RFC 9457, and the contract's own members.
fn shape() -> Object {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let error = shape::object(["field", "code", "message"].map(|name| required(name, shape::text())));
    shape::object([
        required("type", shape::text()),
        required("title", shape::text()),
        required("status", shape::integer(400, 599)),
        required("detail", shape::text()),
        required("code", shape::words(&codes.join(", "))),
        required("request_id", shape::text()),
        optional("errors", shape::list(error)),
        optional("run_id", shape::id()),
        optional("success", shape::boolean()),
        optional("checks", shape::list(Ref::from_schema_name("CheckResponse"))),
    ])
}
