//! Contents on the wire.

use std::collections::BTreeMap;

use igny8_integration_domain::content::{
    Conflict, Content, ContentFailure, ContentFields, ContentStatus, Field as ContentField, FieldConflict,
    FieldPatch, Seo, SeoPatch, Side, SyncState, Term,
};
use igny8_integration_domain::id::SiteId;
use igny8_integration_domain::ports::storage::ContentFilter;
use igny8_integration_domain::service::PulledOne;
use igny8_integration_domain::service::content::{CreateContent, PatchContent};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, Type};

use super::body;
use super::field::{Field, Refusal};
use super::query::Parameters;
use super::time;
use crate::openapi::parameter::{Kind, QueryParameter, query};
use crate::openapi::shape::{self, Member, optional, required};

const STATUSES: &str = "draft, review, approved, published, archived";
const ORDERINGS: &str = "id";
const STATES: &str = "in_sync, pending_push, pending_pull, conflict, failed, unlinked";

/// What a content is where nothing else was said.
const DEFAULT_TYPE: &str = "post";

/// A content, but for what only its own page shows.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContentSummary {
    id: i64,
    site_id: i64,
    content_type: String,
    title: String,
    excerpt: String,
    slug: String,
    #[schema(schema_with = status_shape)]
    status: &'static str,
    terms: Vec<TermResponse>,
    seo: SeoResponse,
    featured_image_url: Option<String>,
    publish_at: Option<String>,
    external_id: Option<String>,
    external_url: Option<String>,
    external_status: Option<String>,
    external_modified_at: Option<String>,
    #[schema(schema_with = state_shape)]
    sync_state: &'static str,
    sync_error: Option<ContentErrorResponse>,
    created_at: String,
    updated_at: String,
    deleted_at: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ContentResponse {
    #[serde(flatten)]
    summary: ContentSummary,
    html: String,
    conflict: Option<BTreeMap<&'static str, FieldConflictResponse>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TermResponse {
    taxonomy: String,
    name: String,
    slug: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SeoResponse {
    title: String,
    description: String,
    focus_keyword: String,
    canonical: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ContentErrorResponse {
    code: String,
    message: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct FieldConflictResponse {
    base: Value,
    local: Value,
    external: Value,
}

impl From<Content> for ContentSummary {
    fn from(content: Content) -> Self {
        let (fields, link) = (content.fields, content.link);
        let (external_id, external_url, external_status, external_modified_at) = match link {
            Some(link) => (
                Some(link.external_id),
                link.external_url,
                Some(link.external_status),
                link.external_modified_at,
            ),
            None => (None, None, None, None),
        };
        Self {
            id: content.id.get(),
            site_id: content.site_id.get(),
            content_type: content.content_type,
            title: fields.title,
            excerpt: fields.excerpt,
            slug: fields.slug,
            status: fields.status.as_str(),
            terms: fields.terms.into_iter().map(TermResponse::from).collect(),
            seo: fields.seo.into(),
            featured_image_url: fields.featured_image_url,
            publish_at: fields.publish_at.map(time),
            external_id,
            external_url,
            external_status,
            external_modified_at: external_modified_at.map(time),
            sync_state: content.sync_state.as_str(),
            sync_error: content.failure.map(ContentErrorResponse::from),
            created_at: time(content.created_at),
            updated_at: time(content.updated_at),
            deleted_at: content.deleted_at.map(time),
        }
    }
}

impl From<Content> for ContentResponse {
    fn from(mut content: Content) -> Self {
        let html = std::mem::take(&mut content.fields.html);
        let conflict = content.conflict.take().map(show_conflict);
        Self { summary: content.into(), html, conflict }
    }
}

fn show_conflict(conflict: Conflict) -> BTreeMap<&'static str, FieldConflictResponse> {
    let show = |(field, found): (ContentField, _)| {
        let FieldConflict { base, local, external } = found;
        (field.as_str(), FieldConflictResponse { base, local, external })
    };
    conflict.fields.into_iter().map(show).collect()
}

impl From<Term> for TermResponse {
    fn from(term: Term) -> Self {
        let Term { taxonomy, name, slug } = term;
        Self { taxonomy, name, slug }
    }
}

impl From<Seo> for SeoResponse {
    fn from(seo: Seo) -> Self {
        let Seo { title, description, focus_keyword, canonical } = seo;
        Self { title, description, focus_keyword, canonical }
    }
}

impl From<ContentFailure> for ContentErrorResponse {
    fn from(failure: ContentFailure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}

/// What pulling one content came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct PulledResponse {
    content: ContentResponse,
    changed: bool,
    outcome: &'static str,
}

impl From<PulledOne> for PulledResponse {
    fn from(pulled: PulledOne) -> Self {
        Self { content: pulled.content.into(), changed: pulled.changed, outcome: pulled.outcome }
    }
}

/// The parameters that [`filter`] reads.
pub const PARAMETERS: &[QueryParameter] = &[
    query("site_id", Kind::Id),
    query("status", Kind::Words(STATUSES)),
    query("content_type", Kind::Text),
    query("sync_state", Kind::Words(STATES)),
    query("search", Kind::Text),
    query("external_id", Kind::Text),
    query("deleted", Kind::Boolean),
    query("ordering", Kind::Words(ORDERINGS)),
];

/// What [`create`] reads.
pub fn create_shape() -> Object {
    let fixed =
        [required("site_id", shape::id()), required("title", shape::text()), required("html", shape::text())];
    shape::object(fixed.into_iter().chain(shared_shape()))
}

/// What [`patch`] reads.
pub fn patch_shape() -> Object {
    let mut deleted_at = shape::nullable(shape::text());
    deleted_at.schema_type = Type::Null.into();
    let own = [
        optional("site_id", shape::id()),
        optional("title", shape::text()),
        optional("html", shape::text()),
        optional("deleted_at", deleted_at),
    ];
    shape::object(own.into_iter().chain(shared_shape()))
}

fn shared_shape() -> Vec<Member> {
    let term = shape::object([
        required("taxonomy", shape::text()),
        required("name", shape::text()),
        optional("slug", shape::nullable(shape::text())),
    ]);
    let parts = ["title", "description", "focus_keyword", "canonical"];
    let seo = shape::object(parts.map(|name| optional(name, shape::nullable(shape::text()))));
    vec![
        optional("excerpt", shape::text()),
        optional("slug", shape::text()),
        optional("content_type", shape::text()),
        optional("status", shape::words(STATUSES)),
        optional("publish_at", shape::nullable(shape::time())),
        optional("terms", shape::list(term)),
        optional("seo", seo),
        optional("featured_image_url", shape::nullable(shape::text())),
    ]
}

/// What [`keep`] reads.
pub fn keep_shape() -> Object {
    shape::object([required("keep", shape::words("local, external"))])
}

/// What names the content that is to be pulled.
pub fn pull_shape() -> Object {
    shape::object([required("content_id", shape::id())])
}

fn status_shape() -> Object {
    shape::words(STATUSES)
}

fn state_shape() -> Object {
    shape::words(STATES)
}

/// The filters of the list.
pub fn filter(query: &Parameters<'_>) -> ContentFilter {
    // There is one order; who asks for another must not take this one for it.
    query.word("ordering", |word| (word == ORDERINGS).then_some(()), ORDERINGS);
    ContentFilter {
        site_id: query.id("site_id"),
        status: query.word("status", ContentStatus::from_word, STATUSES),
        content_type: query.text("content_type"),
        sync_state: query.word("sync_state", SyncState::from_word, STATES),
        search: query.search(),
        external_id: query.text("external_id"),
        deleted: query.boolean("deleted").unwrap_or_default(),
        ..ContentFilter::default()
    }
}

/// What POST asks for.
pub fn create(body: &body::Object<'_>) -> Option<CreateContent> {
    let site_id = body.id("site_id").required();
    let fields = ContentFields {
        title: body.text("title").required().unwrap_or_default(),
        html: body.text("html").required().unwrap_or_default(),
        excerpt: body.text("excerpt").given().unwrap_or_default(),
        slug: body.text("slug").given().unwrap_or_default(),
        status: status(body).given().unwrap_or_default(),
        publish_at: body.timestamp("publish_at").optional(),
        terms: terms(body).given().unwrap_or_default(),
        seo: body.object("seo").optional().map(|given| seo(&given)).unwrap_or_default(),
        featured_image_url: body.text("featured_image_url").optional(),
    };
    let content_type = body.text("content_type").given().unwrap_or_else(|| DEFAULT_TYPE.to_owned());
    // Its rules are asked even where a field is missing already, so that all that is wrong is told at once.
    let any = SiteId::new(1)?;
    let command = body.accept(CreateContent::new(site_id.unwrap_or(any), content_type, fields));
    site_id.and(command)
}

/// What PATCH asks for.
pub fn patch(body: &body::Object<'_>) -> Option<PatchContent> {
    let fields = FieldPatch {
        title: body.text("title").given(),
        html: body.text("html").given(),
        excerpt: body.text("excerpt").given(),
        slug: body.text("slug").given(),
        status: status(body).given(),
        publish_at: body.timestamp("publish_at").change(),
        terms: terms(body).given(),
        seo: None,
        featured_image_url: body.text("featured_image_url").change(),
    };
    let (site_id, content_type) = (body.id("site_id").given(), body.text("content_type").given());
    let seo = body.object("seo").given().map(|given| seo_patch(&given)).unwrap_or_default();
    let command = body.accept(PatchContent::new(fields)).unwrap_or_default();
    let command = body.accept(command.with_seo(seo))?;
    Some(command.on_site(site_id).of_type(content_type).taking_back(takes_back(body)))
}

/// The time of a deletion is the service's own; a client can only take it away.
fn takes_back(body: &body::Object<'_>) -> bool {
    let only_null = |_| Err::<(), _>(Refusal::invalid("can only be set to null"));
    body.timestamp("deleted_at").then(only_null).change() == Some(None)
}

/// Which side a conflict is settled for.
pub fn keep(body: &body::Object<'_>) -> Option<Side> {
    let side = |word: &str| match word {
        "local" => Some(Side::Local),
        "external" => Some(Side::External),
        _ => None,
    };
    body.word("keep", side, "local, external").required()
}

fn status<'b>(body: &body::Object<'b>) -> Field<'b, ContentStatus> {
    body.word("status", ContentStatus::from_word, STATUSES)
}

fn terms<'b>(body: &body::Object<'b>) -> Field<'b, Vec<Term>> {
    body.list("terms", |entry| {
        let term = entry.object()?;
        let (taxonomy, name) = (term.text("taxonomy").required(), term.text("name").required());
        let slug = term.text("slug").optional();
        Some(Term { taxonomy: taxonomy?, name: name?, slug })
    })
}

fn seo(given: &body::Object<'_>) -> Seo {
    let SeoPatch { title, description, focus_keyword, canonical } = seo_patch(given);
    Seo {
        title: title.unwrap_or_default(),
        description: description.unwrap_or_default(),
        focus_keyword: focus_keyword.unwrap_or_default(),
        canonical: canonical.unwrap_or_default(),
    }
}

/// A part that is null is empty.
fn seo_patch(given: &body::Object<'_>) -> SeoPatch {
    let text = |name| given.text(name).change().map(Option::unwrap_or_default);
    SeoPatch {
        title: text("title"),
        description: text("description"),
        focus_keyword: text("focus_keyword"),
        canonical: text("canonical"),
    }
}
