//! Each failing check of a connection test, with a recorded or scripted answer behind it.

use igny8_integration_domain::integration::SiteUrl;
use igny8_integration_domain::ports::platform::Platform as _;
use igny8_integration_domain::ports::platform::{ConnectionReport, PlatformError};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wiremock::matchers::{any, header_exists, method, path, query_param};
use wiremock::{Mock, ResponseTemplate};

use crate::fake::{FakeSite, KEY, answer, html, ok, platform, recorded, wp_error};

const CHECKS: [&str; 9] =
    ["url", "dns", "tcp", "tls", "http", "rest_api", "plugin", "authentication", "permissions"];

/// The check that failed, after all before it passed, and the code.
pub fn failed(report: &ConnectionReport) -> (&str, &str) {
    let names: Vec<&str> = report.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(names, CHECKS[..names.len()], "checks run in order");
    let (last, before) = report.checks.split_last().unwrap();
    assert!(before.iter().all(|check| check.ok) && !last.ok && !report.success, "{report:#?}");
    assert!(report.message.contains(". "), "a fix goes with it: {}", report.message);
    (&last.name, &report.code)
}

pub fn passed(report: &ConnectionReport) {
    let names: Vec<&str> = report.checks.iter().map(|check| check.name.as_str()).collect();
    assert!(report.success && report.code == "ok", "{report:#?}");
    assert_eq!(names, CHECKS);
}

async fn test_address(address: &str) -> ConnectionReport {
    let site = FakeSite::bare().await;
    let mut connection = site.connection();
    connection.site_url = SiteUrl::parse("site_url", address).unwrap();
    platform().test_connection(&connection).await
}

#[tokio::test]
async fn a_site_with_the_plugin_passes_every_check() {
    let site = FakeSite::with_plugin().await;
    let report = site.test(&site.connection()).await;
    passed(&report);
    assert_eq!(report.plugin_version.as_deref(), Some("0.1.0"));
    assert_eq!(report.platform_version.as_deref(), Some("6.8.12"));
    assert!(report.latency_ms.is_some());
    // Recorded on a request with the other header only.
    assert!(report.limitations[0].contains("X-IGNY8-API-KEY"), "{:?}", report.limitations);
}

#[tokio::test]
async fn a_wrong_key_fails_at_authentication() {
    let site = FakeSite::with_plugin().await;
    let mut connection = site.connection();
    connection.credentials.api_key = Some("another-key-1".into());
    let report = site.test(&connection).await;
    assert_eq!(failed(&report), ("authentication", "invalid_api_key"));
    assert!(!report.message.contains("another-key-1"));
}

#[tokio::test]
async fn a_host_that_keeps_every_credential_from_the_plugin_is_told_from_a_wrong_key() {
    let site = FakeSite::with_plugin().await;
    site.instead("GET", "/wp-json/igny8/v1/status", ok(&recorded("status"))).await;
    site.instead("GET", "/wp-json/wp/v2/users/me", answer(401, &recorded("not_logged_in"))).await;
    let report = site.test(&site.connection()).await;
    assert_eq!(failed(&report), ("authentication", "authorization_stripped"));
}

#[tokio::test]
async fn a_site_without_the_plugin_never_sees_the_key() {
    let site = FakeSite::bare().await;
    let report = site.test(&site.connection()).await;
    assert_eq!(failed(&report), ("plugin", "plugin_missing"));
    assert!(!site.saw_the_key().await);
}

#[tokio::test]
async fn a_site_without_the_plugin_but_with_a_password_is_fine_and_limited() {
    let site = FakeSite::bare().await;
    let report = site.test(&site.connection_with_password()).await;
    passed(&report);
    assert_eq!(report.checks[6].detail, "not installed");
    assert!(report.limitations.iter().any(|limitation| limitation.contains("SEO")));
    assert!(!site.saw_the_key().await);
}

