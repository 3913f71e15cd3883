//! One row of a listing, read leniently: other plugins change the kinds of fields, and one odd row must not
//! cost the page.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use igny8_integration_domain::content::Seo;
use igny8_integration_domain::ports::platform::UnreadableItem;
use igny8_integration_domain::time::Timestamp;
use serde_json::{Map, Value};

use super::dates::read_gmt;
use super::marker::META;
use super::structure::Taxonomy;
use crate::answer::slug_word;

/// A post as the site's JSON has it; names of terms and the picture's address are still ids.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub id: u64,
    pub status: String,
    pub slug: Option<String>,
    pub link: Option<String>,
    pub date: Option<Timestamp>,
    pub modified: Option<Timestamp>,
    pub title: Option<String>,
    pub content: Option<String>,
    pub excerpt: Option<String>,
    /// 0 where there is no picture; none where the type has no pictures.
    pub picture: Option<u64>,
    /// Term ids by taxonomy name, for the taxonomies that the row shows.
    pub terms: BTreeMap<String, Vec<u64>>,
    pub marker: Option<String>,
    /// The plugin's own token.
    pub version: Option<String>,
    pub seo: Option<Seo>,
    /// The site's clock when it showed the row.
    pub shown_at: Option<Timestamp>,
}

/// A draft's date moves with each save until somebody sets it; one this far after the last save was set.
const PLANNED: TimeDelta = TimeDelta::seconds(60);

impl Row {
    #[must_use]
    pub fn read_at(self, shown_at: Option<Timestamp>) -> Self {
        Self { shown_at, ..self }
    }

    /// The date that somebody planned for a post that is not public.
    pub fn planned_date(&self) -> Option<Timestamp> {
        let after =
            |date: Timestamp, other: Option<Timestamp>, by| other.is_some_and(|other| date > other + by);
        self.date.filter(|date| {
            self.status == "future"
                || after(*date, self.modified, PLANNED)
                || after(*date, self.shown_at, TimeDelta::zero())
        })
    }

    pub fn is_trashed(&self) -> bool {
        self.status == "trash"
    }
}

/// Reads a row, or says which one cannot be read and why.
pub(super) fn read_row(value: &Value, taxonomies: &[Taxonomy]) -> Result<Row, UnreadableItem> {
    let unreadable = |id: Option<u64>, code: &str, reason: &str| UnreadableItem {
        external_id: id.map(|id| id.to_string()),
        code: code.to_owned(),
        reason: reason.to_owned(),
    };
    let Some(object) = value.as_object() else {
        return Err(unreadable(None, "unreadable", "the site lists something that is no post"));
    };
    let Some(id) = object.get("id").and_then(number).filter(|id| *id > 0) else {
        return Err(unreadable(None, "unreadable", "the site lists a post without an id"));
    };
    let Some(status) = object.get("status").and_then(Value::as_str) else {
        return Err(unreadable(Some(id), "unreadable", "the site lists a post without a status"));
    };
    if ["title", "content", "excerpt"].iter().any(|name| shows_only_rendered(object, name)) {
        let reason = "the connected user may not edit this post, so its text cannot be read";
        return Err(unreadable(Some(id), "not_editable", reason));
    }
    let text = |name: &str| object.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    Ok(Row {
        id,
        status: slug_word(status),
        slug: text("slug"),
        link: text("link"),
        date: object.get("date_gmt").and_then(Value::as_str).and_then(read_gmt),
        modified: object.get("modified_gmt").and_then(Value::as_str).and_then(read_gmt),
        title: raw(object, "title"),
        content: raw(object, "content"),
        excerpt: raw(object, "excerpt"),
        picture: object.get("featured_media").map(|id| number(id).unwrap_or(0)),
        terms: terms(object, taxonomies),
        marker: object.get("meta").and_then(|meta| meta.get(META)).and_then(word),
        version: text("igny8_version").filter(|version| !version.is_empty()),
        seo: object.get("igny8_seo").and_then(read_seo),
        shown_at: None,
    })
}

/// Whole numbers come as numbers, as text, and as a float now and then.
pub(super) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64()?.to_string().parse().ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn raw(object: &Map<String, Value>, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) => Some(text.clone()),
        value => value.get("raw").and_then(Value::as_str).map(ToOwned::to_owned),
    }
}

/// Without edit rights a field comes rendered, without its raw text, which must never be stored as that.
fn shows_only_rendered(object: &Map<String, Value>, name: &str) -> bool {
    object.get(name).is_some_and(|field| field.get("rendered").is_some() && field.get("raw").is_none())
}

