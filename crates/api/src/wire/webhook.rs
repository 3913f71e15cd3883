//! What a site tells about a post, and what that came to.

use std::collections::BTreeSet;

use igny8_integration_domain::content::{GONE, SeoPatch, TRASH, Term};
use igny8_integration_domain::id::{ContentId, EventId, InvalidId, MAX_ID};
use igny8_integration_domain::service::TakenIn;
use igny8_integration_domain::validation::FieldError;
use igny8_integration_domain::webhook::{Change, Delivery, MOST_TERMS, Metadata, Reason};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AdditionalProperties, Object as Shape, ObjectBuilder, Type};

use super::body::Object;
use super::field::{self, Refusal};
use crate::openapi::shape::{self, Member, optional, required};

/// WordPress's own statuses, and the end of a post.
const STATUSES: [&str; 7] = ["publish", "future", "draft", "pending", "private", TRASH, GONE];
const OUTCOMES: &str = "applied, duplicate, stale, ignored";

/// The taxonomies that have a field of their own.
const CATEGORY: &str = "category";
const TAG: &str = "post_tag";

/// The address that a site says it has, which a copy of it can't help saying of itself.
pub const SITE_URL: &str = "site_url";

/// What a delivery came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakenInResponse {
    #[schema(schema_with = outcome_shape)]
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    event_id: Option<i64>,
    content_id: Option<i64>,
}

impl From<TakenIn> for TakenInResponse {
    fn from(taken: TakenIn) -> Self {
        Self {
            outcome: taken.outcome.as_str(),
            reason: taken.reason.map(Reason::as_str),
            event_id: taken.event_id.map(EventId::get),
            content_id: taken.content_id.map(ContentId::get),
        }
    }
}

fn outcome_shape() -> Shape {
    shape::words(OUTCOMES)
}

/// What [`status`] reads.
pub fn status_shape() -> Shape {
    let members = [
        required("post_status", shape::words(&STATUSES.join(", "))),
        optional("post_url", shape::nullable(shape::text())),
        optional("post_title", shape::nullable(shape::text())),
        optional("date_gmt", shape::nullable(shape::time())),
        optional("metadata", carried_shape()),
    ];
    shape::object(head_shape().into_iter().chain(members))
}

/// What [`metadata`] reads.
pub fn metadata_shape() -> Shape {
    let members =
        [optional("post_url", shape::nullable(shape::text())), required("metadata", carried_shape())];
    shape::object(head_shape().into_iter().chain(members))
}

fn carried_shape() -> Shape {
    let text = || shape::nullable(shape::text());
    let number = || shape::nullable(shape::integer(0, MAX_ID));
    let term = || {
        shape::object([
            optional("id", number()),
            required("name", shape::text()),
            optional("slug", text()),
            optional("taxonomy", text()),
        ])
    };
    let taxonomies = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::RefOr(shape::list(term()).into())))
        .build();
    let seo = ["title", "description", "focus_keyword", "canonical"].map(|name| optional(name, text()));
    shape::object([
        optional("title", text()),
        optional("slug", text()),
        optional("excerpt", text()),
        optional("categories", shape::list(term())),
        optional("tags", shape::list(term())),
        optional("taxonomies", taxonomies),
        optional("featured_image_url", text()),
        optional("author", shape::object([optional("id", number()), optional("name", text())])),
        optional("seo", shape::object(seo)),
        optional("meta", shape::object([])),
    ])
}

fn head_shape() -> Vec<Member> {
    let id = || shape::nullable(shape::id());
    vec![
        optional("content_id", id()),
        required("post_id", shape::id()),
        optional("post_type", shape::nullable(shape::text())),
        required("modified_gmt", shape::time()),
        optional("content_hash", shape::nullable(shape::text())),
        optional("sequence", shape::nullable(shape::integer(0, MAX_ID))),
        optional("integration_id", id()),
        optional(SITE_URL, shape::nullable(shape::text())),
    ]
}

/// A post has another status.
pub fn status(body: &Object<'_>) -> Option<Delivery> {
    let known = |word: String| {
        let message = || format!("must be one of {}", STATUSES.join(", "));
        if STATUSES.contains(&word.as_str()) {
            Ok(word)
        } else {
            Err(Refusal::new("invalid_choice", message()))
        }
    };
    let status = body.lenient_text("post_status").then(known).required();
    let url = body.lenient_web_address("post_url");
    let title = body.lenient_text("post_title").optional();
    let date = body.lenient_time("date_gmt").optional();
    let metadata = body.lenient_object("metadata").optional().map(|given| Box::new(carried(&given)));
    let head = head(body);
    Some(Delivery { change: Change::Status { status: status?, url, title, date, metadata }, ..head? })
}

/// Something about a post, but its body, is another.
pub fn metadata(body: &Object<'_>) -> Option<Delivery> {
    let url = body.lenient_web_address("post_url");
    let metadata = body.lenient_object("metadata").required();
    let metadata = metadata.map(|given| Metadata { url, ..carried(&given) });
    let head = head(body);
    Some(Delivery { change: Change::Metadata(Box::new(metadata?)), ..head? })
}

