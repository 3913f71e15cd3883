//! What the document says of one route.

use actix_web::http::StatusCode;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, Schema};
use utoipa::openapi::{Ref, RefOr};

use super::parameter::{CURSORS, PAGES, QueryParameter};
use super::shape::{self, Member};
use crate::problem::Code;

/// A success: its status, what it holds, and the types that this is made of.
pub struct Success {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub body: Option<RefOr<Schema>>,
}

/// One route, described.
pub struct Doc {
    pub summary: &'static str,
    pub tag: &'static str,
    pub query: Vec<QueryParameter>,
    pub body: Option<Object>,
    /// Whether the body must be there.
    pub body_required: bool,
    pub headers: Vec<(&'static str, &'static str)>,
    pub successes: Vec<Success>,
    /// Whether a site's plugin may call it, by the site's key.
    pub for_plugin: bool,
    /// What this route may refuse, beyond what every route of its kind may.
    pub problems: Vec<Code>,
    pub schemas: Vec<(String, RefOr<Schema>)>,
}

impl Doc {
    pub fn new(tag: &'static str, summary: &'static str) -> Self {
        Self {
            summary,
            tag,
            query: Vec::new(),
            body: None,
            body_required: false,
            headers: Vec::new(),
            successes: Vec::new(),
            for_plugin: false,
            problems: Vec::new(),
            schemas: Vec::new(),
        }
    }

    /// Answers 200 with this.
    #[must_use]
    pub fn ok<T: ToSchema>(self) -> Self {
        self.answers::<T>(StatusCode::OK)
    }

    #[must_use]
    pub fn answers<T: ToSchema>(mut self, status: StatusCode) -> Self {
        self.knows::<T>();
        let body = Some(RefOr::Ref(Ref::from_schema_name(T::name())));
        self.successes.push(Success { status, content_type: "application/json", body });
        self
    }

    /// Takes up a type and what it is made of.
    fn knows<T: ToSchema>(&mut self) {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
    }

    /// Answers 204.
    #[must_use]
    pub fn no_content(mut self) -> Self {
        self.successes.push(Success { status: StatusCode::NO_CONTENT, content_type: "", body: None });
        self
    }

    /// Answers 200 with something that is no JSON of a known shape.
    #[must_use]
    pub fn other(mut self, content_type: &'static str) -> Self {
        self.successes.push(Success {
            status: StatusCode::OK,
            content_type,
            body: Some(Object::new().into()),
        });
        self
    }

    /// A list in numbered pages, narrowed by these.
    #[must_use]
    pub fn pages<T: ToSchema>(mut self, filters: &[QueryParameter]) -> Self {
        self.query.extend_from_slice(filters);
        self.query.extend_from_slice(PAGES);
        let count = shape::required("count", shape::integer(0, i64::MAX));
        self.refuses(&[Code::ValidationError, Code::NotFound]).envelope::<T>(Some(count))
    }

    /// A list around cursors, narrowed by these.
    #[must_use]
    pub fn cursors<T: ToSchema>(mut self, filters: &[QueryParameter]) -> Self {
        self.query.extend_from_slice(filters);
        self.query.extend_from_slice(CURSORS);
        self.refuses(&[Code::ValidationError]).envelope::<T>(None)
    }

    /// One thing, shown as these say.
    #[must_use]
    pub fn narrowed(mut self, parameters: &[QueryParameter]) -> Self {
        self.query.extend_from_slice(parameters);
        self.refuses(&[Code::ValidationError])
    }

    /// What is around the rows of a list.
    fn envelope<T: ToSchema>(mut self, count: Option<Member>) -> Self {
        self.knows::<T>();
        let link = |name| shape::required(name, shape::nullable(shape::text()));
        let rows = shape::required("results", shape::list(Ref::from_schema_name(T::name())));
        let members = count.into_iter().chain([link("next"), link("previous"), rows]);
        let body = Some(shape::object(members).into());
        self.successes.push(Success { status: StatusCode::OK, content_type: "application/json", body });
        self
    }

    /// A site's plugin may call it too.
    #[must_use]
    pub fn for_plugin(self) -> Self {
        Self { for_plugin: true, ..self }
    }

    #[must_use]
    pub fn takes(mut self, body: Object) -> Self {
        self.body = Some(body);
        self.body_required = true;
        self.refuses(&[Code::ValidationError, Code::MalformedJson])
    }

    /// As [`Self::takes`], where no body at all will do.
    #[must_use]
    pub fn may_take(self, body: Object) -> Self {
        Self { body_required: false, ..self.takes(body) }
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, description: &'static str) -> Self {
        self.headers.push((name, description));
        self
    }

    #[must_use]
    pub fn if_match(self) -> Self {
        let described = "The ETag of the version that is to be changed; another one is a 412.";
        self.header("If-Match", described).refuses(&[Code::PreconditionFailed])
    }

    #[must_use]
    pub fn idempotent(self) -> Self {
        let described = "1 to 255 visible ASCII characters, kept 24 h: the same key and body again answers what the \
                         first did.";
        self.header("Idempotency-Key", described).refuses(&[Code::IdempotencyKeyReused])
    }

    /// Carries the headers of Standard Webhooks.
    #[must_use]
    pub fn signed(self) -> Self {
        self.header("webhook-id", "The delivery's id, the same for each attempt.")
            .header("webhook-timestamp", "When this attempt was stamped, in whole seconds since 1970.")
            .header(
                "webhook-signature",
                "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; several parted by spaces.",
            )
    }

    #[must_use]
    pub fn prefer_wait(self) -> Self {
        self.header(
            "Prefer",
            "`wait=N`: answers with the end of the run, if it comes within N seconds (30 at most).",
        )
    }

    #[must_use]
    pub fn refuses(mut self, codes: &[Code]) -> Self {
        self.problems.extend_from_slice(codes);
        self
    }
}
