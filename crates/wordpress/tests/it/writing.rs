//! Creating, changing and trashing posts.

use igny8_integration_domain::content::{ContentStatus, Field, FieldPatch, Seo};
use igny8_integration_domain::ports::platform::{
    ExternalItem, Lookup, PlatformError, PlatformSession, Written,
};
use rstest::rstest;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::fake::{FakeSite, answer, content_id, html, ok, parameter, post, recorded, sent, wp_error};
use crate::server::RawServer;

const POSTS: &str = "/wp-json/wp/v2/posts";
pub const POST: &str = "/wp-json/wp/v2/posts/5";

/// Answers a write with what was sent, as WordPress does.
fn echo(request: &Request) -> ResponseTemplate {
    let mut row = post(5);
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    for (name, value) in body.as_object().unwrap() {
        row[name] = match name.as_str() {
            "title" | "content" | "excerpt" => json!({ "raw": value }),
            _ => value.clone(),
        };
    }
    ok(&row)
}

pub async fn echoing(site: &FakeSite, route: &str) {
    Mock::given(method("POST")).and(path(route)).respond_with(echo).mount(&site.server).await;
}

fn article() -> FieldPatch {
    FieldPatch {
        title: Some("Spring \\frac{1}{2}".to_owned()),
        html: Some("<p>C:\\temp\\new 100%de</p>".to_owned()),
        slug: Some("spring".to_owned()),
        status: Some(ContentStatus::Published),
        publish_at: Some(None),
        terms: Some(Vec::new()),
        seo: Some(Seo { title: "%%title%%".to_owned(), ..Seo::default() }),
        ..FieldPatch::default()
    }
}

pub fn codes(written: &Written) -> Vec<&str> {
    written.notes.iter().map(|note| note.code.as_str()).collect()
}

async fn current(session: &dyn PlatformSession) -> ExternalItem {
    match session.get("post", "5").await.unwrap() {
        Lookup::Found(item) => *item,
        Lookup::Gone => panic!("the post is there"),
    }
}

#[tokio::test]
async fn a_new_post_is_a_hidden_draft_with_its_marker() {
    let site = FakeSite::with_plugin().await;
    echoing(&site, POSTS).await;
    let written = site.session().await.create("post", content_id(77), &article()).await.unwrap();
    assert_eq!(written.pending, [Field::Status]);
    assert_eq!(written.item.marker, Some(content_id(77)));
    let requests = site.requests_to("POST", POSTS).await;
    assert_eq!(requests.len(), 1);
    assert_eq!(
        sent(&requests[0]),
        json!({"title": "Spring \\frac{1}{2}", "content": "<p>C:\\temp\\new 100%de</p>", "slug": "spring",
            "igny8_seo": {"title": "%%title%%", "description": "", "focus_keyword": "", "canonical": ""},
            "status": "draft", "meta": {"igny8_content_id": "77"}})
    );
    assert!(parameter(&requests[0], "_fields").unwrap().contains("content.raw"));
}

#[tokio::test]
async fn on_a_bare_site_the_real_slug_waits_for_the_second_write() {
    let site = FakeSite::bare().await;
    echoing(&site, POSTS).await;
    let mut fields = article();
    fields.publish_at = Some(Some("2027-01-01T10:00:00Z".parse().unwrap()));
    let written = site.bare_session().await.create("post", content_id(77), &fields).await.unwrap();
    assert_eq!(written.pending, [Field::Status, Field::PublishAt, Field::Slug]);
    assert_eq!(written.item.marker, Some(content_id(77)));
    assert_eq!(codes(&written), ["seo_needs_plugin"]);
    let body = sent(&site.requests_to("POST", POSTS).await[0]);
    assert_eq!((&body["slug"], &body["status"]), (&json!("igny8-3-77"), &json!("draft")));
    assert!(body.get("meta").is_none() && body.get("date_gmt").is_none());
}

