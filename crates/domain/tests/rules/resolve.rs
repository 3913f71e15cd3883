//! A person's decision about a conflict.

use chrono::{DateTime, TimeDelta};
use igny8_integration_domain::content::{Content, Field, FieldPatch, Reach, Side};
use igny8_integration_domain::integration::ConflictPolicy;
use igny8_integration_domain::ports::platform::ExternalItem;
use igny8_integration_domain::time::Timestamp;

use crate::state::linked;

fn now() -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn post(title: &str, trashed: bool) -> ExternalItem {
    let mut fields = FieldPatch::from(&linked().fields);
    fields.title = Some(title.to_owned());
    if trashed {
        for field in [Field::Slug, Field::Status, Field::PublishAt] {
            fields.remove(field);
        }
    }
    ExternalItem {
        external_id: "5".into(),
        content_type: "post".into(),
        marker: None,
        url: None,
        status: if trashed { "trash" } else { "publish" }.into(),
        trashed,
        modified_at: Some(now()),
        version: format!("{title} {trashed}"),
        fields,
    }
}

fn receive(content: &mut Content, item: &ExternalItem) -> igny8_integration_domain::content::Received {
    let reach = Reach { pull: true, metadata_only: false, defer_deletes: false, policy: ConflictPolicy::Ask };
    content.receive(item, reach, now())
}

#[test]
fn a_deletion_that_is_kept_comes_out_of_the_trash_as_the_site_has_it() {
    let mut content = linked();
    content.deleted_at = Some(now());
    assert_eq!(receive(&mut content, &post("theirs", false)).conflicts, [Field::Status]);

    content.resolve(Side::Local, now());
    assert!(receive(&mut content, &post("theirs", false)).trash);
    assert!(content.deleted_at.is_some());
    content.link.as_mut().unwrap().base.deleted = true;

    let restored = receive(&mut content, &post("theirs", false));
    assert!(restored.restored && !restored.wants_push());
    assert_eq!(content.fields.title, "theirs", "what is said to be in sync is the same on both sides");
}

#[test]
fn a_deletion_that_is_given_up_takes_what_the_site_has() {
    let mut content = linked();
    content.deleted_at = Some(now());
    receive(&mut content, &post("theirs", false));
    content.resolve(Side::External, now());
    assert_eq!((content.deleted_at, content.fields.title.as_str()), (None, "theirs"));
    assert!(!receive(&mut content, &post("theirs", false)).wants_push());
}
