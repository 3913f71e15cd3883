//! What a test notices although the connection works.

use igny8_integration_domain::ports::platform::{ConnectionReport, Finding, Severity};
use rstest::rstest;
use serde_json::json;
use wiremock::matchers::{any, query_param};
use wiremock::{Mock, ResponseTemplate};

use crate::connection::{failed, passed};
use crate::fake::{FakeSite, html, ok, platform, recorded, wp_error};

fn finding<'a>(report: &'a ConnectionReport, code: &str) -> &'a Finding {
    let found = report.findings.iter().find(|finding| finding.code == code);
    found.unwrap_or_else(|| panic!("no {code}: {report:#?}"))
}

fn codes(report: &ConnectionReport) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[tokio::test]
async fn a_site_in_good_order_is_remarked_on_for_its_header_alone() {
    let site = FakeSite::with_plugin().await;
    let report = site.test(&site.connection()).await;
    passed(&report);
    // The recording is of another day, and of a host that strips the header.
    assert_eq!(codes(&report), ["clock_skew", "authorization_header_lost"]);
}

#[tokio::test]
async fn php_noise_is_shown_without_the_paths_in_it() {
    let site = FakeSite::bare().await;
    let noise = "<br />\n<b>Warning</b>: Undefined variable $x in <b>/home/u1/public_html/wp-content/x.php</b> on line <b>3</b><br />\n";
    let body = format!("{noise}{}", recorded("index"));
    site.instead("GET", "/wp-json/", ResponseTemplate::new(200).set_body_raw(body, "application/json")).await;
    let report = site.test(&site.connection_with_password()).await;
    passed(&report);
    let noise = finding(&report, "php_noise");
    assert_eq!(noise.severity, Severity::Warning);
    assert!(
        noise.evidence.contains("Undefined variable $x in") && !noise.evidence.contains("u1"),
        "{}",
        noise.evidence
    );
}

#[tokio::test]
async fn noise_behind_the_index_is_noticed_too() {
    let site = FakeSite::bare().await;
    let body = format!("{}\n<!-- Performance optimized by W3 Total Cache -->", recorded("me_editor"));
    site.instead(
        "GET",
        "/wp-json/wp/v2/users/me",
        ResponseTemplate::new(200).set_body_raw(body, "application/json"),
    )
    .await;
    let report = site.test(&site.connection_with_password()).await;
    assert!(finding(&report, "php_noise").evidence.contains("after its JSON"));
}

#[rstest]
#[case::behind("Thu, 01 Jan 2026 12:00:00 GMT", "behind")]
#[case::ahead("Fri, 01 Jan 2100 12:00:00 GMT", "ahead of")]
#[tokio::test]
async fn a_clock_that_is_off_is_told_by_how_much(#[case] date: &str, #[case] way: &str) {
    let site = FakeSite::bare().await;
    site.instead("GET", "/wp-json/", ok(&recorded("index")).insert_header("date", date)).await;
    let report = site.test(&site.connection_with_password()).await;
    passed(&report);
    let skew = finding(&report, "clock_skew");
    assert!(skew.evidence.contains(way) && skew.evidence.contains("minutes"), "{}", skew.evidence);
}

#[tokio::test]
async fn the_plugin_tells_its_own_clock_where_a_cdn_stamps_the_date() {
    let site = FakeSite::with_plugin().await;
    let report = site.test(&site.connection()).await;
    assert!(finding(&report, "clock_skew").evidence.contains("told by the plugin"));
}

#[rstest]
#[case::hit("x-litespeed-cache", "hit", true)]
#[case::age("age", "812", true)]
#[case::miss("x-cache", "MISS", false)]
#[tokio::test]
async fn a_cache_in_front_of_the_api_shows_itself(
    #[case] name: &str,
    #[case] value: &str,
    #[case] is_one: bool,
) {
    let site = FakeSite::bare().await;
    // It answers what it knows; a request with something new in it goes past.
    let cached = ok(&recorded("index")).insert_header(name, value);
    Mock::given(query_param("_fields", "name"))
        .respond_with(cached)
        .with_priority(1)
        .mount(&site.server)
        .await;
    let report = site.test(&site.connection_with_password()).await;
    passed(&report);
    assert_eq!(codes(&report).contains(&"page_cache"), is_one, "{report:#?}");
}

#[tokio::test]
async fn plain_permalinks_are_a_notice() {
    let site = FakeSite::bare().await;
    site.server.reset().await;
    for (route, body) in [
        ("/", recorded("index")),
        ("/igny8/v1/status", recorded("status")),
        ("/wp/v2/users/me", recorded("me_editor")),
    ] {
        let answered = Mock::given(query_param("rest_route", route)).respond_with(ok(&body));
        answered.with_priority(1).mount(&site.server).await;
    }
    Mock::given(any()).respond_with(html(200, "<html>home</html>")).mount(&site.server).await;
    let report = platform().examine(&site.connection().site_url).await;
    assert!(report.success, "{report:#?}");
    assert_eq!(finding(&report, "plain_permalinks").severity, Severity::Notice);
}

#[tokio::test]
async fn a_closed_list_of_users_and_a_small_role_are_warnings() {
    let site = FakeSite::bare().await;
    site.instead("GET", "/wp-json/wp/v2/users/me", wp_error(403, "rest_user_cannot_view")).await;
    site.on("GET", "/wp-json/wp/v2/posts", ok(&json!([{"id": 1}]))).await;
    let report = site.test(&site.connection_with_password()).await;
    assert!(finding(&report, "users_closed").evidence.starts_with("users/me: "));
    let me = json!({"id": 2, "capabilities": {"edit_posts": true}});
    site.instead("GET", "/wp-json/wp/v2/users/me", ok(&me)).await;
    let site = FakeSite::bare().await;
    site.instead("GET", "/wp-json/wp/v2/users/me", ok(&me)).await;
    let report = site.test(&site.connection_with_password()).await;
    assert!(finding(&report, "limited_user").evidence.contains("pending"), "{report:#?}");
}

#[tokio::test]
async fn without_credentials_a_site_is_looked_at_up_to_the_plugin() {
    for (site, code) in
        [(FakeSite::with_plugin().await, None), (FakeSite::bare().await, Some("without_plugin"))]
    {
        let report = platform().examine(&site.connection().site_url).await;
        assert!(report.success, "{report:#?}");
        assert_eq!(report.checks.last().map(|check| check.name.as_str()), Some("plugin"));
        assert_eq!(codes(&report).first().copied(), code);
        let requests = site.requests().await;
        assert!(requests.iter().all(|request| !request.headers.contains_key("authorization")));
    }
}

#[tokio::test]
async fn an_error_comes_first_and_has_evidence_and_fix_apart() {
    let site = FakeSite::bare().await;
    site.server.reset().await;
    let page = html(403, "<title>Attention Required!</title>").insert_header("server", "cloudflare");
    Mock::given(any()).respond_with(page).mount(&site.server).await;
    let report = site.test(&site.connection()).await;
    assert_eq!(failed(&report), ("rest_api", "firewall"));
    let error = &report.findings[0];
    assert_eq!((error.severity, error.code.as_str()), (Severity::Error, "firewall"));
    assert!(error.evidence.starts_with("Cloudflare answers /wp-json/ with status 403"), "{}", error.evidence);
    assert!(error.evidence.contains("Attention Required!") && error.fix.contains("User-Agent"));
}