#[tokio::test]
async fn on_a_bare_site_a_post_without_a_slug_of_its_own_does_not_keep_the_marker() {
    let site = FakeSite::bare().await;
    echoing(&site, POSTS).await;
    let fields = FieldPatch { slug: Some(String::new()), ..article() };
    let written = site.bare_session().await.create("post", content_id(77), &fields).await.unwrap();
    assert_eq!(written.pending, [Field::Status, Field::Slug]);
    let mut draft = post(5);
    draft["slug"] = json!("igny8-3-77");
    draft.as_object_mut().unwrap().remove("igny8_version");
    site.on("GET", POST, ok(&draft)).await;
    echoing(&site, POST).await;
    let session = site.bare_session().await;
    let known = current(&*session).await.version;
    let rest = fields.only(&[Field::Status, Field::Slug]);
    session.update("post", "5", &rest, &known).await.unwrap();
    assert_eq!(sent(&site.requests_to("POST", POST).await[0]), json!({"slug": "", "status": "publish"}));
}

#[tokio::test]
async fn a_site_that_loses_the_marker_is_told_apart() {
    let site = FakeSite::with_plugin().await;
    site.on("POST", POSTS, ok(&post(5))).await;
    let failure = site.session().await.create("post", content_id(77), &article()).await.unwrap_err();
    assert_eq!(failure.trouble().code, "marker_lost");
}

#[tokio::test]
async fn a_draft_that_lost_its_marker_is_the_one_that_was_made() {
    let site = FakeSite::with_plugin().await;
    let mut draft = post(5);
    draft["status"] = json!("draft");
    site.on("POST", POSTS, ok(&draft)).await;
    let written = site.session().await.create("post", content_id(77), &article()).await.unwrap();
    assert_eq!((written.item.external_id.as_str(), written.item.marker), ("5", None));
    assert!(codes(&written).contains(&"marker_lost"));
}

#[tokio::test]
async fn a_write_that_arrived_is_no_failure_because_of_what_is_read_after_it() {
    let site = FakeSite::with_plugin().await;
    let mut row = post(5);
    row["categories"] = json!([3]);
    site.on("POST", POST, ok(&row)).await;
    site.on("GET", "/wp-json/wp/v2/categories", wp_error(429, "slow_down")).await;
    let fields = FieldPatch { title: Some("New".to_owned()), ..FieldPatch::default() };
    let written = site.session().await.update("post", "5", &fields, &"v4".to_owned()).await.unwrap();
    assert_eq!(written.item.fields.terms, None, "unknown is not none");
}

#[tokio::test]
async fn texts_full_of_backslashes_arrive_to_the_sign() {
    let site = FakeSite::with_plugin().await;
    echoing(&site, POST).await;
    let html =
        r#"<!-- wp:x {"re":"\d+","q":"\u0022x\u0022"} --><p>C:\temp\new \frac{1}{2} it\'s</p><!-- /wp:x -->"#;
    let fields = FieldPatch {
        html: Some(html.to_owned()),
        excerpt: Some(r"a\b".to_owned()),
        seo: Some(Seo { description: r"50\50".to_owned(), ..Seo::default() }),
        ..FieldPatch::default()
    };
    let written = site.session().await.update("post", "5", &fields, &"v4".to_owned()).await.unwrap();
    let kept = written.item.fields;
    assert_eq!((kept.html, kept.excerpt, kept.seo), (fields.html, fields.excerpt, fields.seo));
    assert!(written.notes.is_empty());
}

#[rstest]
#[case::list_after_a_redirect(ok(&json!([post(5)])))]
#[case::a_page(html(200, "<h1>Welcome</h1>"))]
#[case::nothing(ok(&json!({})))]
#[tokio::test]
async fn an_answer_that_is_no_post_is_never_taken_for_a_created_one(#[case] response: ResponseTemplate) {
    let site = FakeSite::with_plugin().await;
    site.on("POST", POSTS, response).await;
    let failure = site.session().await.create("post", content_id(77), &article()).await.unwrap_err();
    assert!(matches!(failure, PlatformError::Uncertain(_)), "{failure:?}");
    assert_eq!(site.requests_to("POST", POSTS).await.len(), 1, "and never repeated");
}

