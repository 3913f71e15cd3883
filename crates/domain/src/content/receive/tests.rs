use chrono::TimeDelta;

use super::*;
use crate::content::{ContentStatus, GONE, PushIntent, SyncState, TRASH, Term};
use crate::id::ContentId;

fn now() -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000, 0).unwrap()
}

fn post(title: &str, html: &str) -> ExternalItem {
    ExternalItem {
        external_id: "55".into(),
        content_type: "post".into(),
        marker: None,
        url: Some("https://shop.example/hello/".into()),
        status: "publish".into(),
        trashed: false,
        modified_at: Some(now()),
        version: format!("{title}/{html}"),
        fields: FieldPatch {
            title: Some(title.into()),
            html: Some(html.into()),
            excerpt: Some(String::new()),
            slug: Some("hello".into()),
            status: Some(ContentStatus::Published),
            terms: Some(Vec::new()),
            ..FieldPatch::default()
        },
    }
}

fn stored(new: NewContent) -> Content {
    let mut content = Content {
        id: ContentId::new(7).unwrap(),
        account_id: new.account_id,
        site_id: new.site_id,
        content_type: new.content_type,
        fields: new.fields,
        deleted_at: new.deleted_at,
        link: new.link,
        former_link: None,
        intent: None,
        conflict: None,
        failure: None,
        pull_wanted: false,
        sync_state: SyncState::Unlinked,
        version: 1,
        created_at: now(),
        updated_at: now(),
    };
    content.settle();
    content
}

fn ids() -> (AccountId, SiteId, IntegrationId) {
    (AccountId::new(1).unwrap(), SiteId::new(2).unwrap(), IntegrationId::new(3).unwrap())
}

/// A content that both sides agree on.
fn agreed() -> Content {
    let (account, site, integration) = ids();
    stored(NewContent::from_external(account, site, integration, &post("T", "<p>B</p>"), now()))
}

fn reach(policy: ConflictPolicy) -> Reach {
    Reach { pull: true, metadata_only: false, defer_deletes: false, policy }
}

const ASK: ConflictPolicy = ConflictPolicy::Ask;

#[test]
fn what_was_just_pulled_is_in_sync_and_stays_so() {
    let mut content = agreed();
    assert_eq!(content.sync_state, SyncState::InSync);
    let received = content.receive(&post("T", "<p>B</p>"), reach(ASK), now());
    assert_eq!(received, Received::default());
    assert_eq!(content, agreed());
}

#[test]
fn a_change_on_one_side_flows_to_the_other() {
    let mut content = agreed();
    content.fields.title = "Mine".into();
    content.settle();
    assert_eq!(content.sync_state, SyncState::PendingPush);
    let received = content.receive(&post("T", "<p>Theirs</p>"), reach(ASK), now());
    assert_eq!((received.pulled, received.push), (vec![Field::Html], vec![Field::Title]));
    assert_eq!(content.fields.html, "<p>Theirs</p>");
    assert_eq!(content.fields.title, "Mine");
}

#[test]
fn one_field_changed_on_both_sides_is_a_conflict_and_nothing_is_taken() {
    let mut content = agreed();
    content.fields.title = "Mine".into();
    let received = content.receive(&post("Theirs", "<p>New</p>"), reach(ASK), now());
    assert_eq!(received.conflicts, vec![Field::Title]);
    assert!(received.pulled.is_empty() && received.push.is_empty());
    assert_eq!((content.fields.title.as_str(), content.fields.html.as_str()), ("Mine", "<p>B</p>"));
    assert_eq!(content.sync_state, SyncState::Conflict);
    let conflict = content.conflict.clone().unwrap();
    let title = &conflict.fields[&Field::Title];
    assert_eq!((&title.base, &title.local, &title.external), (&json!("T"), &json!("Mine"), &json!("Theirs")));
    let again = content.receive(&post("Theirs", "<p>New</p>"), reach(ASK), now());
    assert!(again.conflict_known);
}