/// What every delivery says, with no change yet.
fn head(body: &Object<'_>) -> Option<Delivery> {
    let content_id = id(body, "content_id");
    let integration_id = id(body, "integration_id");
    let post_id = body.lenient_number("post_id", 1..=MAX_ID).required();
    let post_type = body.lenient_text("post_type").optional();
    let modified_at = body.lenient_time("modified_gmt").required();
    let content_hash = body.lenient_text("content_hash").then(|text| hash(&text)).optional();
    let sequence = body.lenient_number("sequence", 0..=MAX_ID).optional();
    let site_url = body.lenient_site_url(SITE_URL);
    Some(Delivery {
        content_id,
        integration_id,
        site_url,
        post_id: post_id?.to_string(),
        post_type: post_type.filter(|name| !name.is_empty()),
        modified_at: modified_at?,
        content_hash: content_hash.flatten(),
        sequence,
        change: Change::Metadata(Box::default()),
    })
}

/// An empty one is none.
fn hash(text: &str) -> Result<Option<String>, Refusal> {
    let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text {
        "" => Ok(None),
        _ if is_hex => Ok(Some(text.to_ascii_lowercase())),
        _ => Err(Refusal::invalid("must be the SHA-256 of the raw body in 64 hex digits")),
    }
}

fn id<T: TryFrom<i64, Error = InvalidId>>(body: &Object<'_>, name: &str) -> Option<T> {
    let number = body.lenient_number(name, 1..=MAX_ID);
    number.then(|number| T::try_from(number).map_err(|error| Refusal::invalid(error.to_string()))).optional()
}

fn carried(given: &Object<'_>) -> Metadata {
    let text = |name| given.lenient_text(name).optional();
    let (terms, taxonomies) = terms(given);
    let picture = given.lenient_web_address("featured_image_url");
    judge_unkept(given);
    Metadata {
        url: None,
        title: text("title"),
        slug: text("slug"),
        excerpt: text("excerpt"),
        terms: (!taxonomies.is_empty()).then_some(terms),
        taxonomies,
        seo: given.lenient_object("seo").optional().map(|seo| seo_parts(&seo)),
        featured_image_url: given.names("featured_image_url").then_some(picture),
    }
}

/// What is told for people and kept nowhere is judged all the same: who sends it wrong learns of it.
fn judge_unkept(given: &Object<'_>) {
    if let Some(author) = given.lenient_object("author").optional() {
        author.lenient_number("id", 0..=MAX_ID).optional();
        author.lenient_text("name").optional();
    }
    given.lenient_object("meta").then(|meta| meta.judge_texts()).optional();
}

/// The terms that were carried, and the taxonomies that were, empty ones too.
fn terms(given: &Object<'_>) -> (Vec<Term>, BTreeSet<String>) {
    let others = given.lenient_object("taxonomies").optional();
    let listed = [(given, "categories", CATEGORY), (given, "tags", TAG)].into_iter();
    let listed = listed.filter_map(|(of, field, taxonomy)| Some((taxonomy, terms_of(of, field, taxonomy)?)));
    let named = others.iter().flat_map(|others| {
        let names = others.member_names().filter(move |name| is_text(others, name));
        names.filter_map(move |taxonomy| Some((taxonomy, terms_of(others, taxonomy, taxonomy)?)))
    });
    let (mut terms, mut taxonomies) = (Vec::new(), BTreeSet::new());
    for (taxonomy, of_it) in listed.chain(named) {
        taxonomies.insert(taxonomy.to_owned());
        taxonomies.extend(of_it.iter().map(|term| term.taxonomy.clone()));
        terms.extend(of_it);
    }
    if terms.len().max(taxonomies.len()) > MOST_TERMS {
        let message = format!("no post has more than {MOST_TERMS} terms");
        given.refuse(FieldError::new(given.path("taxonomies"), "too_many", message));
    }
    (terms, taxonomies)
}

/// Whether a name can be kept; one that can't is refused.
fn is_text(given: &Object<'_>, name: &str) -> bool {
    match field::text(name.to_owned()) {
        Ok(_) => true,
        Err(refusal) => {
            given.refuse(FieldError::new(given.path(name), refusal.code, refusal.message));
            false
        }
    }
}

/// None where the list is not there. A term that names its taxonomy is of that one; names come escaped, as WordPress
/// keeps them, or not.
fn terms_of(given: &Object<'_>, field: &str, taxonomy: &str) -> Option<Vec<Term>> {
    let list = given.lenient_list(field, |entry| {
        let term = entry.object()?;
        term.lenient_number("id", 0..=MAX_ID).optional();
        let part = |name| term.lenient_text(name).optional().filter(|text| !text.is_empty());
        let (slug, told) = (part("slug"), part("taxonomy"));
        let name = term.lenient_text("name").required()?;
        let name = html_escape::decode_html_entities(&name).into_owned();
        Some(Term { taxonomy: told.unwrap_or_else(|| taxonomy.to_owned()), name, slug })
    });
    list.optional()
}

/// A part that says that there is nothing is empty; one that is not named is left.
fn seo_parts(given: &Object<'_>) -> SeoPatch {
    let part = |name| {
        let text = given.lenient_text(name).optional().unwrap_or_default();
        given.names(name).then_some(text)
    };
    SeoPatch {
        title: part("title"),
        description: part("description"),
        focus_keyword: part("focus_keyword"),
        canonical: part("canonical"),
    }
}
