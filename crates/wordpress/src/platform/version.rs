//! Compare-and-set tokens. The plugin makes its own; on a bare site one is made of what a listing shows.

use igny8_integration_domain::content::hash_value;
use igny8_integration_domain::ports::platform::ExternalVersion;
use serde_json::json;

use super::row::Row;

/// Stands for a body that was not read.
const UNREAD: &str = "-";

/// The token of a row.
pub(super) fn version_of(row: &Row) -> ExternalVersion {
    if let Some(version) = &row.version {
        return version.clone();
    }
    let head = hash_value(&json!([
        row.modified.map(|at| at.timestamp()),
        row.date.map(|at| at.timestamp()),
        row.status,
        row.slug,
        row.title,
        row.terms,
        row.picture,
    ]));
    let body = row.content.as_ref().map(|content| hash_value(&json!([content, row.excerpt])));
    let short = |hash: &str| hash.chars().take(24).collect::<String>();
    format!("bare:{}:{}", short(&head), body.as_deref().map_or(UNREAD.to_owned(), short))
}

/// Whether two tokens stand for the same state; a body that was not read says nothing against it.
pub(super) fn same_version(one: &str, other: &str) -> bool {
    let split = |token: &str| {
        token
            .rsplit_once(':')
            .filter(|_| token.starts_with("bare:"))
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
    };
    match (split(one), split(other)) {
        (Some((head, body)), Some((other_head, other_body))) => {
            head == other_head && (body == other_body || body == UNREAD || other_body == UNREAD)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::row::read_row;
    use serde_json::Value;

    fn version(value: &Value) -> String {
        version_of(&read_row(value, &[]).unwrap())
    }

    #[test]
    fn each_change_moves_the_token_of_a_bare_post() {
        let post = json!({"id": 5, "status": "publish", "slug": "a", "modified_gmt": "2026-01-01T00:00:00",
            "title": {"raw": "A"}, "content": {"raw": "x"}, "excerpt": {"raw": ""}, "featured_media": 0});
        for (field, value) in [
            ("status", json!("draft")),
            ("slug", json!("b")),
            ("modified_gmt", json!("2026-01-01T00:00:01")),
            ("title", json!({"raw": "B"})),
            ("content", json!({"raw": "y"})),
            ("excerpt", json!({"raw": "e"})),
            ("featured_media", json!(4)),
        ] {
            let mut changed = post.clone();
            changed[field] = value;
            assert!(!same_version(&version(&post), &version(&changed)), "{field}");
        }
    }

    #[test]
    fn a_listing_without_bodies_agrees_with_one_that_has_them() {
        let full = json!({"id": 5, "status": "publish", "content": {"raw": "x"}});
        let narrow = json!({"id": 5, "status": "publish"});
        let other = json!({"id": 5, "status": "draft"});
        assert!(same_version(&version(&full), &version(&narrow)));
        assert!(!same_version(&version(&full), &version(&other)));
    }

    #[test]
    fn the_plugins_token_is_taken_as_it_is() {
        let row = json!({"id": 5, "status": "publish", "igny8_version": "2026-01-01 00:00:00:abc"});
        assert_eq!(version(&row), "2026-01-01 00:00:00:abc");
        assert!(!same_version("2026-01-01 00:00:00:abc", "2026-01-01 00:00:00:-"));
    }
}
