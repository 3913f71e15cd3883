//! Contents on the wire.

use std::collections::BTreeMap;

use igny8_integration_domain::content::{Conflict, Content, ContentFailure, Field, FieldConflict, Seo, Term};
use igny8_integration_domain::service::PulledOne;
use serde::Serialize;
use serde_json::Value;

use super::time;

/// A content, but for what only its own page shows.
#[derive(Debug, Serialize)]
pub struct ContentSummary {
    id: i64,
    site_id: i64,
    content_type: String,
    title: String,
    excerpt: String,
    slug: String,
    status: &'static str,
    terms: Vec<TermResponse>,
    seo: SeoResponse,
    featured_image_url: Option<String>,
    publish_at: Option<String>,
    external_id: Option<String>,
    external_url: Option<String>,
    external_status: Option<String>,
    external_modified_at: Option<String>,
    sync_state: &'static str,
    sync_error: Option<ContentErrorResponse>,
    created_at: String,
    updated_at: String,
    deleted_at: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct ContentResponse {
    #[serde(flatten)]
    summary: ContentSummary,
    html: String,
    conflict: Option<BTreeMap<&'static str, FieldConflictResponse>>,
}

#[derive(Debug, Serialize)]
struct TermResponse {
    taxonomy: String,
    name: String,
    slug: Option<String>,
}

#[derive(Debug, Serialize)]
struct SeoResponse {
    title: String,
    description: String,
    focus_keyword: String,
    canonical: String,
}

#[derive(Debug, Serialize)]
struct ContentErrorResponse {
    code: String,
    message: String,
}

#[derive(Debug, Serialize)]
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
    let show = |(field, found): (Field, _)| {
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
#[derive(Debug, Serialize)]
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
