//! What both sides agreed on.

use igny8_integration_domain::content::{Base, ContentFields, Field, FieldPatch, Term, hash_value};
use serde_json::json;

fn title(text: &str) -> FieldPatch {
    FieldPatch { title: Some(text.to_owned()), ..FieldPatch::default() }
}

#[test]
fn what_was_never_agreed_on_counts_as_changed_on_both_sides() {
    let base = Base::default();
    assert!(base.local_changed(Field::Title, &title("a")));
    assert!(base.external_changed(Field::Title, &title("a")));
    assert_eq!(base.local_changes(&FieldPatch::from(&ContentFields::default())), Field::ALL);
}

#[test]
fn each_side_is_compared_with_its_own_half() {
    let mut base = Base::default();
    base.agree(Field::Title, &title("sent"), &title("kept"));
    assert!(!base.local_changed(Field::Title, &title("sent")));
    assert!(!base.external_changed(Field::Title, &title("kept")));
    assert!(base.local_changed(Field::Title, &title("kept")));
    assert!(base.external_changed(Field::Title, &title("sent")));
    assert_eq!(base.local_changes(&title("kept")).first(), Some(&Field::Title));
}

#[test]
fn a_field_that_is_not_shown_neither_changed_nor_forgets_what_was_agreed() {
    let mut base = Base::default();
    base.agree(Field::Title, &title("a"), &title("a"));
    assert!(!base.external_changed(Field::Title, &FieldPatch::default()));
    base.agree(Field::Title, &FieldPatch::default(), &FieldPatch::default());
    assert!(!base.local_changed(Field::Title, &title("a")));
    assert!(!base.external_changed(Field::Title, &title("a")));
}

#[test]
fn the_sites_half_can_move_alone() {
    let mut base = Base::default();
    base.agree(Field::Title, &title("a"), &title("a"));
    base.agree_external(Field::Title, &title("b"));
    assert!(!base.local_changed(Field::Title, &title("a")));
    assert!(!base.external_changed(Field::Title, &title("b")));
}

#[test]
fn terms_in_another_order_are_no_change() {
    let term = |name: &str| Term { taxonomy: "category".into(), name: name.into(), slug: None };
    let patch = |names: &[&str]| FieldPatch {
        terms: Some(names.iter().map(|name| term(name)).collect()),
        ..FieldPatch::default()
    };
    let mut base = Base::default();
    base.agree(Field::Terms, &patch(&["C", "C++"]), &patch(&["C", "C++"]));
    for same in [["C++", "C"].as_slice(), &["C", "C++", "C"]] {
        assert!(!base.local_changed(Field::Terms, &patch(same)), "{same:?}");
        assert!(!base.external_changed(Field::Terms, &patch(same)), "{same:?}");
    }
    for other in [["C"].as_slice(), &["C", "C#"], &[]] {
        assert!(base.local_changed(Field::Terms, &patch(other)), "{other:?}");
        assert!(base.external_changed(Field::Terms, &patch(other)), "{other:?}");
    }
}

#[test]
fn no_plan_is_another_value_than_a_field_that_is_absent() {
    let none = FieldPatch { publish_at: Some(None), ..FieldPatch::default() };
    let mut base = Base::default();
    base.agree(Field::PublishAt, &none, &none);
    let stored: Base = serde_json::from_value(json!(base)).unwrap();
    assert_eq!(stored, base);
    assert!(!stored.local_changed(Field::PublishAt, &none));
    assert!(stored.local_changed(Field::PublishAt, &FieldPatch::default()));
}

#[test]
fn an_empty_object_is_an_empty_base() {
    assert_eq!(serde_json::from_str::<Base>("{}").unwrap(), Base::default());
}

#[test]
fn equal_values_hash_alike_and_others_do_not() {
    assert_eq!(hash_value(&json!("a")), hash_value(&json!("a")));
    assert_eq!(hash_value(&json!("a")).len(), 64);
    for other in [json!("A"), json!("a "), json!(["a"]), json!(null), json!("")] {
        assert_ne!(hash_value(&json!("a")), hash_value(&other));
    }
}