#[test]
fn a_conflict_ends_by_itself_when_both_sides_say_the_same() {
    let mut content = agreed();
    content.fields.title = "Mine".into();
    content.receive(&post("Theirs", "<p>B</p>"), reach(ASK), now());
    content.fields.title = "Theirs".into();
    content.receive(&post("Theirs", "<p>B</p>"), reach(ASK), now());
    assert_eq!((content.conflict.clone(), content.sync_state), (None, SyncState::InSync));
}

#[rstest::rstest]
#[case(ConflictPolicy::PreferIgny8, "Mine", true)]
#[case(ConflictPolicy::PreferWordpress, "Theirs", false)]
fn a_policy_names_the_winner(#[case] policy: ConflictPolicy, #[case] title: &str, #[case] pushes: bool) {
    let mut content = agreed();
    content.fields.title = "Mine".into();
    let received = content.receive(&post("Theirs", "<p>B</p>"), reach(policy), now());
    assert_eq!((content.fields.title.as_str(), received.wants_push()), (title, pushes));
    assert!(content.conflict.is_none());
}

#[test]
fn a_trashed_post_marks_the_content_deleted_and_a_restored_one_takes_it_back() {
    let mut content = agreed();
    let mut trashed = post("T", "<p>B</p>");
    trashed.trashed = true;
    trashed.status = TRASH.into();
    trashed.url = Some("https://shop.example/?p=55__trashed".into());
    let deferred = content.receive(&trashed, Reach { defer_deletes: true, ..reach(ASK) }, now());
    assert!(deferred.delete_deferred && content.deleted_at.is_none());
    let mut content = agreed();
    assert!(content.receive(&trashed, reach(ASK), now()).deleted);
    let link = content.link.clone().unwrap();
    assert_eq!((link.external_status.as_str(), link.external_url), (TRASH, None));
    assert_eq!((content.deleted_at, content.sync_state), (Some(now()), SyncState::InSync));
    assert!(content.receive(&post("T", "<p>B</p>"), reach(ASK), now()).restored);
    assert_eq!(content.deleted_at, None);
}

#[test]
fn a_post_found_in_the_trash_while_changes_wait_here_is_a_conflict_on_status() {
    let mut content = agreed();
    content.fields.title = "Mine".into();
    let mut trashed = post("T", "<p>B</p>");
    trashed.trashed = true;
    trashed.status = TRASH.into();
    let received = content.receive(&trashed, reach(ASK), now());
    assert_eq!(received.conflicts, vec![Field::Status]);
    assert_eq!(content.conflict.as_ref().unwrap().fields[&Field::Status].external, json!("trash"));
    assert_eq!(content.deleted_at, None);
}

#[test]
fn a_deletion_here_waits_for_the_trash_there_and_taking_it_back_sends_the_status() {
    let mut content = agreed();
    content.deleted_at = Some(now());
    content.settle();
    assert_eq!(content.sync_state, SyncState::PendingPush);
    assert!(content.receive(&post("T", "<p>B</p>"), reach(ASK), now()).trash);
    let mut trashed = post("T", "<p>B</p>");
    trashed.trashed = true;
    trashed.status = TRASH.into();
    let written = Written { item: trashed.clone(), pending: Vec::new(), notes: Vec::new() };
    content.record_written(&FieldPatch::default(), &written);
    assert_eq!(content.sync_state, SyncState::InSync);
    content.deleted_at = None;
    content.settle();
    assert_eq!(content.sync_state, SyncState::PendingPush);
    assert_eq!(content.receive(&trashed, reach(ASK), now()).push, vec![Field::Status]);
}

