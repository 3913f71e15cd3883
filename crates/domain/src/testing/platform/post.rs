//! A post as the site keeps it, and how WordPress shows and changes one.

use serde_json::json;

use crate::content::{ContentStatus, Field, FieldPatch, Seo, Term, hash_value};
use crate::id::ContentId;
use crate::ports::platform::{ExternalItem, ExternalStamp, UnreadableItem};
use crate::time::Timestamp;

/// A post on a scripted site. An editor there changes any part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitePost {
    /// Its id, given by the site.
    pub id: u64,
    /// Its type's name.
    pub content_type: String,
    /// WordPress's word: `publish`, `future`, `draft`, `pending`, `private`, `trash`.
    pub status: String,
    /// Raw title.
    pub title: String,
    /// Raw body.
    pub html: String,
    /// Raw excerpt.
    pub excerpt: String,
    /// Slug; empty while it is a draft that nobody gave one.
    pub slug: String,
    /// The date that somebody set.
    pub date: Option<Timestamp>,
    /// Terms.
    pub terms: Vec<Term>,
    /// What search engines are told.
    pub seo: Seo,
    /// Address of the featured picture.
    pub featured_image_url: Option<String>,
    /// The content it says it is.
    pub marker: Option<ContentId>,
    /// When it changed last, by the site's clock, in whole seconds.
    pub modified_at: Timestamp,
    /// Whether somebody has it open in the editor.
    pub locked: bool,
    /// Why it can be listed but not read.
    pub unreadable: Option<(String, String)>,
    /// Whether it is counted, and neither listed nor shown to the connected user.
    pub hidden: bool,
}

/// What WordPress hangs on the slug of a post in the trash.
const TRASHED: &str = "__trashed";

impl SitePost {
    /// A public post with a title, to be given an id and a time by the site.
    pub fn published(content_type: &str, title: &str) -> Self {
        Self {
            id: 0,
            content_type: content_type.to_owned(),
            status: "publish".to_owned(),
            title: title.to_owned(),
            html: format!("<p>{title}</p>"),
            excerpt: String::new(),
            slug: String::new(),
            date: None,
            terms: Vec::new(),
            seo: Seo::default(),
            featured_image_url: None,
            marker: None,
            modified_at: Timestamp::UNIX_EPOCH,
            locked: false,
            unreadable: None,
            hidden: false,
        }
    }

    /// A draft with a title.
    pub fn draft(content_type: &str, title: &str) -> Self {
        Self { status: "draft".to_owned(), ..Self::published(content_type, title) }
    }

    /// Its id as the port has it.
    pub fn external_id(&self) -> String {
        self.id.to_string()
    }

    /// Whether it is in the trash.
    pub fn is_trashed(&self) -> bool {
        self.status == "trash"
    }

    /// Its token: moves with everything that matters.
    pub fn version(&self) -> String {
        let (date, modified) = (self.date, self.modified_at);
        let state = json!([self.status, modified, date, self.slug, self.fields()]);
        hash_value(&state).chars().take(24).collect()
    }

    fn fields(&self) -> FieldPatch {
        let mut fields = FieldPatch {
            title: Some(self.title.clone()),
            html: Some(self.html.clone()),
            excerpt: Some(self.excerpt.clone()),
            terms: Some(self.terms.clone()),
            seo: Some(self.seo.clone()),
            featured_image_url: Some(self.featured_image_url.clone()),
            ..FieldPatch::default()
        };
        // In the trash a post has a made-up slug, and neither status nor date of its own.
        if !self.is_trashed() {
            fields.slug = Some(self.slug.clone());
            fields.status = Some(status_in(&self.status));
            // When a post went public is no plan.
            fields.publish_at = if self.is_public() { None } else { Some(self.date) };
        }
        fields
    }

    fn is_public(&self) -> bool {
        matches!(self.status.as_str(), "publish" | "private")
    }

