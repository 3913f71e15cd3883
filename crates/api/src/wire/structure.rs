//! What a site consists of: as it is stored, as its plugin pushes it, and as a person chooses from it.

use std::collections::BTreeMap;

use igny8_integration_domain::integration::{SiteUrl, Structure, TaxonomyEntry, TypeEntry};
use igny8_integration_domain::ports::storage::ContentTotals;
use igny8_integration_domain::service::{
    NotStored, StructureChoices, StructureStored, StructureView, TypeChoice,
};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use super::body;
use super::field::Refusal;
use super::time;
use super::webhook::SITE_URL;
use crate::openapi::shape::{self, optional, required};

/// More of one type than any site has.
const MAX_FETCH_LIMIT: i64 = 1_000_000_000;

/// More types or taxonomies than any site has, and longer names and labels: each is kept, listed and told.
const MAX_ENTRIES: usize = 500;
const MAX_NAME: usize = 64;
const MAX_LABEL: usize = 200;

/// What the plugin says of itself; the first is text, the others are switches.
const VERSION: &str = "version";
const FLAGS: [&str; 3] = ["connection_enabled", "two_way_sync_enabled", "signs_webhooks"];

#[derive(Debug, Serialize, ToSchema)]
pub struct StructureResponse {
    post_types: BTreeMap<String, TypeResponse>,
    taxonomies: BTreeMap<String, TaxonomyResponse>,
    plugin: Option<Value>,
    timestamp: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TypeResponse {
    label: String,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fetch_limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TaxonomyResponse {
    label: String,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
}

impl From<Structure> for StructureResponse {
    fn from(structure: Structure) -> Self {
        let types = structure.post_types.into_iter();
        let taxonomies = structure.taxonomies.into_iter();
        Self {
            post_types: types.map(|(name, entry)| (name, entry.into())).collect(),
            taxonomies: taxonomies.map(|(name, entry)| (name, entry.into())).collect(),
            plugin: structure.plugin,
            timestamp: structure.timestamp.map(time),
        }
    }
}

impl From<TypeEntry> for TypeResponse {
    fn from(TypeEntry { label, count, enabled, fetch_limit }: TypeEntry) -> Self {
        Self { label, count, enabled, fetch_limit }
    }
}

impl From<TaxonomyEntry> for TaxonomyResponse {
    fn from(TaxonomyEntry { label, count, enabled }: TaxonomyEntry) -> Self {
        Self { label, count, enabled }
    }
}

/// What a push came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct StructureStoredResponse {
    /// False where something newer is stored, or the push is of a copy of the site.
    stored: bool,
    /// Why it was not stored.
    reason: Option<&'static str>,
    content_types: StructureResponse,
}

impl From<StructureStored> for StructureStoredResponse {
    fn from(done: StructureStored) -> Self {
        let reason = done.refused.map(|refused| match refused {
            NotStored::Older => "older than what is stored: nothing was changed",
            NotStored::SiteCopy => "from a copy of the site at another address: nothing was changed",
        });
        Self { stored: reason.is_none(), reason, content_types: done.structure.into() }
    }
}

/// The stored structure with what is known of each type.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContentTypesResponse {
    post_types: BTreeMap<String, SyncedTypeResponse>,
    taxonomies: BTreeMap<String, SyncedTaxonomyResponse>,
    plugin: Option<Value>,
    timestamp: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SyncedTypeResponse {
    label: String,
    count: u64,
    enabled: bool,
    fetch_limit: Option<u32>,
    counts: CountsResponse,
    last_fetched_at: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SyncedTaxonomyResponse {
    label: String,
    count: u64,
    enabled: bool,
}

#[derive(Debug, Default, Serialize, ToSchema)]
struct CountsResponse {
    synced: i64,
    pending: i64,
    conflicts: i64,
    failed: i64,
}

impl From<ContentTotals> for CountsResponse {
    fn from(totals: ContentTotals) -> Self {
        Self {
            synced: totals.in_sync,
            pending: totals.pending_push + totals.pending_pull,
            conflicts: totals.conflicts,
            failed: totals.failed,
        }
    }
}

impl From<StructureView> for ContentTypesResponse {
    fn from(mut view: StructureView) -> Self {
        let Structure { post_types, taxonomies, plugin, timestamp } = view.structure;
        let mut post_type = |name: String, entry: TypeEntry| {
            let shown = SyncedTypeResponse {
                label: entry.label,
                count: entry.count,
                enabled: entry.enabled != Some(false),
                fetch_limit: entry.fetch_limit,
                counts: view.totals.remove(&name).map(CountsResponse::from).unwrap_or_default(),
                last_fetched_at: view.fetched_at.remove(&name).map(time),
            };
            (name, shown)
        };
        let taxonomy = |TaxonomyEntry { label, count, enabled }: TaxonomyEntry| SyncedTaxonomyResponse {
            label,
            count,
            enabled: enabled != Some(false),
        };
        Self {
            post_types: post_types.into_iter().map(|(name, entry)| post_type(name, entry)).collect(),
            taxonomies: taxonomies.into_iter().map(|(name, entry)| (name, taxonomy(entry))).collect(),
            plugin,
            timestamp: timestamp.map(time),
        }
    }
}

/// What [`push`] reads.
pub fn push_shape() -> Object {
    let entry = |limit| {
        let switch = optional("enabled", shape::boolean());
        let named =
            [required("label", shape::text()), required("count", shape::integer(0, i64::MAX)), switch];
        shape::map(shape::object(named.into_iter().chain(limit)))
    };
    let limit = optional("fetch_limit", shape::integer(1, MAX_FETCH_LIMIT));
    let flags = FLAGS.map(|flag| optional(flag, shape::boolean()));
    shape::object([
        required("post_types", entry(Some(limit))),
        optional("taxonomies", entry(None)),
        optional("plugin", shape::object([optional(VERSION, shape::text())].into_iter().chain(flags))),
        optional("timestamp", shape::time()),
        optional(SITE_URL, shape::nullable(shape::text())),
    ])
}

/// What a site's plugin tells of the site, and the site's own address where it is told.
pub fn push(body: &body::Object<'_>) -> Option<(Structure, Option<SiteUrl>)> {
    let post_types = body.lenient_map("post_types", |entry| {
        let label = entry.lenient_text("label").then(label).required();
        let count = entry.lenient_number("count", 0..=i64::MAX).required();
        let enabled = entry.lenient_boolean("enabled").optional();
        let limit = entry.lenient_number("fetch_limit", 1..=MAX_FETCH_LIMIT).optional();
        Some(TypeEntry {
            label: label?,
            count: count?.unsigned_abs(),
            enabled,
            fetch_limit: limit.and_then(|limit| u32::try_from(limit).ok()),
        })
    });
    let taxonomies = body.lenient_map("taxonomies", |entry| {
        let label = entry.lenient_text("label").then(label).required();
        let count = entry.lenient_number("count", 0..=i64::MAX).required();
        let enabled = entry.lenient_boolean("enabled").optional();
        Some(TaxonomyEntry { label: label?, count: count?.unsigned_abs(), enabled })
    });
    let plugin = body.lenient_object("plugin").optional().map(|plugin| said_of_itself(&plugin));
    let timestamp = body.lenient_time("timestamp").optional();
    let site_url = body.lenient_site_url(SITE_URL);
    let structure = Structure {
        post_types: post_types.then(bounded).required()?,
        taxonomies: taxonomies.then(bounded).optional().unwrap_or_default(),
        plugin,
        timestamp,
    };
    Some((structure, site_url))
}

fn bounded<T>(entries: BTreeMap<String, T>) -> Result<BTreeMap<String, T>, Refusal> {
    if entries.len() > MAX_ENTRIES {
        return Err(Refusal::invalid(format!("must hold at most {MAX_ENTRIES} entries")));
    }
    if entries.keys().any(|name| name.chars().count() > MAX_NAME) {
        return Err(Refusal::invalid(format!("names must have at most {MAX_NAME} characters")));
    }
    Ok(entries)
}

fn label(label: String) -> Result<String, Refusal> {
    if label.chars().count() > MAX_LABEL {
        return Err(Refusal::invalid(format!("must have at most {MAX_LABEL} characters")));
    }
    Ok(label)
}

/// What is known, and nothing else: it is shown to people.
fn said_of_itself(plugin: &body::Object<'_>) -> Value {
    let version = plugin.lenient_text(VERSION).optional().map(|version| (VERSION.to_owned(), version.into()));
    let flags = FLAGS
        .iter()
        .filter_map(|flag| Some(((*flag).to_owned(), plugin.lenient_boolean(flag).optional()?.into())));
    Value::Object(version.into_iter().chain(flags).collect::<Map<_, _>>())
}

/// What [`choices`] reads.
pub fn choices_shape() -> Object {
    let limit = shape::nullable(shape::integer(1, MAX_FETCH_LIMIT));
    let post_type = shape::object([optional("enabled", shape::boolean()), optional("fetch_limit", limit)]);
    let taxonomy = shape::object([optional("enabled", shape::boolean())]);
    shape::object([
        optional("post_types", shape::map(post_type)),
        optional("taxonomies", shape::map(taxonomy)),
    ])
}

/// What a person lets sync.
pub fn choices(body: &body::Object<'_>) -> StructureChoices {
    let limit = |limit: i64| match u32::try_from(limit) {
        Ok(limit) if (1..=MAX_FETCH_LIMIT).contains(&i64::from(limit)) => Ok(limit),
        _ => Err(Refusal::invalid(format!("must be a whole number from 1 to {MAX_FETCH_LIMIT}, or null"))),
    };
    let post_types = body.object("post_types").given().map(|types| {
        types.each(|entry| {
            Some(TypeChoice {
                enabled: entry.boolean("enabled").given(),
                fetch_limit: entry.integer("fetch_limit").then(limit).change(),
            })
        })
    });
    let taxonomies = body
        .object("taxonomies")
        .given()
        .map(|taxonomies| taxonomies.each(|entry| Some(entry.boolean("enabled").given())));
    let chosen = taxonomies.unwrap_or_default().into_iter();
    StructureChoices {
        post_types: post_types.unwrap_or_default(),
        taxonomies: chosen.filter_map(|(name, enabled)| Some((name, enabled?))).collect(),
    }
}
