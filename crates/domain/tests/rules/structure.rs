//! What a site consists of.

use igny8_integration_domain::integration::{Structure, is_internal_type};
use serde_json::json;

fn pushed() -> Structure {
    serde_json::from_value(json!({
        "post_types": {
            "post": {"label": "Posts", "count": 12},
            "page": {"label": "Pages", "count": 3, "enabled": false, "fetch_limit": 500},
            "book": {"label": "Books", "count": 0, "enabled": true},
        },
        "taxonomies": {"genre": {"label": "Genre", "count": 4}},
    }))
    .unwrap()
}

#[test]
fn a_type_is_on_unless_somebody_said_otherwise() {
    let structure = pushed();
    assert!(structure.is_type_on("post") && structure.is_type_on("book"));
    assert!(!structure.is_type_on("page"));
    assert!(structure.is_type_on("unheard_of"));
    assert!(Structure::default().is_type_on("post"));
}

#[test]
fn a_structure_survives_its_storing() {
    let structure = pushed();
    assert_eq!(structure.post_types["page"].fetch_limit, Some(500));
    assert_eq!((structure.plugin.as_ref(), structure.timestamp), (None, None));
    let stored = serde_json::to_string(&structure).unwrap();
    assert_eq!(serde_json::from_str::<Structure>(&stored).unwrap(), structure);
    assert_eq!(serde_json::from_str::<Structure>("{}").unwrap(), Structure::default());
}

#[rstest::rstest]
#[case("attachment", true)]
#[case("nav_menu_item", true)]
#[case("revision", true)]
#[case("wp_block", true)]
#[case("wp_template_part", true)]
#[case("post", false)]
#[case("page", false)]
#[case("wpforms", false)]
#[case("product", false)]
fn wordpresss_own_types_never_sync(#[case] name: &str, #[case] internal: bool) {
    assert_eq!(is_internal_type(name), internal);
}