    pub(super) fn item(&self, site_url: &str, metadata_only: bool) -> ExternalItem {
        let mut fields = self.fields();
        if metadata_only {
            fields.remove(Field::Html);
            fields.remove(Field::Excerpt);
        }
        ExternalItem {
            external_id: self.external_id(),
            content_type: self.content_type.clone(),
            marker: self.marker,
            url: (!self.is_trashed()).then(|| format!("{site_url}/?p={}", self.id)),
            status: self.status.clone(),
            trashed: self.is_trashed(),
            modified_at: Some(self.modified_at),
            version: self.version(),
            fields,
        }
    }

    pub(super) fn stamp(&self) -> ExternalStamp {
        ExternalStamp {
            external_id: self.external_id(),
            modified_at: Some(self.modified_at),
            status: self.status.clone(),
        }
    }

    pub(super) fn unreadable_item(&self) -> Option<UnreadableItem> {
        let (code, reason) = self.unreadable.clone()?;
        Some(UnreadableItem { external_id: Some(self.external_id()), code, reason })
    }

    /// Takes over what is written, but slug, status and date, which the site judges.
    pub(super) fn take(&mut self, fields: &FieldPatch) {
        macro_rules! take {
            ($($name:ident),+) => {$(
                if let Some(value) = &fields.$name {
                    self.$name.clone_from(value);
                }
            )+};
        }
        take!(title, html, excerpt, terms, seo, featured_image_url);
        self.terms.sort();
        self.terms.dedup();
    }

    /// Status and date as WordPress judges them together: a public post whose date is ahead waits for it.
    pub(super) fn schedule(&mut self, fields: &FieldPatch, now: Timestamp) {
        let was_public = self.is_public();
        match fields.publish_at {
            Some(None) if was_public => {}
            Some(date) => self.date = date,
            None => {}
        }
        if let Some(status) = fields.status {
            self.untrash();
            self.status = status_out(status).into();
        }
        if self.status == "publish" || self.status == "future" {
            let ahead = self.date.is_some_and(|date| date > now);
            self.status = if ahead { "future" } else { "publish" }.into();
            self.date = self.date.or(Some(now));
        }
    }

    /// Takes out what a user without the right to unfiltered markup may not write; says whether there was any.
    pub(super) fn filter(&mut self) -> bool {
        let filtered = (
            without_frames(&self.html),
            with_escaped_ampersands(&self.title),
            with_escaped_ampersands(&self.excerpt),
        );
        let before = (self.html.clone(), self.title.clone(), self.excerpt.clone());
        (self.html, self.title, self.excerpt) = filtered;
        before != (self.html.clone(), self.title.clone(), self.excerpt.clone())
    }

    pub(super) fn put_in_trash(&mut self) {
        if !self.is_trashed() {
            self.status = "trash".into();
            self.slug.push_str(TRASHED);
        }
    }

    /// Out of the trash, as a draft: WordPress leaves the rest to the editor.
    pub(super) fn untrash(&mut self) {
        if self.is_trashed() {
            self.status = "draft".into();
            self.slug = self.slug.trim_end_matches(TRASHED).into();
        }
    }
}

pub(super) fn status_in(word: &str) -> ContentStatus {
    match word {
        "publish" | "private" => ContentStatus::Published,
        "future" => ContentStatus::Approved,
        "pending" => ContentStatus::Review,
        _ => ContentStatus::Draft,
    }
}

fn status_out(status: ContentStatus) -> &'static str {
    if status == ContentStatus::Published { "publish" } else { "draft" }
}

/// Title as slug: lower case, hyphens.
pub(super) fn slug_of(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// A text with its ampersands escaped, as WordPress keeps it for such a user.
fn with_escaped_ampersands(text: &str) -> String {
    text.replace("&amp;", "&").replace('&', "&amp;")
}

/// The body without its frames, as WordPress leaves it where the user may not write unfiltered HTML.
fn without_frames(html: &str) -> String {
    let (open, close) = ("<iframe", "</iframe>");
    let mut kept = String::new();
    let mut rest = html;
    while let Some((before, frame)) = rest.split_once(open) {
        kept.push_str(before);
        rest = frame.split_once(close).map_or("", |(_, after)| after);
    }
    kept + rest
}