#[rstest]
#[case(301)]
#[case(302)]
#[case(303)]
#[case(307)]
#[case(308)]
#[tokio::test]
async fn a_write_is_not_redirected(#[case] status: u16) {
    let site = FakeSite::with_plugin().await;
    let other = RawServer::start(|_| None).await;
    site.on("POST", POSTS, html(status, "").insert_header("location", other.url().as_str())).await;
    let failure = site.session().await.create("post", content_id(77), &article()).await.unwrap_err();
    assert_eq!(failure.trouble().code, "redirected");
    assert_eq!(other.requests(), 0);
}

#[tokio::test]
async fn an_update_sends_what_changed_and_the_version_it_is_meant_for() {
    let site = FakeSite::with_plugin().await;
    echoing(&site, POST).await;
    let fields = FieldPatch { title: Some("New".to_owned()), ..FieldPatch::default() };
    let written = site.session().await.update("post", "5", &fields, &"v4".to_owned()).await.unwrap();
    assert_eq!(written.item.version, "v5");
    let requests = site.requests_to("POST", POST).await;
    assert_eq!(sent(&requests[0]), json!({"title": "New"}));
    assert_eq!(requests[0].headers["x-igny8-if-version"], "v4");
    assert!(site.requests_to("GET", POST).await.is_empty(), "compare-and-set needs no read before");
}

#[rstest]
#[case::changed(answer(412, &recorded("version_mismatch")), "version_mismatch")]
#[case::open_in_the_editor(wp_error(423, "igny8_post_locked"), "post_locked")]
#[case::emoji(wp_error(500, "db_update_error"), "database_cannot_store")]
#[case::firewall(html(403, "<h1>Forbidden</h1>"), "firewall")]
#[case::too_large(html(413, "<h1>413</h1>"), "too_large")]
#[case::fatal(html(500, "<b>Fatal error</b>"), "site_error")]
#[case::gone(wp_error(404, "rest_post_invalid_id"), "not_found")]
#[case::not_allowed(wp_error(403, "rest_cannot_edit"), "missing_capability")]
#[case::bad_template(wp_error(400, "rest_invalid_param"), "rejected")]
#[tokio::test]
async fn an_update_that_is_refused_says_what_can_be_done(
    #[case] response: ResponseTemplate,
    #[case] code: &str,
) {
    let site = FakeSite::with_plugin().await;
    site.on("POST", POST, response).await;
    let fields = FieldPatch { title: Some("Launch 🚀".to_owned()), ..FieldPatch::default() };
    let failure = site.session().await.update("post", "5", &fields, &"v4".to_owned()).await.unwrap_err();
    assert_eq!(failure.trouble().code, code);
    let fits = match code {
        "version_mismatch" => matches!(failure, PlatformError::Conflict(_)),
        "post_locked" => matches!(failure, PlatformError::Locked(_)),
        "site_error" => matches!(failure, PlatformError::Uncertain(_)),
        "not_found" => matches!(failure, PlatformError::NotFound(_)),
        "missing_capability" => matches!(failure, PlatformError::Forbidden(_)),
        _ => matches!(failure, PlatformError::Rejected(_)),
    };
    assert!(fits, "{failure:?}");
    assert_eq!(failure.trouble().message.contains("in title"), code == "database_cannot_store");
    assert_eq!(site.requests_to("POST", POST).await.len(), 1);
}

#[tokio::test]
async fn a_big_article_that_is_refused_says_how_big_it_was() {
    let site = FakeSite::with_plugin().await;
    site.on("POST", POST, html(413, "<h1>413</h1>")).await;
    let fields = FieldPatch { html: Some("x".repeat(300 * 1_024)), ..FieldPatch::default() };
    let failure = site.session().await.update("post", "5", &fields, &"v4".to_owned()).await.unwrap_err();
    assert!(failure.trouble().message.contains("300 KiB"), "{failure}");
}