#[test]
fn taking_a_content_back_does_not_overwrite_what_the_site_changed_in_the_trash() {
    let trashed = |title: &str| {
        let mut item = post(title, "<p>B</p>");
        (item.trashed, item.status, item.fields.status) = (true, TRASH.into(), None);
        item
    };
    let mut content = agreed();
    content.receive(&trashed("T"), reach(ASK), now());
    content.deleted_at = None;
    content.fields.title = "ours".into();
    content.fields.html = "<p>ours</p>".into();
    let received = content.receive(&trashed("theirs"), reach(ASK), now());
    assert_eq!(received.push, [Field::Html, Field::Status]);

    let sent = FieldPatch::from(&content.fields).only(&received.push);
    let item = post("theirs", "<p>ours</p>");
    content.record_written(&sent, &Written { item: item.clone(), pending: vec![], notes: vec![] });
    assert_eq!(content.receive(&item, reach(ASK), now()).conflicts, [Field::Title]);
}

#[test]
fn an_edit_on_the_site_is_not_thrown_away_by_a_deletion_here() {
    let mut content = agreed();
    content.deleted_at = Some(now());
    let received = content.receive(&post("Theirs", "<p>B</p>"), reach(ASK), now());
    assert_eq!(received.conflicts, vec![Field::Status]);
    assert!(!received.trash);
}

#[test]
fn a_gone_post_is_marked_deleted() {
    let mut content = agreed();
    let removed = Removed::gone(content.link.as_ref().unwrap());
    assert!(content.receive_removed(&removed, reach(ASK), now()).deleted);
    assert_eq!(content.link.unwrap().external_status, GONE);
}

#[test]
fn a_site_that_strips_what_it_is_sent_is_neither_pushed_to_nor_pulled_from_again() {
    let mut content = agreed();
    content.fields.html = "<p>B</p><iframe></iframe>".into();
    let sent = FieldPatch { html: Some(content.fields.html.clone()), ..FieldPatch::default() };
    let written = Written { item: post("T", "<p>B</p>stripped"), pending: Vec::new(), notes: Vec::new() };
    content.record_written(&sent, &written);
    let received = content.receive(&post("T", "<p>B</p>stripped"), reach(ASK), now());
    assert_eq!(received, Received::default());
    assert_eq!(content.fields.html, "<p>B</p><iframe></iframe>");
    assert_eq!(content.sync_state, SyncState::InSync);
}

#[test]
fn the_slug_that_is_live_is_taken_over() {
    let mut content = agreed();
    content.fields.slug = "feed".into();
    let sent = FieldPatch { slug: Some("feed".into()), ..FieldPatch::default() };
    let mut item = post("T", "<p>B</p>");
    item.fields.slug = Some("feed-2".into());
    content.record_written(&sent, &Written { item, pending: Vec::new(), notes: Vec::new() });
    assert_eq!((content.fields.slug.as_str(), content.sync_state), ("feed-2", SyncState::InSync));
}

#[test]
fn a_lost_answer_is_known_again_and_a_later_edit_on_the_site_is_not_taken_for_it() {
    let mut content = agreed();
    content.fields.html = "<p>Mine</p>".into();
    let sent = FieldPatch { html: Some("<p>Mine</p>".into()), ..FieldPatch::default() };
    content.intent = Some(PushIntent { fields: sent, sent_at: now() });
    let mut lost = content.clone();
    let received = lost.receive(&post("T", "<p>Mine</p>"), reach(ASK), now());
    assert_eq!((received.confirmed, received.push), (vec![Field::Html], vec![]));
    assert_eq!(lost.sync_state, SyncState::InSync);

    let mut later = post("T", "<p>An editor's</p>");
    later.modified_at = Some(now() + TimeDelta::minutes(10));
    let received = content.receive(&later, reach(ASK), now());
    assert_eq!(received.conflicts, vec![Field::Html]);
}

#[test]
fn fields_that_a_create_left_for_later_are_pushed_next() {
    let mut content = agreed();
    let mut draft = post("T", "<p>B</p>");
    draft.fields.status = Some(ContentStatus::Draft);
    content.link = Some(Link::to(ids().2, &draft, Base::default()));
    let sent = FieldPatch::from(&content.fields);
    content.record_written(
        &sent,
        &Written { item: draft.clone(), pending: vec![Field::Status], notes: Vec::new() },
    );
    assert_eq!(content.receive(&draft, reach(ASK), now()).push, vec![Field::Status]);
}

