//! The fields that sync, as whole sets and as partial ones.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::content::terms::same_terms;
use crate::content::{Term, hash_bytes, hash_value};
use crate::time::Timestamp;
use crate::words::words;

/// The writer's status of a content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentStatus {
    /// Being written.
    #[default]
    Draft,
    /// Waits for an editor.
    Review,
    /// May go out; a draft on the platform.
    Approved,
    /// Public, now or at its `publish_at`.
    Published,
    /// No longer public.
    Archived,
}

words!(ContentStatus {
    Draft => "draft", Review => "review", Approved => "approved", Published => "published", Archived => "archived",
});

impl ContentStatus {
    /// Whether a content that has no post yet gets one.
    pub fn wants_a_post(self) -> bool {
        matches!(self, Self::Approved | Self::Published)
    }
}

/// What search engines are told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seo {
    /// The title.
    #[serde(default)]
    pub title: String,
    /// The description.
    #[serde(default)]
    pub description: String,
    /// The phrase it is meant for.
    #[serde(default)]
    pub focus_keyword: String,
    /// The canonical address, empty for the post's own.
    #[serde(default)]
    pub canonical: String,
}

/// All fields that sync, on the writer's side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentFields {
    /// Raw title.
    pub title: String,
    /// Raw body.
    pub html: String,
    /// Raw excerpt.
    pub excerpt: String,
    /// Slug; empty until the platform or the writer gives one.
    pub slug: String,
    /// The writer's status.
    pub status: ContentStatus,
    /// When it goes or went public, where that was planned.
    pub publish_at: Option<Timestamp>,
    /// Terms.
    pub terms: Vec<Term>,
    /// What search engines are told.
    pub seo: Seo,
    /// Address of the featured picture.
    pub featured_image_url: Option<String>,
}

/// The name of a field that syncs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Raw title.
    Title,
    /// Raw body.
    Html,
    /// Raw excerpt.
    Excerpt,
    /// Slug.
    Slug,
    /// Status; stands for trash and deletion too.
    Status,
    /// Planned date.
    PublishAt,
    /// Terms.
    Terms,
    /// SEO fields.
    Seo,
    /// Featured picture.
    FeaturedImageUrl,
}

words!(Field {
    Title => "title", Html => "html", Excerpt => "excerpt", Slug => "slug", Status => "status",
    PublishAt => "publish_at", Terms => "terms", Seo => "seo", FeaturedImageUrl => "featured_image_url",
});

impl Field {
    /// Every field, in the order they are shown.
    pub const ALL: [Self; 9] = [
        Self::Title,
        Self::Html,
        Self::Excerpt,
        Self::Slug,
        Self::Status,
        Self::PublishAt,
        Self::Terms,
        Self::Seo,
        Self::FeaturedImageUrl,
    ];

    /// What a run of direction `metadata` carries: everything but bodies.
    pub fn is_metadata(self) -> bool {
        !matches!(self, Self::Html | Self::Excerpt)
    }
}

/// Some of the fields: what a platform showed, what is sent to it, what a person changes. Absent means untouched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the same fields as ContentFields")]
#[serde(default)]
pub struct FieldPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ContentStatus>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub publish_at: Option<Option<Timestamp>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<Vec<Term>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seo: Option<Seo>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub featured_image_url: Option<Option<String>>,
}

/// A field that is there is `Some`, even where it is null.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Calls `$each!(variant, name)` for every field that is plainly copied.
macro_rules! for_each_field {
    ($each:ident) => {
        $each!(Title, title);
        $each!(Html, html);
        $each!(Excerpt, excerpt);
        $each!(Slug, slug);
        $each!(Status, status);
        $each!(PublishAt, publish_at);
        $each!(Terms, terms);
        $each!(Seo, seo);
        $each!(FeaturedImageUrl, featured_image_url);
    };
}

impl FieldPatch {
    /// Whether the field is there.
    pub fn has(&self, field: Field) -> bool {
        macro_rules! check {
            ($variant:ident, $name:ident) => {
                if field == Field::$variant {
                    return self.$name.is_some();
                }
            };
        }
        for_each_field!(check);
        false
    }

    /// The fields that are there.
    pub fn present(&self) -> Vec<Field> {
        Field::ALL.into_iter().filter(|field| self.has(*field)).collect()
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.present().is_empty()
    }

    /// The value as JSON, where the field is there.
    pub fn value(&self, field: Field) -> Option<Value> {
        macro_rules! value {
            ($variant:ident, $name:ident) => {
                if field == Field::$variant {
                    return self.$name.as_ref().map(|value| serde_json::json!(value));
                }
            };
        }
        for_each_field!(value);
        None
    }

    /// The hash of the value, where the field is there. Terms hash alike in any order; the body's is that of its raw
    /// bytes, which is what a site's webhooks tell.
    pub fn hash(&self, field: Field) -> Option<String> {
        if field == Field::Html {
            return self.html.as_ref().map(|html| hash_bytes(html.as_bytes()));
        }
        if field == Field::Terms {
            let mut terms = self.terms.clone()?;
            terms.sort();
            terms.dedup();
            return Some(hash_value(&serde_json::json!(terms)));
        }
        self.value(field).map(|value| hash_value(&value))
    }

    /// Takes over one field of `other`, where it is there.
    pub fn take(&mut self, field: Field, other: &Self) {
        macro_rules! take {
            ($variant:ident, $name:ident) => {
                if field == Field::$variant && other.$name.is_some() {
                    self.$name.clone_from(&other.$name);
                }
            };
        }
        for_each_field!(take);
    }

    /// Forgets one field.
    pub fn remove(&mut self, field: Field) {
        macro_rules! remove {
            ($variant:ident, $name:ident) => {
                if field == Field::$variant {
                    self.$name = None;
                }
            };
        }
        for_each_field!(remove);
    }

    /// Only these fields of it.
    #[must_use]
    pub fn only(&self, fields: &[Field]) -> Self {
        let mut kept = Self::default();
        for field in fields {
            kept.take(*field, self);
        }
        kept
    }

    /// Whether both have the field, and the same in it.
    pub fn agrees(&self, field: Field, other: &Self) -> bool {
        if field == Field::Terms {
            return match (&self.terms, &other.terms) {
                (Some(a), Some(b)) => same_terms(a, b),
                _ => false,
            };
        }
        self.has(field) && self.value(field) == other.value(field)
    }
}

impl From<&ContentFields> for FieldPatch {
    fn from(fields: &ContentFields) -> Self {
        Self {
            title: Some(fields.title.clone()),
            html: Some(fields.html.clone()),
            excerpt: Some(fields.excerpt.clone()),
            slug: Some(fields.slug.clone()),
            status: Some(fields.status),
            publish_at: Some(fields.publish_at),
            terms: Some(fields.terms.clone()),
            seo: Some(fields.seo.clone()),
            featured_image_url: Some(fields.featured_image_url.clone()),
        }
    }
}

impl ContentFields {
    /// Takes over what is there.
    pub fn apply(&mut self, patch: &FieldPatch) {
        macro_rules! apply {
            ($variant:ident, $name:ident) => {
                if let Some(value) = &patch.$name {
                    self.$name.clone_from(value);
                }
            };
        }
        for_each_field!(apply);
    }
}