#[tokio::test]
async fn on_a_bare_site_a_post_is_read_just_before_it_is_written() {
    let site = FakeSite::bare().await;
    echoing(&site, POST).await;
    let mut row = post(5);
    row.as_object_mut().unwrap().remove("igny8_version");
    site.on("GET", POST, ok(&row)).await;
    let session = site.bare_session().await;
    let known = current(&*session).await.version;
    let fields = FieldPatch { title: Some("New".to_owned()), ..FieldPatch::default() };
    session.update("post", "5", &fields, &known).await.unwrap();
    row["content"] = json!({"raw": "<p>Edited on the site.</p>"});
    site.instead("GET", POST, ok(&row)).await;
    let failure = session.update("post", "5", &fields, &known).await.unwrap_err();
    assert!(matches!(failure, PlatformError::Conflict(_)), "{failure:?}");
    assert_eq!(site.requests_to("POST", POST).await.len(), 1);
}

#[rstest]
#[case::at_once(json!({"publish_at": null}), "2026-01-01T00:00:00", json!({"status": "publish"}))]
#[case::at_once_instead_of_as_planned(
    json!({"publish_at": null}),
    "2099-01-01T00:00:00",
    json!({"status": "publish", "date": null})
)]
#[case::planned(
    json!({"publish_at": "2027-01-01T10:00:00Z"}),
    "2026-01-01T00:00:00",
    json!({"status": "publish", "date_gmt": "2027-01-01T10:00:00Z"})
)]
#[case::untouched(json!({}), "2099-01-01T00:00:00", json!({"status": "publish"}))]
#[tokio::test]
async fn publishing_sends_a_date_only_where_it_changed(
    #[case] planned: Value,
    #[case] date: &str,
    #[case] body: Value,
) {
    let site = FakeSite::with_plugin().await;
    let mut draft = post(5);
    draft["status"] = json!("draft");
    draft["igny8_version"] = json!("v4");
    draft["date_gmt"] = json!(date);
    // As WordPress has it for a draft that was made with a date.
    draft["modified_gmt"] = json!(date);
    site.on("GET", POST, ok(&draft)).await;
    echoing(&site, POST).await;
    let planned: FieldPatch = serde_json::from_value(planned).unwrap();
    let fields = FieldPatch { status: Some(ContentStatus::Published), ..planned };
    site.session().await.update("post", "5", &fields, &"v4".to_owned()).await.unwrap();
    assert_eq!(sent(&site.requests_to("POST", POST).await[0]), body);
}

#[tokio::test]
async fn a_public_post_keeps_its_date_when_a_plan_is_dropped() {
    let site = FakeSite::with_plugin().await;
    let mut public = post(5);
    public["igny8_version"] = json!("v4");
    site.on("GET", POST, ok(&public)).await;
    let fields = FieldPatch { publish_at: Some(None), ..FieldPatch::default() };
    site.session().await.update("post", "5", &fields, &"v4".to_owned()).await.unwrap();
    assert!(
        site.requests_to("POST", POST).await.is_empty(),
        "an empty write would move the post's date of change"
    );
}

#[tokio::test]
async fn a_post_that_was_scheduled_instead_of_published_is_said() {
    let site = FakeSite::with_plugin().await;
    let mut scheduled = post(5);
    scheduled["igny8_version"] = json!("v4");
    site.on("GET", POST, ok(&scheduled)).await;
    scheduled["status"] = json!("future");
    site.on("POST", POST, ok(&scheduled)).await;
    let fields = FieldPatch {
        status: Some(ContentStatus::Published),
        publish_at: Some(None),
        ..FieldPatch::default()
    };
    let written = site.session().await.update("post", "5", &fields, &"v4".to_owned()).await.unwrap();
    assert_eq!((codes(&written), written.pending.as_slice()), (vec!["not_published"], &[Field::Status][..]));
}