#[test]
fn terms_are_the_same_in_any_order_and_without_regard_to_slugs() {
    let term = |name: &str, slug: Option<&str>| Term {
        taxonomy: "category".into(),
        name: name.into(),
        slug: slug.map(Into::into),
    };
    let mut content = agreed();
    content.fields.terms = vec![term("R&D", None), term("News", None)];
    let sent = FieldPatch { terms: Some(content.fields.terms.clone()), ..FieldPatch::default() };
    let mut item = post("T", "<p>B</p>");
    item.fields.terms = Some(vec![term("News", Some("news")), term("R&D", Some("rd"))]);
    content.record_written(&sent, &Written { item: item.clone(), pending: Vec::new(), notes: Vec::new() });
    item.fields.terms.as_mut().unwrap().reverse();
    assert_eq!(content.receive(&item, reach(ASK), now()), Received::default());
    assert_eq!(content.sync_state, SyncState::InSync);
}

#[test]
fn a_metadata_run_leaves_bodies_alone() {
    let mut content = agreed();
    content.fields.html = "<p>Mine</p>".into();
    let only = Reach { metadata_only: true, ..reach(ASK) };
    let received = content.receive(&post("Theirs", "<p>Theirs</p>"), only, now());
    assert_eq!((received.pulled, received.push), (vec![Field::Title], vec![]));
    assert_eq!(content.fields.html, "<p>Mine</p>");
}

#[test]
fn the_same_site_taken_up_again_knows_what_was_agreed() {
    let mut content = agreed();
    let link = content.link.take().unwrap();
    content.former_link = Some(crate::content::FormerLink { site_identity: "shop.example".into(), link });
    let item = post("Theirs", "<p>B</p>");
    content.adopt(ids().2, "shop.example", &item);
    assert_eq!(content.receive(&item, reach(ASK), now()).pulled, vec![Field::Title]);
}

#[test]
fn a_marked_post_without_a_known_base_is_never_silently_overwritten() {
    let mut content = agreed();
    content.link = None;
    let item = post("Theirs", "<p>B</p>");
    content.adopt(ids().2, "shop.example", &item);
    assert_eq!(content.receive(&item, reach(ASK), now()).conflicts, vec![Field::Title]);
}

/// A post of another site that happens to have the id, and even the name, is another post.
#[test]
fn a_post_of_another_address_is_the_former_one_only_as_it_was_left() {
    let agreed = agreed();
    let link = agreed.link.clone().unwrap();
    let left = ExternalItem {
        modified_at: Some(now()),
        fields: FieldPatch { slug: Some("a".into()), ..FieldPatch::default() },
        ..post("A", "<p>A</p>")
    };
    let mut link = link;
    link.see(&left);
    link.base.agree_external(Field::Slug, &left.fields);
    let former = crate::content::FormerLink { site_identity: "shop.example".into(), link };
    let later = ExternalItem { modified_at: Some(now() + TimeDelta::seconds(1)), ..left.clone() };
    let undated = ExternalItem { modified_at: None, ..left.clone() };
    let other_name = ExternalItem {
        fields: FieldPatch { slug: Some("b".into()), ..FieldPatch::default() },
        ..left.clone()
    };
    let other_id = ExternalItem { external_id: "6".into(), ..left.clone() };
    assert!(former.is_proven_by("new.example", &left));
    for item in [&later, &undated, &other_name, &other_id] {
        assert!(!former.is_proven_by("new.example", item), "{item:?}");
    }
    assert!(former.is_proven_by("shop.example", &later));
    assert!(!former.is_proven_by("shop.example", &other_id));
    for (item, kept) in [(&left, false), (&later, true)] {
        let mut content = agreed.clone();
        content.link = None;
        content.former_link = Some(former.clone());
        content.adopt(ids().2, "new.example", item);
        assert_eq!(content.former_link.is_some(), kept);
    }
}
