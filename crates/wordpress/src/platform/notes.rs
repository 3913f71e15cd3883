//! What a write that worked still did not do as asked.

use igny8_integration_domain::content::{ContentStatus, FieldPatch};
use igny8_integration_domain::ports::platform::Note;
use igny8_integration_domain::time::Timestamp;

use super::markup::dropped;
use super::row::Row;
use crate::answer::slug_word;

pub(super) fn note(code: &str, message: impl Into<String>) -> Note {
    Note { code: code.to_owned(), message: message.into() }
}

/// Compares what was sent with what the site answered. `now` is the site's own clock.
pub(super) fn differences(sent: &FieldPatch, answered: &Row, now: Option<Timestamp>) -> Vec<Note> {
    let mut notes = Vec::new();
    notes.extend(filtered(sent, answered));
    let asked = sent.slug.as_deref().filter(|slug| !slug.is_empty());
    if let (Some(asked), Some(kept)) = (asked, answered.slug.as_deref().filter(|kept| !kept.is_empty()))
        && asked != kept
    {
        notes.push(note("slug_changed", format!("the site uses the slug `{}`", slug_word(kept))));
    }
    let is_out = answered.status == "publish" || (answered.status == "future" && is_planned(sent, now));
    if sent.status == Some(ContentStatus::Published) && !is_out {
        notes.push(note(
            "not_published",
            format!(
                "the site did not publish the post at once: its status is `{}`",
                slug_word(&answered.status)
            ),
        ));
    }
    notes
}

/// Whether a post that was sent to go out was sent to wait for its date. `now` is the site's own clock.
pub(super) fn is_planned(sent: &FieldPatch, now: Option<Timestamp>) -> bool {
    match sent.publish_at {
        Some(Some(at)) => now.is_none_or(|now| at > now),
        Some(None) => false,
        None => true,
    }
}

/// The texts that the site kept otherwise, with what it took out of them.
fn filtered(sent: &FieldPatch, answered: &Row) -> Option<Note> {
    let texts = [
        ("html", &sent.html, &answered.content),
        ("title", &sent.title, &answered.title),
        ("excerpt", &sent.excerpt, &answered.excerpt),
    ];
    let mut changed = Vec::new();
    for (name, sent, kept) in texts {
        let (Some(sent), Some(kept)) = (sent, kept) else { continue };
        if sent == kept {
            continue;
        }
        let parts = dropped(sent, kept);
        changed.push(if parts.is_empty() {
            name.to_owned()
        } else {
            format!("{name} (without {})", parts.join(", "))
        });
    }
    (!changed.is_empty()).then(|| {
        let what = changed.join(", ");
        note("content_filtered", format!("the site kept another text than it was sent in {what}"))
    })
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

    #[test]
    fn what_was_taken_out_is_named_by_field() {
        let sent = FieldPatch {
            html: Some("x<iframe src=\"v\"></iframe>".into()),
            title: Some("Fish & Chips".into()),
            ..FieldPatch::default()
        };
        let row = json!({"id": 5, "status": "publish", "content": {"raw": "x"}, "title": {"raw": "Fish &amp; Chips"}});
        let notes = differences(&sent, &read_row(&row, &[]).unwrap(), None);
        assert_eq!(
            notes[0].message,
            "the site kept another text than it was sent in html (without <iframe>, src), title"
        );
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
