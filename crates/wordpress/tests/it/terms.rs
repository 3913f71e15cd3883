//! Writing a post's terms.

use igny8_integration_domain::content::{FieldPatch, Term};
use rstest::rstest;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, Request, ResponseTemplate};

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

#[rstest]
#[case("R&D", "R&amp;D")]
#[case("Q&A", "Q&amp;A")]
#[case("AT&T", "AT&amp;T")]
#[case("Tom & Jerry's", "Tom &amp; Jerry's")]
#[case("a < b", "a &lt; b")]
#[tokio::test]
async fn a_name_with_special_signs_is_one_term_for_ever(#[case] name: &str, #[case] stored: &str) {
    let site = FakeSite::with_plugin().await;
    with_terms(&site).await;
    let stored = stored.to_owned();
    // As WordPress does: names are kept escaped, and only the escaped one is found.
    let on_site = json!({"id": 3, "name": stored, "slug": "s"});
    let search = move |request: &Request| {
        let found = parameter(request, "include").is_some()
            || parameter(request, "search").is_some_and(|asked| stored.contains(&asked));
        if found { list(std::slice::from_ref(&on_site), 1) } else { list(&[], 0) }
    };
    Mock::given(method("GET")).and(path(CATEGORIES)).respond_with(search).mount(&site.server).await;
    for _ in 0..3 {
        let session = site.session().await;
        let written = session.update("post", "5", &category(name), &"v4".to_owned()).await.unwrap();
        let terms = written.item.fields.terms.unwrap();
        assert_eq!(terms.iter().map(|term| term.name.as_str()).collect::<Vec<_>>(), [name]);
    }
    assert!(site.requests_to("POST", CATEGORIES).await.is_empty());
}

#[rstest]
#[case::a_child_of_another("CDs", 9)]
#[case::in_another_letter_case("cds", 9)]
#[case::the_exact_one_of_two("Café", 5)]
#[tokio::test]
async fn a_term_that_is_somewhere_in_the_tree_is_not_made_again(#[case] name: &str, #[case] id: u64) {
    let site = FakeSite::with_plugin().await;
    with_terms(&site).await;
    let found = [
        json!({"id": 4, "name": "Cafe", "slug": "cafe", "parent": 0}),
        json!({"id": 5, "name": "Café", "slug": "cafe-2", "parent": 0}),
        json!({"id": 9, "name": "CDs", "slug": "cds", "parent": 8}),
    ];
    site.on("GET", CATEGORIES, list(&found, 3)).await;
    let written = site.session().await.update("post", "5", &category(name), &"v4".to_owned()).await.unwrap();
    assert_eq!(sent(&site.requests_to("POST", POST).await[0])["categories"], json!([id]));
    assert!(site.requests_to("POST", CATEGORIES).await.is_empty() && codes(&written).is_empty());
}

#[tokio::test]
async fn among_equals_the_oldest_is_taken_each_time_and_said() {
    let site = FakeSite::with_plugin().await;
    with_terms(&site).await;
    let found = [
        json!({"id": 7, "name": "News", "slug": "news"}),
        json!({"id": 3, "name": "News", "slug": "news-child"}),
    ];
    site.on("GET", CATEGORIES, list(&found, 2)).await;
    let session = site.session().await;
    for _ in 0..2 {
        let written = session.update("post", "5", &category("News"), &"v4".to_owned()).await.unwrap();
        assert_eq!(codes(&written), ["term_ambiguous"]);
        assert!(written.notes[0].message.contains("number 3"), "{:?}", written.notes);
    }
    for request in site.requests_to("POST", POST).await {
        assert_eq!(sent(&request)["categories"], json!([3]));
    }
}

#[tokio::test]
async fn two_pushes_at_once_make_a_new_term_once() {
    let site = FakeSite::with_plugin().await;
    with_terms(&site).await;
    // Neither finds it; the site lets one make it, and names that one to the other.
    let search = |request: &Request| {
        let term = json!({"id": 11, "name": "New", "slug": "new"});
        if parameter(request, "include").is_some() { list(&[term], 1) } else { list(&[], 0) }
    };
    Mock::given(method("GET")).and(path(CATEGORIES)).respond_with(search).mount(&site.server).await;
    let made = answer(201, &json!({"id": 11, "name": "New", "slug": "new"}));
    Mock::given(method("POST"))
        .and(path(CATEGORIES))
        .respond_with(made)
        .up_to_n_times(1)
        .mount(&site.server)
        .await;
    let known = json!({"code": "term_exists", "message": "m", "data": {"status": 400, "term_id": 11}});
    site.on("POST", CATEGORIES, answer(400, &known)).await;
    let (one, two) = (site.session().await, site.session().await);
    let (fields, version) = (category("New"), "v4".to_owned());
    let (one, two) =
        tokio::join!(one.update("post", "5", &fields, &version), two.update("post", "5", &fields, &version));
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    let written = site.requests_to("POST", POST).await;
    assert!(written.iter().all(|request| sent(request)["categories"] == json!([11])));
}

#[tokio::test]
async fn an_authors_post_goes_out_with_every_term_that_may_be_used() {
    let site = FakeSite::with_plugin().await;
    with_terms(&site).await;
    let categories = |request: &Request| -> ResponseTemplate {
        let news = json!({"id": 2, "name": "News", "slug": "news"});
        match parameter(request, "search").as_deref() {
            Some("New series") => list(&[], 0),
            _ => list(&[news], 1),
        }
    };
    let tags = |request: &Request| -> ResponseTemplate {
        let rows: Vec<Value> = match parameter(request, "include").as_deref() {
            Some(_) => vec![json!({"id": 12, "name": "autumn", "slug": "autumn"})],
            None => Vec::new(),
        };
        list(&rows, rows.len())
    };
    Mock::given(method("GET")).and(path(CATEGORIES)).respond_with(categories).mount(&site.server).await;
    let tag = "/wp-json/wp/v2/tags";
    Mock::given(method("GET")).and(path(tag)).respond_with(tags).with_priority(1).mount(&site.server).await;
    site.on("POST", CATEGORIES, wp_error(403, "rest_cannot_create")).await;
    site.on("POST", tag, answer(201, &json!({"id": 12, "name": "autumn", "slug": "autumn"}))).await;
    let term = |taxonomy: &str, name: &str| Term {
        taxonomy: taxonomy.to_owned(),
        name: name.to_owned(),
        slug: None,
    };
    let terms = vec![term("category", "New series"), term("category", "News"), term("post_tag", "autumn")];
    let fields = FieldPatch { terms: Some(terms), ..FieldPatch::default() };
    let session = site.session().await;
    for _ in 0..2 {
        let written = session.update("post", "5", &fields, &"v4".to_owned()).await.unwrap();
        assert_eq!(codes(&written), ["term_not_allowed"]);
    }
    let body = sent(&site.requests_to("POST", POST).await[0]);
    assert_eq!((&body["categories"], &body["tags"]), (&json!([2]), &json!([12])));
    assert_eq!(site.requests_to("POST", CATEGORIES).await.len(), 1, "asked for once a session");
}