#[tokio::test]
async fn a_contributors_post_waits_as_pending() {
    let site = FakeSite::with_plugin().await;
    let respond = |request: &Request| {
        if sent(request)["status"] == "publish" {
            wp_error(403, "rest_cannot_publish")
        } else {
            echo(request)
        }
    };
    Mock::given(method("POST")).and(path(POST)).respond_with(respond).mount(&site.server).await;
    let fields = FieldPatch { status: Some(ContentStatus::Published), ..FieldPatch::default() };
    let written = site.session().await.update("post", "5", &fields, &"v4".to_owned()).await.unwrap();
    assert_eq!(written.item.status, "pending");
    assert_eq!(codes(&written), ["publish_not_allowed"]);
}

#[tokio::test]
async fn what_the_site_kept_otherwise_is_noted() {
    let site = FakeSite::with_plugin().await;
    let mut kept = post(5);
    kept["content"] = json!({"raw": "<p>x</p>"});
    kept["slug"] = json!("2026-2");
    site.on("POST", POST, ok(&kept)).await;
    let fields = FieldPatch {
        html: Some("<p>x</p><script>alert(1)</script>".to_owned()),
        slug: Some("2026".to_owned()),
        ..FieldPatch::default()
    };
    let written = site.session().await.update("post", "5", &fields, &"v4".to_owned()).await.unwrap();
    assert_eq!(codes(&written), ["content_filtered", "slug_changed"]);
    assert_eq!(written.item.fields.slug.as_deref(), Some("2026-2"));
}

#[tokio::test]
async fn a_post_is_trashed_and_never_deleted() {
    let site = FakeSite::with_plugin().await;
    let mut trashed = post(5);
    trashed["status"] = json!("trash");
    site.on("DELETE", POST, ok(&trashed)).await;
    let written = site.session().await.trash("post", "5", &"v4".to_owned()).await.unwrap();
    assert!(written.item.trashed && written.item.url.is_none());
    let request = &site.requests_to("DELETE", POST).await[0];
    assert_eq!(request.headers["x-igny8-if-version"], "v4");
    assert_eq!(parameter(request, "force"), None);
}

#[rstest]
#[case::already_there(wp_error(410, "rest_already_trashed"))]
#[case::moved_there_meanwhile(answer(412, &recorded("version_mismatch")))]
#[tokio::test]
async fn a_post_that_is_in_the_trash_already_is_fine(#[case] response: ResponseTemplate) {
    let site = FakeSite::with_plugin().await;
    let mut trashed = post(5);
    trashed["status"] = json!("trash");
    site.on("DELETE", POST, response).await;
    site.on("GET", POST, ok(&trashed)).await;
    assert!(site.session().await.trash("post", "5", &"v4".to_owned()).await.unwrap().item.trashed);
}

#[tokio::test]
async fn a_post_that_changed_is_not_trashed() {
    let site = FakeSite::with_plugin().await;
    site.on("DELETE", POST, answer(412, &recorded("version_mismatch"))).await;
    site.on("GET", POST, ok(&post(5))).await;
    let failure = site.session().await.trash("post", "5", &"v4".to_owned()).await.unwrap_err();
    assert!(matches!(failure, PlatformError::Conflict(_)), "{failure:?}");
}

#[tokio::test]
async fn a_host_that_blocks_delete_is_asked_by_post() {
    let site = FakeSite::with_plugin().await;
    let mut trashed = post(5);
    trashed["status"] = json!("trash");
    site.on("DELETE", POST, html(405, "<h1>405</h1>")).await;
    site.on("POST", POST, ok(&trashed)).await;
    assert!(site.session().await.trash("post", "5", &"v4".to_owned()).await.unwrap().item.trashed);
    let request = &site.requests_to("POST", POST).await[0];
    assert_eq!(request.headers["x-http-method-override"], "DELETE");
}

#[tokio::test]
async fn a_type_without_a_trash_is_left_alone() {
    let site = FakeSite::with_plugin().await;
    site.on("DELETE", POST, wp_error(501, "rest_trash_not_supported")).await;
    let failure = site.session().await.trash("post", "5", &"v4".to_owned()).await.unwrap_err();
    assert!(matches!(&failure, PlatformError::Rejected(trouble) if trouble.code == "not_supported"));
}
