//! Writing a post's terms.

use igny8_integration_domain::content::{FieldPatch, Term};
use serde_json::json;

use crate::fake::{FakeSite, answer, list, ok, parameter, post, recorded, sent, wp_error};
use crate::writing::{POST, codes, echoing};

const CATEGORIES: &str = "/wp-json/wp/v2/categories";

fn category(name: &str) -> FieldPatch {
    let term = Term { taxonomy: "category".to_owned(), name: name.to_owned(), slug: None };
    FieldPatch { terms: Some(vec![term]), ..FieldPatch::default() }
}

/// A post that the terms are written to.
async fn with_terms(site: &FakeSite) {
    let mut row = post(5);
    row["igny8_version"] = json!("v4");
    row["tags"] = json!([8]);
    site.on("GET", POST, ok(&row)).await;
    site.on("GET", "/wp-json/wp/v2/tags", list(&[json!({"id": 8, "name": "old", "slug": "old"})], 1)).await;
    echoing(site, POST).await;
}

#[tokio::test]
async fn a_term_is_found_by_the_name_that_people_read() {
    let site = FakeSite::with_plugin().await;
    with_terms(&site).await;
    let found = [
        json!({"id": 3, "name": "R&amp;D", "slug": "rd"}),
        json!({"id": 4, "name": "R&amp;D lab", "slug": "x"}),
    ];
    site.on("GET", CATEGORIES, list(&found, 2)).await;
    let session = site.session().await;
    session.update("post", "5", &category("R&D"), &"v4".to_owned()).await.unwrap();
    assert_eq!(
        parameter(&site.requests_to("GET", CATEGORIES).await[0], "search").as_deref(),
        Some("R&amp;D")
    );
    let body = sent(&site.requests_to("POST", POST).await[0]);
    assert_eq!(body, json!({"categories": [3], "tags": []}), "each taxonomy that differs, and no other");
    session.update("post", "5", &category("R&D"), &"v4".to_owned()).await.unwrap();
    assert_eq!(site.requests_to("GET", CATEGORIES).await.len(), 1, "searched for once a session");
    assert!(site.requests_to("POST", CATEGORIES).await.is_empty());
}

#[tokio::test]
async fn a_missing_term_is_made_and_one_that_exists_after_all_is_taken() {
    for (made, id) in [
        (answer(201, &json!({"id": 11, "name": "R&amp;D", "slug": "rd"})), 11),
        (answer(400, &recorded("term_exists")), 3),
    ] {
        let site = FakeSite::with_plugin().await;
        with_terms(&site).await;
        site.on("GET", CATEGORIES, list(&[], 0)).await;
        site.on("POST", CATEGORIES, made).await;
        site.session().await.update("post", "5", &category("R&D"), &"v4".to_owned()).await.unwrap_or_else(
            |failure| {
                // The echoed ids are looked up by name afterwards, which this script leaves empty.
                panic!("{failure}")
            },
        );
        assert_eq!(sent(&site.requests_to("POST", CATEGORIES).await[0]), json!({"name": "R&D"}));
        assert_eq!(sent(&site.requests_to("POST", POST).await[0])["categories"], json!([id]));
    }
}

#[tokio::test]
async fn a_term_that_this_user_may_not_make_does_not_cost_the_article() {
    let site = FakeSite::with_plugin().await;
    with_terms(&site).await;
    site.on("GET", CATEGORIES, list(&[], 0)).await;
    site.on("POST", CATEGORIES, wp_error(403, "rest_cannot_create")).await;
    let mut fields = category("New series");
    fields.title = Some("T".to_owned());
    let written = site.session().await.update("post", "5", &fields, &"v4".to_owned()).await.unwrap();
    assert_eq!(codes(&written), ["term_not_allowed"]);
    assert_eq!(sent(&site.requests_to("POST", POST).await[0]), json!({"title": "T", "tags": []}));
}
