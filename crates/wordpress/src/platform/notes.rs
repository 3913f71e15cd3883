//! What a write that worked still did not do as asked.

use igny8_integration_domain::content::{ContentStatus, FieldPatch};
use igny8_integration_domain::ports::platform::Note;
use igny8_integration_domain::time::Timestamp;

use super::row::Row;

pub(super) fn note(code: &str, message: impl Into<String>) -> Note {
    Note { code: code.to_owned(), message: message.into() }
}

/// Compares what was sent with what the site answered. `now` is the site's own clock.
pub(super) fn differences(sent: &FieldPatch, answered: &Row, now: Option<Timestamp>) -> Vec<Note> {
    let mut notes = Vec::new();
    let changed = |sent: &Option<String>, kept: &Option<String>| {
        sent.as_ref().is_some_and(|sent| kept.as_ref().is_some_and(|kept| kept != sent))
    };
    if changed(&sent.html, &answered.content)
        || changed(&sent.title, &answered.title)
        || changed(&sent.excerpt, &answered.excerpt)
    {
        notes.push(note(
            "content_filtered",
            "the site kept another text than it was sent: it takes out markup that the connected user may not use",
        ));
    }
    let asked = sent.slug.as_deref().filter(|slug| !slug.is_empty());
    if let (Some(asked), Some(kept)) = (asked, answered.slug.as_deref().filter(|kept| !kept.is_empty()))
        && asked != kept
    {
        notes.push(note("slug_changed", format!("the site uses the slug `{kept}`")));
    }
    if sent.status == Some(ContentStatus::Published) && answered.status != "publish" {
        let planned = match sent.publish_at {
            Some(Some(at)) => now.is_none_or(|now| at > now),
            Some(None) => false,
            None => true,
        };
        if answered.status != "future" || !planned {
            notes.push(note(
                "not_published",
                format!("the site did not publish the post at once: its status is `{}`", answered.status),
            ));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::row::read_row;
    use rstest::rstest;
    use serde_json::json;

    fn answered(status: &str) -> Row {
        let row =
            json!({"id": 5, "status": status, "slug": "a-2", "content": {"raw": "x"}, "title": {"raw": "T"}});
        read_row(&row, &[]).unwrap()
    }

    fn codes(sent: &FieldPatch, answered: &Row) -> Vec<String> {
        let now = "2026-01-01T00:00:00Z".parse().ok();
        differences(sent, answered, now).into_iter().map(|note| note.code).collect()
    }

    #[rstest]
    #[case::same(FieldPatch { html: Some("x".into()), title: Some("T".into()), ..Default::default() }, &[])]
    #[case::filtered(FieldPatch { html: Some("x<script>".into()), ..Default::default() }, &["content_filtered"])]
    #[case::other_slug(FieldPatch { slug: Some("a".into()), ..Default::default() }, &["slug_changed"])]
    #[case::no_slug_asked(FieldPatch { slug: Some(String::new()), ..Default::default() }, &[])]
    fn what_the_site_kept_otherwise_is_said(#[case] sent: FieldPatch, #[case] expected: &[&str]) {
        assert_eq!(codes(&sent, &answered("publish")), expected);
    }

    #[rstest]
    #[case::published("publish", None, &[])]
    #[case::scheduled_as_planned("future", Some("2026-02-01T00:00:00Z"), &[])]
    #[case::scheduled_though_meant_for_now("future", None, &["not_published"])]
    #[case::scheduled_though_due("future", Some("2025-12-01T00:00:00Z"), &["not_published"])]
    #[case::pending("pending", None, &["not_published"])]
    fn a_post_that_did_not_go_out_is_said(
        #[case] status: &str,
        #[case] publish_at: Option<&str>,
        #[case] expected: &[&str],
    ) {
        let publish_at = Some(publish_at.map(|at| at.parse().unwrap()));
        let sent = FieldPatch { status: Some(ContentStatus::Published), publish_at, ..FieldPatch::default() };
        assert_eq!(codes(&sent, &answered(status)), expected);
    }
}
