//! Telling one's own unanswered write from somebody else's edit.

use chrono::{DateTime, TimeDelta};
use igny8_integration_domain::content::{Base, ContentStatus, Field, FieldPatch, PushIntent};
use igny8_integration_domain::time::Timestamp;

fn sent_at() -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn patch(title: &str, html: &str) -> FieldPatch {
    FieldPatch { title: Some(title.into()), html: Some(html.into()), ..FieldPatch::default() }
}

fn agreed(fields: &FieldPatch) -> Base {
    let mut base = Base::default();
    for field in Field::ALL {
        base.agree(field, fields, fields);
    }
    base
}

fn absorbed(external: &FieldPatch, after: Option<i64>) -> Base {
    let intent = PushIntent { fields: patch("new", "<iframe>"), sent_at: sent_at() };
    let modified_at = after.map(|seconds| sent_at() + TimeDelta::seconds(seconds));
    intent.absorbed_into(&agreed(&patch("old", "old")), external, modified_at)
}

#[test]
fn what_arrived_as_it_was_sent_is_agreed_on_whenever_the_site_says_it_changed() {
    for after in [None, Some(0), Some(-90_000), Some(90_000)] {
        let base = absorbed(&patch("new", "<iframe>"), after);
        assert!(!base.local_changed(Field::Title, &patch("new", "<iframe>")), "{after:?}");
        assert!(!base.external_changed(Field::Title, &patch("new", "<iframe>")), "{after:?}");
    }
}

#[test]
fn a_field_that_still_is_as_before_did_not_arrive() {
    let base = absorbed(&patch("old", "old"), Some(1));
    assert_eq!(base, agreed(&patch("old", "old")));
    assert!(base.local_changed(Field::Title, &patch("new", "<iframe>")));
}

#[rstest::rstest]
#[case::at_once(Some(0), true)]
#[case::a_minute_later(Some(60), true)]
#[case::clocks_apart(Some(-60), true)]
#[case::later(Some(61), false)]
#[case::earlier(Some(-61), false)]
#[case::unknown(None, false)]
fn what_the_site_made_of_it_within_a_minute_is_the_writes_own(#[case] after: Option<i64>, #[case] own: bool) {
    let stripped = patch("new", "");
    let base = absorbed(&stripped, after);
    assert_eq!(base.external_changed(Field::Html, &stripped), !own);
    assert_eq!(base.local_changed(Field::Html, &patch("new", "<iframe>")), !own);
    assert!(!base.external_changed(Field::Title, &stripped), "the title arrived as it was sent");
}

#[test]
fn another_status_is_never_taken_for_the_writes_own() {
    let status = |status| FieldPatch { status: Some(status), ..FieldPatch::default() };
    let intent = PushIntent { fields: status(ContentStatus::Published), sent_at: sent_at() };
    let base = agreed(&status(ContentStatus::Draft));
    let other = status(ContentStatus::Review);
    assert_eq!(intent.absorbed_into(&base, &other, Some(sent_at())), base);
    let same = status(ContentStatus::Published);
    let absorbed = intent.absorbed_into(&base, &same, Some(sent_at()));
    assert!(!absorbed.external_changed(Field::Status, &same));
}

#[test]
fn fields_that_were_not_sent_or_are_not_shown_stay_as_they_were() {
    let mut shown = patch("new", "<iframe>");
    shown.slug = Some("somebody-else's".into());
    let base = absorbed(&shown, Some(0));
    assert!(base.external_changed(Field::Slug, &shown));
    assert_eq!(absorbed(&FieldPatch::default(), Some(0)), agreed(&patch("old", "old")));
}

#[rstest::rstest]
#[case::as_it_was_created(ContentStatus::Draft, true)]
#[case::as_somebody_made_it(ContentStatus::Review, false)]
fn a_draft_that_a_create_left_is_its_own_however_wrong_the_sites_clock_is(
    #[case] shown: ContentStatus,
    #[case] own: bool,
) {
    let status = |status| FieldPatch { status: Some(status), ..FieldPatch::default() };
    let intent = PushIntent { fields: status(ContentStatus::Published), sent_at: sent_at() };
    let an_hour_off = Some(sent_at() - TimeDelta::hours(1));
    let base = intent.absorbed_into(&Base::default(), &status(shown), an_hour_off);
    assert_eq!(base.external_changed(Field::Status, &status(shown)), !own);
    assert!(base.local_changed(Field::Status, &status(ContentStatus::Published)), "it is still to be sent");
}
