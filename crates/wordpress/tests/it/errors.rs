//! What a site's errors leave behind: a stable word and one short line, whatever the site put into them.

use igny8_integration_domain::content::{FieldPatch, Term};
use igny8_integration_domain::ports::platform::PlatformError;
use igny8_integration_domain::sync::{Direction, RunStatus};
use rstest::rstest;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::fake::{FakeSite, KEY, answer, content_id, html};
use crate::library::{Library, POSTS};
use crate::shop::Shop;

/// What must be nowhere.
const SECRETS: [&str; 9] =
    [KEY, "u123", "public_html", "<script", "alert(", "wp_posts", "maria@shop", "c0ffee", "Bearer t"];

fn fatal() -> ResponseTemplate {
    answer(
        500,
        &json!({"code": "internal_server_error",
            "message": "<p>There has been a critical error in /home/u123/public_html/wp-content/x.php.</p>",
            "data": {"status": 500, "error": {"file": "/home/u123/public_html/wp-content/x.php", "line": 7}}}),
    )
}

fn page() -> ResponseTemplate {
    html(
        500,
        "<script>alert(1)</script>WordPress database error: [Duplicate entry] SELECT * FROM wp_posts WHERE 1",
    )
}

fn echo() -> ResponseTemplate {
    let message = format!(
        "Got Authorization: Bearer {KEY} and X-IGNY8-API-KEY: {KEY} from maria@shop.example, _wpnonce=c0ffee1234"
    );
    answer(400, &json!({"code": "rest_invalid_param", "message": message, "data": {"status": 400}}))
}

fn huge() -> ResponseTemplate {
    html(500, &"<p>Fatal error in /home/u123/x.php</p>".repeat(140_000))
}

fn odd(data: &serde_json::Value) -> ResponseTemplate {
    answer(500, &json!({"code": "db_insert_error", "message": "Could not insert post.", "data": data}))
}

fn bare_error() -> ResponseTemplate {
    answer(500, &json!({"code": "x", "message": "Said."}))
}

#[rstest]
#[case::fatal_error_in_json(fatal())]
#[case::page_with_a_script_and_sql(page())]
#[case::echo_of_our_headers(echo())]
#[case::five_mebibytes(huge())]
#[case::data_is_a_text(odd(&json!("INSERT INTO wp_posts VALUES ('/home/u123')")))]
#[case::data_is_null(odd(&json!(null)))]
#[case::data_is_a_list(odd(&json!(["/home/u123"])))]
#[case::no_data(bare_error())]
#[tokio::test]
async fn an_error_leaves_a_word_and_one_short_line_everywhere(#[case] response: ResponseTemplate) {
    let site = FakeSite::with_plugin().await;
    let library = Library::on(&site).await;
    library.add(1);
    let shop = Shop::at(&site.server.uri()).await;
    assert_eq!(shop.sync(Direction::Both).await.status, RunStatus::Succeeded);
    site.instead("POST", POSTS, response.clone()).await;
    site.instead("POST", "/wp-json/wp/v2/posts/1", response.clone()).await;
    let known = shop.contents().await[0].id;
    let new = shop.write("Ours", 100).await;
    let title = Some("Mine".to_owned());
    shop.patch(known, FieldPatch { title, ..FieldPatch::default() }).await;
    let run = shop.sync(Direction::Both).await;
    assert_eq!((run.status, run.progress.failed), (RunStatus::Partial, 2), "{:?}", run.error);
    for id in [known, new] {
        let failure = shop.content(id).await.failure.unwrap();
        assert!(failure.code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{failure:?}");
        assert!(failure.message.chars().count() <= 300 && !failure.message.contains('\n'), "{failure:?}");
    }
    let left = format!("{:?} {:?} {:?}", shop.contents().await, shop.events().await, run);
    for secret in SECRETS {
        assert!(!left.contains(secret), "{secret}: {left}");
    }
}

#[rstest]
#[case::fatal_error_in_json(fatal())]
#[case::page_with_a_script_and_sql(page())]
#[case::echo_of_our_headers(echo())]
#[case::data_is_a_list(odd(&json!([])))]
#[tokio::test]
async fn a_connection_test_shows_no_more_of_an_error_either(#[case] response: ResponseTemplate) {
    for place in ["/wp-json/wp/v2/users/me", "/wp-json/igny8/v1/status", "/wp-json/"] {
        let site = FakeSite::with_plugin().await;
        site.instead("GET", place, response.clone()).await;
        let report = site.test(&site.connection()).await;
        assert!(
            !report.success || place == "/wp-json/",
            "an index that objects does not mean that nothing works"
        );
        let shown = format!("{report:?}");
        assert!(SECRETS.iter().all(|secret| !shown.contains(secret)), "{shown}");
        assert!(report.checks.iter().all(|check| check.detail.chars().count() < 600));
    }
}

#[tokio::test]
async fn versions_addresses_and_words_of_a_site_are_bounded() {
    let site = FakeSite::with_plugin().await;
    let mut status = crate::fake::recorded("status");
    status["version"] = json!(format!("1.0<script>{}", "9".repeat(10_000)));
    site.instead("GET", "/wp-json/igny8/v1/status", crate::fake::ok(&status)).await;
    let report = site.test(&site.connection()).await;
    assert!(report.plugin_version.unwrap().len() <= 32);
    let moved = "https://maria:hunter22@elsewhere.example/x?token=1";
    site.instead("GET", "/", html(301, "").insert_header("location", moved)).await;
    let report = site.test(&site.connection()).await;
    assert!(!format!("{report:?}").contains("hunter22"));
}

#[tokio::test]
async fn a_term_that_the_database_refuses_is_named_and_parks_its_content_only() {
    let site = FakeSite::with_plugin().await;
    Library::on(&site).await;
    site.instead("POST", "/wp-json/wp/v2/tags", odd(&json!("could not insert"))).await;
    let session = site.session().await;
    let term = Term { taxonomy: "post_tag".to_owned(), name: "🎉 party".to_owned(), slug: None };
    let fields = FieldPatch { title: Some("T".to_owned()), terms: Some(vec![term]), ..FieldPatch::default() };
    let failure = session.create("post", content_id(77), &fields).await.unwrap_err();
    assert!(
        matches!(&failure, PlatformError::Rejected(trouble) if trouble.code == "database_cannot_store"),
        "{failure:?}"
    );
    assert!(failure.trouble().message.contains("🎉 party"), "{failure}");
    assert!(site.requests_to("POST", POSTS).await.is_empty(), "no half an article");
}
