//! Between WordPress's fields and the domain's.

use igny8_integration_domain::content::{ContentStatus, FieldPatch, is_web_address};
use igny8_integration_domain::id::SiteId;
use igny8_integration_domain::ports::platform::ExternalItem;

use super::lookups::{Lookups, Picture};
use super::marker::marker_of;
use super::row::Row;
use super::version::version_of;

/// A row as the domain sees it.
pub(super) fn item_of(row: &Row, type_name: &str, site_id: SiteId, lookups: &Lookups) -> ExternalItem {
    ExternalItem {
        external_id: row.id.to_string(),
        content_type: type_name.to_owned(),
        marker: marker_of(row, site_id),
        // A site must not put a script where people are shown a link.
        url: if row.is_trashed() { None } else { row.link.clone().filter(|link| is_web_address(link)) },
        status: row.status.clone(),
        trashed: row.is_trashed(),
        modified_at: row.modified,
        version: version_of(row),
        fields: fields_of(row, site_id, lookups),
    }
}

fn fields_of(row: &Row, site_id: SiteId, lookups: &Lookups) -> FieldPatch {
    let picture = match row.picture {
        None => None,
        Some(0) => Some(None),
        Some(id) => match lookups.picture(id) {
            Picture::Unknown => None,
            Picture::Gone => Some(None),
            Picture::At(address) => is_web_address(&address).then_some(Some(address)),
        },
    };
    let mut fields = FieldPatch {
        title: row.title.clone(),
        html: row.content.clone(),
        excerpt: row.excerpt.clone(),
        terms: if row.terms.is_empty() { None } else { lookups.terms_of(&row.terms) },
        seo: row.seo.clone(),
        featured_image_url: picture,
        ..FieldPatch::default()
    };
    // In the trash a post has a made-up slug, and neither status nor date of its own.
    if !row.is_trashed() {
        let is_marker = row.marker.is_none() && marker_of(row, site_id).is_some();
        fields.slug = row.slug.clone().filter(|_| !is_marker);
        fields.status = Some(status_in(&row.status));
        plan(row, &mut fields);
    }
    fields
}

pub(super) fn status_in(word: &str) -> ContentStatus {
    match word {
        "publish" | "private" => ContentStatus::Published,
        "future" => ContentStatus::Approved,
        "pending" => ContentStatus::Review,
        _ => ContentStatus::Draft,
    }
}

/// WordPress's word for the writer's status. With a date ahead `publish` becomes `future` by itself.
pub(super) fn status_out(status: ContentStatus) -> &'static str {
    match status {
        ContentStatus::Published => "publish",
        _ => "draft",
    }
}

/// The planned date. A public post shows none: when it went public is no plan, and must not undo one here.
fn plan(row: &Row, fields: &mut FieldPatch) {
    fields.publish_at = match row.status.as_str() {
        "publish" | "private" => None,
        _ => Some(row.planned_date()),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::row::read_row;
    use igny8_integration_domain::id::ContentId;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn item(value: &Value) -> ExternalItem {
        item_of(&read_row(value, &[]).unwrap(), "post", SiteId::new(3).unwrap(), &Lookups::default())
    }

    fn post(status: &str, date: &str) -> Value {
        json!({"id": 5, "status": status, "slug": "a", "link": "https://a.example/a/", "date_gmt": date,
            "modified_gmt": "2026-01-01T00:00:00", "title": {"raw": "R&D"}})
    }

    #[rstest]
    #[case("publish", "2025-01-01T00:00:00", ContentStatus::Published, None)]
    #[case("private", "2025-01-01T00:00:00", ContentStatus::Published, None)]
    #[case("future", "2027-01-01T00:00:00", ContentStatus::Approved, Some(true))]
    #[case("pending", "2026-01-01T00:00:00", ContentStatus::Review, Some(false))]
    #[case("draft", "2026-01-01T00:00:00", ContentStatus::Draft, Some(false))]
    #[case("draft", "2027-01-01T00:00:00", ContentStatus::Draft, Some(true))]
    #[case("in-progress", "2026-01-01T00:00:00", ContentStatus::Draft, Some(false))]
    fn a_status_and_its_date_come_in(
        #[case] word: &str,
        #[case] date: &str,
        #[case] status: ContentStatus,
        #[case] planned: Option<bool>,
    ) {
        let item = item(&post(word, date));
        assert_eq!((item.status.as_str(), item.fields.status), (word, Some(status)));
        assert_eq!(item.fields.publish_at.map(|at| at.is_some()), planned);
    }

    #[test]
    fn the_trash_shows_no_address_slug_or_status() {
        let item = item(&post("trash", "2026-01-01T00:00:00"));
        assert!(item.trashed && item.url.is_none());
        assert_eq!((item.fields.slug, item.fields.status, item.fields.publish_at), (None, None, None));
        assert_eq!(item.fields.title.as_deref(), Some("R&D"));
    }

    #[rstest]
    #[case("https://a.example/a/", true)]
    #[case("javascript:alert(1)", false)]
    #[case("/a/", false)]
    #[case("", false)]
    fn only_an_address_of_the_web_is_shown(#[case] link: &str, #[case] shown: bool) {
        let mut row = post("publish", "2025-01-01T00:00:00");
        row["link"] = json!(link);
        assert_eq!(item(&row).url.is_some(), shown);
    }

    #[test]
    fn a_slug_that_is_a_marker_is_no_slug() {
        let mut draft = post("draft", "2026-01-01T00:00:00");
        draft["slug"] = json!("igny8-3-77");
        assert_eq!((item(&draft).marker, item(&draft).fields.slug), (ContentId::new(77), None));
        draft["slug"] = json!("igny8-4-77");
        assert_eq!((item(&draft).marker, item(&draft).fields.slug.as_deref()), (None, Some("igny8-4-77")));
    }

    #[test]
    fn what_was_not_read_is_not_shown() {
        let fields = item(&json!({"id": 5, "status": "publish"})).fields;
        assert_eq!(fields.present(), [igny8_integration_domain::content::Field::Status]);
    }
}
