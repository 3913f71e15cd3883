//! Asking for posts, with no more fields than a sync needs: `_fields` decides how quick a site is.

use std::collections::HashMap;

use igny8_integration_domain::ports::platform::UnreadableItem;
use serde_json::Value;

use super::marker::META;
use super::row::{Row, read_row};
use super::structure::Taxonomy;
use crate::site::Reply;

/// Every status, trash included: `any` alone leaves it out.
pub(super) fn every_status() -> [(&'static str, String); 2] {
    [("status[]", "any".to_owned()), ("status[]", "trash".to_owned())]
}

/// The fields of a post that sync, raw.
pub(super) fn post_fields(taxonomies: &[Taxonomy], bodies: bool) -> String {
    let mut fields = vec![
        "id",
        "status",
        "slug",
        "link",
        "date_gmt",
        "modified_gmt",
        "title.raw",
        "featured_media",
        "igny8_version",
        "igny8_seo",
    ];
    let marker = format!("meta.{META}");
    fields.push(&marker);
    if bodies {
        fields.extend(["content.raw", "excerpt.raw"]);
    }
    fields.extend(taxonomies.iter().map(|taxonomy| taxonomy.rest_base.as_str()));
    fields.join(",")
}

/// The rows of a page; what cannot be read is reported one by one.
pub(super) fn read_rows(reply: &Reply, taxonomies: &[Taxonomy]) -> (Vec<Row>, Vec<UnreadableItem>) {
    let (mut rows, mut unreadable) = (Vec::new(), Vec::new());
    for value in reply.rows().unwrap_or_default() {
        match read_row(value, taxonomies) {
            Ok(row) => rows.push(row.read_at(reply.server_time())),
            Err(item) => unreadable.push(item),
        }
    }
    (rows, unreadable)
}

/// How a page of rows is put together from windows that may overlap: each row once, by id.
#[derive(Default)]
pub(super) struct Gathered {
    rows: HashMap<u64, Row>,
    unreadable: Vec<UnreadableItem>,
}

impl Gathered {
    pub fn add(&mut self, rows: Vec<Row>, unreadable: Vec<UnreadableItem>, after: u64) {
        self.rows.extend(rows.into_iter().filter(|row| row.id > after).map(|row| (row.id, row)));
        for item in unreadable {
            if !self.unreadable.contains(&item) && id_of(&item).is_none_or(|id| id > after) {
                self.unreadable.push(item);
            }
        }
    }

    pub fn last_id(&self) -> Option<u64> {
        let readable = self.rows.keys().copied();
        readable.chain(self.unreadable.iter().filter_map(id_of)).max()
    }

    pub fn into_parts(self) -> (Vec<Row>, Vec<UnreadableItem>) {
        let mut rows: Vec<Row> = self.rows.into_values().collect();
        rows.sort_by_key(|row| row.id);
        (rows, self.unreadable)
    }
}

fn id_of(item: &UnreadableItem) -> Option<u64> {
    item.external_id.as_ref()?.parse().ok()
}

/// The ids of a page, whatever else its rows hold.
pub(super) fn ids_of(reply: &Reply) -> Vec<u64> {
    reply.rows().unwrap_or_default().iter().filter_map(super::lookups::id_of).collect()
}

/// Whether the answer is a list at all.
pub(super) fn is_list(value: &Value) -> bool {
    value.is_array()
}