#[tokio::test]
async fn plain_permalinks_are_no_obstacle() {
    let site = FakeSite::bare().await;
    site.server.reset().await;
    for (route, body) in [
        ("/", recorded("index")),
        ("/igny8/v1/status", recorded("status_keyed")),
        ("/wp/v2/users/me", recorded("me_editor")),
    ] {
        Mock::given(query_param("rest_route", route))
            .respond_with(ok(&body))
            .with_priority(1)
            .mount(&site.server)
            .await;
    }
    Mock::given(any()).respond_with(html(200, "<html>home</html>")).mount(&site.server).await;
    let report = site.test(&site.connection()).await;
    passed(&report);
    assert!(report.checks[5].detail.contains("plain permalinks"));
}

#[rstest]
#[case::closed_for_all(wp_error(401, "rest_cannot_access"))]
#[case::closed_by_a_host(wp_error(403, "rest_disabled"))]
#[case::no_route_at_all(html(404, "<title>Page not found</title>"))]
#[tokio::test]
async fn a_rest_api_that_is_switched_off_is_told(#[case] refusal: ResponseTemplate) {
    let site = FakeSite::bare().await;
    site.server.reset().await;
    let home = html(200, "<link href=\"/wp-content/themes/x/style.css\">");
    Mock::given(path("/")).respond_with(home).with_priority(2).mount(&site.server).await;
    Mock::given(query_param("rest_route", "/"))
        .respond_with(refusal.clone())
        .with_priority(1)
        .mount(&site.server)
        .await;
    Mock::given(any()).respond_with(refusal).mount(&site.server).await;
    assert_eq!(failed(&site.test(&site.connection()).await), ("rest_api", "rest_disabled"));
    assert!(!site.saw_the_key().await);
}

#[rstest]
#[case::an_html_page(html(200, "<h1>A shop</h1>"), "html_page")]
#[case::nothing(html(404, "<h1>404</h1>"), "not_wordpress")]
#[case::firewall(html(403, "<title>Attention Required! | Cloudflare</title>"), "firewall")]
#[case::maintenance(html(503, "<h1>Wartung</h1>"), "maintenance")]
#[case::maintenance_with_a_time(wp_error(503, "wp_die").insert_header("retry-after", "600"), "maintenance")]
#[case::login(html(200, "<form id=\"loginform\" action=\"/wp-login.php\">"), "login_page")]
#[case::fatal(html(500, "<b>Fatal error</b>: Allowed memory size"), "site_error")]
#[case::server_password(html(401, "").insert_header("www-authenticate", "Basic realm=\"x\""), "site_password")]
#[case::api_elsewhere(
    html(200, "").insert_header("link", "<https://other.example/wp-json/>; rel=\"https://api.w.org/\"")
        .insert_header("content-type", "text/plain"),
    "redirected"
)]
#[tokio::test]
async fn what_answers_instead_of_the_api_is_told(#[case] page: ResponseTemplate, #[case] code: &str) {
    let site = FakeSite::bare().await;
    site.server.reset().await;
    Mock::given(any()).respond_with(page).mount(&site.server).await;
    assert_eq!(failed(&site.test(&site.connection()).await), ("rest_api", code));
}

#[tokio::test]
async fn a_home_page_in_maintenance_does_not_mean_that_the_api_is_down() {
    let site = FakeSite::with_plugin().await;
    site.instead("GET", "/", html(503, "<h1>Coming soon</h1>")).await;
    passed(&site.test(&site.connection()).await);
}

#[tokio::test]
async fn a_dead_port_fails_at_tcp() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let report = test_address(&format!("http://127.0.0.1:{port}")).await;
    assert_eq!(failed(&report), ("tcp", "connection_refused"));
}

#[tokio::test]
async fn a_port_without_tls_fails_at_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ =
                tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let report = test_address(&format!("https://127.0.0.1:{port}")).await;
    assert_eq!(failed(&report), ("tls", "tls_not_spoken"));
}

