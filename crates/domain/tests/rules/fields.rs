//! Whole and partial sets of fields.

use chrono::DateTime;
use igny8_integration_domain::content::{ContentFields, ContentStatus, Field, FieldPatch, Seo, Term};
use serde_json::json;

fn term(taxonomy: &str, name: &str, slug: Option<&str>) -> Term {
    Term { taxonomy: taxonomy.into(), name: name.into(), slug: slug.map(str::to_owned) }
}

/// Every field with a value that no other side has by default.
fn filled() -> FieldPatch {
    FieldPatch::from(&ContentFields {
        title: "Spring".into(),
        html: "<p>x</p>".into(),
        excerpt: "short".into(),
        slug: "spring".into(),
        status: ContentStatus::Published,
        publish_at: Some(DateTime::UNIX_EPOCH),
        terms: vec![term("category", "R&D", Some("r-d"))],
        seo: Seo { title: "T".into(), ..Seo::default() },
        featured_image_url: Some("https://shop.example/a.png".into()),
    })
}

#[test]
fn an_empty_patch_has_nothing_and_a_whole_one_every_field() {
    assert!(FieldPatch::default().is_empty() && FieldPatch::default().present().is_empty());
    let whole = FieldPatch::from(&ContentFields::default());
    assert_eq!(whole.present(), Field::ALL);
    assert!(!whole.is_empty());
    for field in Field::ALL {
        assert!(whole.has(field) && whole.value(field).is_some() && whole.hash(field).is_some());
        assert!(!FieldPatch::default().has(field) && FieldPatch::default().value(field).is_none());
        assert!(FieldPatch::default().hash(field).is_none());
    }
}

#[test]
fn every_field_is_taken_removed_kept_and_applied_by_itself() {
    let filled = filled();
    for field in Field::ALL {
        let alone = filled.only(&[field]);
        assert_eq!(alone.present(), [field]);
        assert_eq!(alone.value(field), filled.value(field));
        let mut rest = filled.clone();
        rest.remove(field);
        assert!(!rest.has(field));
        assert_eq!(rest.present().len(), Field::ALL.len() - 1);
        rest.take(field, &alone);
        assert_eq!(rest, filled);
        let mut fields = ContentFields::default();
        fields.apply(&alone);
        let applied = FieldPatch::from(&fields);
        for other in Field::ALL {
            let source = if other == field { &filled } else { &FieldPatch::from(&ContentFields::default()) };
            assert!(applied.agrees(other, source), "{other:?} after {field:?}");
        }
    }
}

#[test]
fn taking_a_field_that_is_not_there_leaves_what_is() {
    let mut patch = filled();
    for field in Field::ALL {
        patch.take(field, &FieldPatch::default());
    }
    assert_eq!(patch, filled());
}

#[test]
fn fields_agree_only_where_both_have_the_same() {
    let (filled, empty) = (filled(), FieldPatch::from(&ContentFields::default()));
    for field in Field::ALL {
        assert!(filled.agrees(field, &filled));
        assert!(!filled.agrees(field, &empty) && !empty.agrees(field, &filled), "{field:?}");
        assert!(!filled.agrees(field, &FieldPatch::default()));
        assert!(!FieldPatch::default().agrees(field, &FieldPatch::default()));
        assert_ne!(filled.hash(field), empty.hash(field));
    }
}

#[test]
fn terms_agree_by_taxonomy_and_name_in_any_order_and_a_slug_is_a_hint() {
    let patch = |terms: Vec<Term>| FieldPatch { terms: Some(terms), ..FieldPatch::default() };
    let a = patch(vec![term("category", "C", Some("c")), term("post_tag", "C", None)]);
    let b = patch(vec![term("post_tag", "C", Some("c-2")), term("category", "C", None)]);
    assert!(a.agrees(Field::Terms, &b));
    let other = patch(vec![term("category", "C++", Some("c")), term("post_tag", "C", None)]);
    assert!(!a.agrees(Field::Terms, &other));
    let turned = patch(vec![term("post_tag", "C", None), term("category", "C", Some("c"))]);
    assert_eq!(a.hash(Field::Terms), turned.hash(Field::Terms));
}

#[test]
fn absent_and_null_are_told_apart_in_json() {
    let read = |value| serde_json::from_value::<FieldPatch>(value).unwrap();
    assert_eq!(read(json!({})), FieldPatch::default());
    let cleared = read(json!({"publish_at": null, "featured_image_url": null}));
    assert_eq!((cleared.publish_at, cleared.featured_image_url.clone()), (Some(None), Some(None)));
    assert_eq!(json!(cleared), json!({"publish_at": null, "featured_image_url": null}));
    assert_eq!(read(json!(filled())), filled());
    assert!(serde_json::from_value::<FieldPatch>(json!({"status": "gone"})).is_err());
}

#[test]
fn the_word_of_a_field_is_its_name_in_json() {
    for field in Field::ALL {
        assert_eq!(json!(field), json!(field.as_str()));
        assert_eq!(Field::from_word(field.as_str()), Some(field));
        let written = json!(filled().only(&[field]));
        assert!(written.get(field.as_str()).is_some(), "{written}");
    }
    assert_eq!(Field::from_word("body"), None);
}

#[test]
fn metadata_is_everything_but_bodies() {
    let bodies: Vec<Field> = Field::ALL.into_iter().filter(|field| !field.is_metadata()).collect();
    assert_eq!(bodies, [Field::Html, Field::Excerpt]);
}

#[rstest::rstest]
#[case(ContentStatus::Draft, false)]
#[case(ContentStatus::Review, false)]
#[case(ContentStatus::Approved, true)]
#[case(ContentStatus::Published, true)]
#[case(ContentStatus::Archived, false)]
fn only_what_is_approved_or_published_gets_a_post(#[case] status: ContentStatus, #[case] wants: bool) {
    assert_eq!(status.wants_a_post(), wants);
    assert_eq!(ContentStatus::from_word(status.as_str()), Some(status));
}
