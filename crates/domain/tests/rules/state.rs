//! Where a content stands.

use std::collections::BTreeMap;

use chrono::DateTime;
use igny8_integration_domain::content::{
    Base, Conflict, Content, ContentFailure, ContentFields, ContentStatus, Field, FieldPatch, Link, SyncState,
};
use igny8_integration_domain::id::{AccountId, ContentId, IntegrationId, SiteId};

fn content(status: ContentStatus) -> Content {
    Content {
        id: ContentId::new(1).unwrap(),
        account_id: AccountId::new(1).unwrap(),
        site_id: SiteId::new(1).unwrap(),
        content_type: "post".into(),
        fields: ContentFields { status, ..ContentFields::default() },
        deleted_at: None,
        link: None,
        former_link: None,
        intent: None,
        conflict: None,
        failure: None,
        pull_wanted: false,
        sync_state: SyncState::Unlinked,
        version: 1,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

/// One that is a post, and both sides agree.
pub fn linked() -> Content {
    let mut content = content(ContentStatus::Published);
    let fields = FieldPatch::from(&content.fields);
    let mut base = Base::default();
    for field in Field::ALL {
        base.agree(field, &fields, &fields);
    }
    content.link = Some(Link {
        integration_id: IntegrationId::new(1).unwrap(),
        external_id: "5".into(),
        external_url: None,
        external_status: "publish".into(),
        external_modified_at: None,
        external_sequence: None,
        external_version: "v".into(),
        base,
    });
    content
}

fn agreed_deleted() -> Content {
    let mut content = linked();
    content.deleted_at = Some(DateTime::UNIX_EPOCH);
    content.link.as_mut().unwrap().base.deleted = true;
    content
}

fn conflict() -> Conflict {
    Conflict { fields: BTreeMap::new(), external: FieldPatch::default(), external_deleted: false }
}

fn failure() -> ContentFailure {
    ContentFailure { code: "c".into(), message: "m".into(), count: 1, parked: false }
}

fn settled(mut content: Content) -> SyncState {
    content.settle();
    content.sync_state
}

#[rstest::rstest]
#[case(ContentStatus::Draft, SyncState::Unlinked)]
#[case(ContentStatus::Review, SyncState::Unlinked)]
#[case(ContentStatus::Approved, SyncState::PendingPush)]
#[case(ContentStatus::Published, SyncState::PendingPush)]
#[case(ContentStatus::Archived, SyncState::Unlinked)]
fn without_a_post_it_waits_only_where_it_gets_one(#[case] status: ContentStatus, #[case] state: SyncState) {
    assert_eq!(settled(content(status)), state);
    let deleted = Content { deleted_at: Some(DateTime::UNIX_EPOCH), ..content(status) };
    assert_eq!(settled(deleted), SyncState::Unlinked);
}

#[test]
fn a_post_on_which_both_sides_agree_is_in_sync_until_any_field_changes_here() {
    assert_eq!(settled(linked()), SyncState::InSync);
    let changes: [fn(&mut ContentFields); 9] = [
        |fields| fields.title = "x".into(),
        |fields| fields.html = "x".into(),
        |fields| fields.excerpt = "x".into(),
        |fields| fields.slug = "x".into(),
        |fields| fields.status = ContentStatus::Archived,
        |fields| fields.publish_at = Some(DateTime::UNIX_EPOCH),
        |fields| fields.seo.canonical = "x".into(),
        |fields| fields.featured_image_url = Some("x".into()),
        |fields| {
            let term = igny8_integration_domain::content::Term {
                taxonomy: "category".into(),
                name: "x".into(),
                slug: None,
            };
            fields.terms.push(term);
        },
    ];
    for change in changes {
        let mut content = linked();
        change(&mut content.fields);
        assert_eq!(settled(content), SyncState::PendingPush);
    }
}

#[test]
fn a_deletion_waits_until_both_sides_agree_on_it() {
    let deleted = Content { deleted_at: Some(DateTime::UNIX_EPOCH), ..linked() };
    assert_eq!(settled(deleted), SyncState::PendingPush);
    assert_eq!(settled(agreed_deleted()), SyncState::InSync);
    assert_eq!(settled(Content { deleted_at: None, ..agreed_deleted() }), SyncState::PendingPush);
}

#[test]
fn an_edit_of_what_both_sides_deleted_waits_for_nothing() {
    let mut content = agreed_deleted();
    content.fields.title = "x".into();
    assert_eq!(settled(content), SyncState::InSync);
}

#[test]
fn a_conflict_comes_before_a_failure_before_a_wanted_pull_before_a_change() {
    let mut content = linked();
    content.fields.title = "x".into();
    content.pull_wanted = true;
    content.failure = Some(failure());
    content.conflict = Some(conflict());
    assert_eq!(settled(content.clone()), SyncState::Conflict);
    content.conflict = None;
    assert_eq!(settled(content.clone()), SyncState::Failed);
    content.failure = None;
    assert_eq!(settled(content.clone()), SyncState::PendingPull);
    content.pull_wanted = false;
    assert_eq!(settled(content), SyncState::PendingPush);
}