#[tokio::test]
async fn a_name_that_does_not_resolve_fails_at_dns() {
    assert_eq!(failed(&test_address("https://no-such-site.invalid").await), ("dns", "dns_failed"));
}

#[rstest]
#[case::literal("https://10.0.0.1", "url")]
#[case::metadata("http://169.254.169.254", "url")]
#[case::six("https://[fd00::1]", "url")]
#[case::local_name("https://nothing.internal", "dns")]
#[case::single_label("https://intranet", "dns")]
#[tokio::test]
async fn an_address_that_may_not_be_called_reads_alike(#[case] address: &str, #[case] check: &str) {
    let report = test_address(address).await;
    assert_eq!(failed(&report), (check, "address_not_allowed"));
    assert_eq!(report.message, "This address cannot be used. Enter a public address.");
}

#[tokio::test]
async fn a_redirect_to_another_site_names_it() {
    let site = FakeSite::with_plugin().await;
    let other = FakeSite::with_plugin().await;
    let to = format!("{}/start/?session=1", other.server.uri());
    site.instead("GET", "/", html(301, "").insert_header("location", to.as_str())).await;
    let report = site.test(&site.connection()).await;
    assert_eq!(failed(&report), ("http", "redirected"));
    assert!(report.message.contains(&format!("{}/start/", other.server.uri())), "{}", report.message);
    assert!(!report.message.contains("session"));
    assert!(!other.saw_the_key().await);
}

#[tokio::test]
async fn a_redirect_to_another_site_is_told_even_where_that_one_is_gone() {
    let site = FakeSite::with_plugin().await;
    let to = "https://elsewhere.invalid/start/?session=1";
    site.instead("GET", "/", html(301, "").insert_header("location", to)).await;
    let report = site.test(&site.connection()).await;
    assert_eq!(failed(&report), ("http", "redirected"));
    assert!(report.message.contains("https://elsewhere.invalid/start/."), "{}", report.message);
}

#[rstest]
#[case::removed(answer(404, &recorded("no_route")))]
#[case::locked(wp_error(403, "rest_user_cannot_view"))]
#[case::locked_as_if_signed_out(wp_error(401, "rest_user_cannot_view"))]
#[tokio::test]
async fn a_plugin_that_closes_the_users_routes_does_not_make_the_key_wrong(
    #[case] refusal: ResponseTemplate,
) {
    let site = FakeSite::bare().await;
    site.instead("GET", "/wp-json/wp/v2/users/me", refusal).await;
    site.on("GET", "/wp-json/wp/v2/posts", ok(&json!([{"id": 1}]))).await;
    let report = site.test(&site.connection_with_password()).await;
    passed(&report);
    assert!(report.limitations.iter().any(|limitation| limitation.contains("users")));
}

#[tokio::test]
async fn a_connection_that_is_switched_off_on_the_site_is_told() {
    let site = FakeSite::with_plugin().await;
    let mut status = recorded("status_keyed");
    status["connection_enabled"] = json!(false);
    Mock::given(method("GET"))
        .and(path("/wp-json/igny8/v1/status"))
        .and(header_exists("x-igny8-api-key"))
        .respond_with(ok(&status))
        .with_priority(1)
        .mount(&site.server)
        .await;
    assert_eq!(failed(&site.test(&site.connection()).await), ("authentication", "connection_disabled"));
}

#[rstest]
#[case::nothing(json!({"read": true}), None)]
#[case::old_site(json!({"administrator": "1", "edit_posts": 1, "publish_posts": true, "level_10": "",
    "edit_others_posts": "1", "edit_published_posts": "1", "edit_pages": "1", "manage_categories": "1",
    "upload_files": "1", "vc_access": "custom"}), Some(0))]
#[case::author(json!({"edit_posts": true, "publish_posts": true, "edit_published_posts": true,
    "upload_files": true}), Some(3))]