fn terms(object: &Map<String, Value>, taxonomies: &[Taxonomy]) -> BTreeMap<String, Vec<u64>> {
    let shown = taxonomies.iter().filter_map(|taxonomy| {
        let mut ids: Vec<u64> = match object.get(&taxonomy.rest_base)? {
            Value::Array(ids) => ids.iter().filter_map(number).collect(),
            // PHP writes a map with gaps as an object, and nothing at all as false or null.
            Value::Object(ids) => ids.values().filter_map(number).collect(),
            _ => Vec::new(),
        };
        // Their order means nothing: plugins change it.
        ids.sort_unstable();
        Some((taxonomy.name.clone(), ids))
    });
    shown.collect()
}

/// An empty PHP array is `[]`, whatever was meant.
fn read_seo(value: &Value) -> Option<Seo> {
    match value {
        Value::Object(seo) => {
            let text = |name: &str| seo.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            Some(Seo {
                title: text("title"),
                description: text("description"),
                focus_keyword: text("focus_keyword"),
                canonical: text("canonical"),
            })
        }
        Value::Array(empty) if empty.is_empty() => Some(Seo::default()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    fn categories() -> Vec<Taxonomy> {
        vec![Taxonomy::new("category", "wp/v2", "categories", &["post"])]
    }

    fn row(mut extra: Value) -> Row {
        let mut value = json!({"id": 55, "status": "publish"});
        value.as_object_mut().unwrap().append(extra.as_object_mut().unwrap());
        read_row(&value, &categories()).unwrap()
    }

    #[rstest]
    #[case(json!({"meta": []}))]
    #[case(json!({"meta": {}}))]
    #[case(json!({"meta": {"a": ""}}))]
    #[case(json!({"acf": false}))]
    #[case(json!({"acf": {"gallery": false}, "author": null, "_links": [], "yoast_head_json": []}))]
    #[case(json!({"id": "55"}))]
    #[case(json!({"id": 55.0}))]
    fn odd_kinds_are_no_change(#[case] odd: Value) {
        assert_eq!(row(odd), row(json!({})));
    }

    #[test]
    fn numbers_as_text_and_false_for_nothing_are_read() {
        let odd = row(json!({"featured_media": "0", "categories": false}));
        assert_eq!(odd, row(json!({"featured_media": 0, "categories": []})));
        let odd = row(json!({"featured_media": "7", "categories": {"0": 3, "2": "4"}}));
        assert_eq!(odd, row(json!({"featured_media": 7, "categories": [3, 4]})));
    }

    #[test]
    fn a_type_without_a_title_shows_none() {
        let row =
            row(json!({"content": {"raw": "<p>x</p>", "rendered": "…"}, "date_gmt": "-0001-11-30T00:00:00"}));
        assert_eq!((row.title, row.content.as_deref(), row.date), (None, Some("<p>x</p>"), None));
    }

    #[test]
    fn the_marker_is_read_from_the_meta_whether_text_or_number() {
        assert_eq!(row(json!({"meta": {"igny8_content_id": "12"}})).marker.as_deref(), Some("12"));
        assert_eq!(row(json!({"meta": {"igny8_content_id": 12}})).marker.as_deref(), Some("12"));
        assert_eq!(row(json!({"meta": {"igny8_content_id": ""}})).marker, None);
    }

    #[rstest]
    #[case(json!([]), Some(Seo::default()))]
    #[case(json!({"title": "%%title%%"}), Some(Seo { title: "%%title%%".to_owned(), ..Seo::default() }))]
    #[case(json!(null), None)]
    fn the_seo_field_is_read(#[case] seo: Value, #[case] expected: Option<Seo>) {
        assert_eq!(row(json!({"igny8_seo": seo})).seo, expected);
    }

    #[rstest]
    #[case(json!("x"), None, "unreadable")]
    #[case(json!({"status": "publish"}), None, "unreadable")]
    #[case(json!({"id": 5}), Some("5"), "unreadable")]
    #[case(json!({"id": 5, "status": "publish", "content": {"rendered": "", "protected": true}}), Some("5"), "not_editable")]
    fn a_row_that_cannot_be_read_is_named(
        #[case] value: Value,
        #[case] id: Option<&str>,
        #[case] code: &str,
    ) {
        let item = read_row(&value, &[]).unwrap_err();
        assert_eq!((item.external_id.as_deref(), item.code.as_str()), (id, code));
    }
}