#[case::contributor(json!({"edit_posts": true}), Some(6))]
#[tokio::test]
async fn permissions_are_read_from_capabilities(#[case] capabilities: Value, #[case] missing: Option<usize>) {
    let site = FakeSite::bare().await;
    let me = json!({"id": 2, "roles": [], "capabilities": capabilities});
    site.instead("GET", "/wp-json/wp/v2/users/me", ok(&me)).await;
    let report = site.test(&site.connection_with_password()).await;
    match missing {
        None => assert_eq!(failed(&report), ("permissions", "missing_capability")),
        Some(missing) => {
            passed(&report);
            assert_eq!(report.limitations.len(), 3 + missing, "{:?}", report.limitations);
        }
    }
}

#[tokio::test]
async fn nothing_that_a_site_says_shows_its_paths_or_our_secrets() {
    let site = FakeSite::with_plugin().await;
    let body = json!({"code": "internal_server_error", "message": format!(
        "<p>Fatal in /home/u123/public_html/wp-content/x.php</p><script>alert(1)</script> Authorization: Bearer {KEY}"),
        "data": {"error": {"file": "/home/u123/x.php"}}});
    site.instead("GET", "/wp-json/wp/v2/users/me", answer(500, &body)).await;
    let report = format!("{:?}", site.test(&site.connection()).await);
    for secret in [KEY, "u123", "script", "alert"] {
        assert!(!report.contains(secret), "{secret}: {report}");
    }
}

#[tokio::test]
async fn a_session_remembers_the_way_and_asks_once() {
    let site = FakeSite::with_plugin().await;
    let state = site.session().await.state();
    site.server.reset().await;
    site.on("GET", "/wp-json/igny8/v1/status", ok(&recorded("status"))).await;
    let mut connection = site.connection();
    connection.state = state.clone();
    assert_eq!(platform().open(&connection).await.unwrap().state(), state);
    assert_eq!(site.requests().await.len(), 1);
    assert!(!site.saw_the_key().await);
}

#[tokio::test]
async fn a_session_searches_again_where_the_way_has_moved() {
    let site = FakeSite::with_plugin().await;
    let mut connection = site.connection();
    connection.state = json!({"site_url": connection.site_url.as_str(),
        "root": format!("{}/old-json/", site.server.uri()), "identity": "shop.example", "plugin": true});
    let session = platform().open(&connection).await.unwrap();
    assert!(session.state()["root"].as_str().unwrap().ends_with("/wp-json/"));
}

#[tokio::test]
async fn a_session_with_a_site_that_shows_strangers_nothing_keeps_the_key_back() {
    let site = FakeSite::bare().await;
    site.instead("GET", "/wp-json/igny8/v1/status", wp_error(401, "rest_cannot_access")).await;
    let failure = platform().open(&site.connection()).await.err().unwrap();
    assert!(
        matches!(&failure, PlatformError::Unauthorized(trouble) if trouble.code == "rest_disabled"),
        "{failure:?}"
    );
    assert!(!site.saw_the_key().await);
    assert!(platform().open(&site.connection_with_password()).await.is_ok());
}

#[tokio::test]
async fn a_session_with_a_site_that_is_down_or_bare_says_so() {
    let site = FakeSite::bare().await;
    let bare = platform().open(&site.connection()).await.err().unwrap();
    assert!(
        matches!(&bare, PlatformError::Unauthorized(trouble) if trouble.code == "plugin_missing"),
        "{bare:?}"
    );
    site.server.reset().await;
    let away = html(503, "<h1>Briefly unavailable</h1>").insert_header("retry-after", "600");
    Mock::given(any()).respond_with(away).mount(&site.server).await;
    let down = platform().open(&site.connection()).await.err().unwrap();
    assert!(
        matches!(&down, PlatformError::Unavailable { trouble, .. } if trouble.code == "maintenance"),
        "{down:?}"
    );
}
