use igny8_integration_wordpress::answer::PageKind;
use igny8_integration_wordpress::discovery::{Discovery, NotFound, Outcome, find_api, open_home};
use rstest::rstest;
use serde_json::json;
use url::Url;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::server::local_client;

const HTML: &str = "text/html; charset=UTF-8";

fn index(server: &MockServer) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "name": "Shop", "url": server.uri(), "home": server.uri(),
        "namespaces": ["wp/v2", "igny8/v1"], "authentication": [],
    }))
}

fn page(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_owned(), HTML)
}

async fn on(server: &MockServer, place: &str, answer: ResponseTemplate) {
    Mock::given(path(place)).respond_with(answer).mount(server).await;
}

async fn discover(server: &MockServer, place: &str) -> Result<Discovery, NotFound> {
    let outbound = local_client();
    let site: Url = server.uri().parse::<Url>().unwrap().join(place).unwrap();
    let home = open_home(&outbound, &site).await.unwrap();
    find_api(&outbound, &site, &home).await
}

fn root_of(found: &Discovery, server: &MockServer) -> String {
    found.root.url().as_str().replace(&server.uri(), "")
}

#[tokio::test]
async fn the_link_header_leads_to_a_renamed_api() {
    let server = MockServer::start().await;
    let link = format!("<{}/api/>; rel=\"https://api.w.org/\"", server.uri());
    on(&server, "/", page(200, "<html>").insert_header("link", link.as_str())).await;
    on(&server, "/api/", index(&server)).await;
    let found = discover(&server, "/").await.unwrap();
    assert_eq!(root_of(&found, &server), "/api/");
    let asked = server.received_requests().await.unwrap();
    assert!(asked.iter().all(|request| request.headers.get("authorization").is_none()));
    assert!(asked.last().unwrap().url.query().unwrap().contains("_fields=namespaces"));
}

#[tokio::test]
async fn a_cached_home_page_without_the_header_still_has_the_link() {
    let server = MockServer::start().await;
    let html = "<link rel=\"https://api.w.org/\" href=\"/wordpress/wp-json/\" />";
    on(&server, "/", page(200, html)).await;
    on(&server, "/wordpress/wp-json/", index(&server)).await;
    assert_eq!(root_of(&discover(&server, "/").await.unwrap(), &server), "/wordpress/wp-json/");
}

#[tokio::test]
async fn plain_permalinks_are_found_behind_a_home_page_at_every_address() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(query_param("rest_route", "/"))
        .respond_with(index(&server))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(method("GET")).respond_with(page(200, "<html>home</html>")).mount(&server).await;
    let found = discover(&server, "/").await.unwrap();
    assert!(found.root.is_plain());
    let route = found.root.route("wp/v2/posts", [("page", "2".to_owned())]);
    assert_eq!(route.query(), Some("rest_route=%2Fwp%2Fv2%2Fposts&page=2"));
}

#[tokio::test]
async fn index_php_permalinks_are_found() {
    let server = MockServer::start().await;
    on(&server, "/", page(200, "<html>")).await;
    on(&server, "/index.php/wp-json/", index(&server)).await;
    assert_eq!(root_of(&discover(&server, "/").await.unwrap(), &server), "/index.php/wp-json/");
}

#[rstest]
#[case::a_posts_address("/blog/2026/hello-world/")]
#[case::the_site_itself("/blog/")]
#[tokio::test]
async fn a_subdirectory_is_found_from_below(#[case] pasted: &str) {
    let server = MockServer::start().await;
    on(&server, "/blog/wp-json/", index(&server)).await;
    assert_eq!(root_of(&discover(&server, pasted).await.unwrap(), &server), "/blog/wp-json/");
}

#[tokio::test]
async fn the_link_header_of_a_missing_page_is_the_main_sites_and_ignored() {
    let server = MockServer::start().await;
    let link = format!("<{}/main/wp-json/>; rel=\"https://api.w.org/\"", server.uri());
    on(&server, "/shop/", page(404, "<html>").insert_header("link", link.as_str())).await;
    on(&server, "/main/wp-json/", index(&server)).await;
    on(&server, "/shop/wp-json/", index(&server)).await;
    assert_eq!(root_of(&discover(&server, "/shop/").await.unwrap(), &server), "/shop/wp-json/");
}

#[tokio::test]
async fn a_hint_to_another_host_is_not_followed() {
    let server = MockServer::start().await;
    let link = "<https://elsewhere.example/wp-json/>; rel=\"https://api.w.org/\"";
    on(&server, "/", page(200, "<html>").insert_header("link", link)).await;
    let failure = discover(&server, "/").await.unwrap_err();
    assert!(
        matches!(&failure.attempts[0].outcome, Outcome::Elsewhere(to) if to.host_str() == Some("elsewhere.example"))
    );
}

#[rstest]
#[case::closed_to_strangers(401, "rest_login_required")]
#[case::closed_by_a_security_plugin(403, "itsec_rest_api_access_restricted")]
#[tokio::test]
async fn an_index_that_refuses_strangers_is_an_api(#[case] status: u16, #[case] code: &str) {
    let server = MockServer::start().await;
    on(&server, "/", page(503, "<html>coming soon</html>")).await;
    let refusal = json!({"code": code, "message": "Only for members.", "data": {"status": status}});
    on(&server, "/wp-json/", ResponseTemplate::new(status).set_body_json(refusal)).await;
    let found = discover(&server, "/").await.unwrap();
    assert_eq!(found.closed.unwrap().code, code);
}

#[rstest]
#[case::firewall(page(403, "<h1>403 Forbidden</h1>"), PageKind::Firewall)]
#[case::maintenance(page(503, "<h1>Wartung</h1>"), PageKind::Maintenance)]
#[case::an_html_page(page(200, "<h1>A shop</h1>"), PageKind::Other)]
#[case::login(page(200, "<form id=\"loginform\" action=\"/wp-login.php\">"), PageKind::Login)]
#[case::fatal(page(500, "<b>Fatal error</b>: Uncaught"), PageKind::Broken)]
#[tokio::test]
async fn what_answers_instead_of_an_api_is_told(#[case] answer: ResponseTemplate, #[case] kind: PageKind) {
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(answer).mount(&server).await;
    let failure = discover(&server, "/").await.unwrap_err();
    for attempt in failure.attempts {
        assert!(matches!(attempt.outcome, Outcome::Page { kind: seen, .. } if seen == kind), "{attempt:?}");
    }
}

#[tokio::test]
async fn a_password_of_the_web_server_is_told_apart() {
    let server = MockServer::start().await;
    let answer = page(401, "<h1>401</h1>").insert_header("www-authenticate", "Basic realm=\"staging\"");
    Mock::given(method("GET")).respond_with(answer).mount(&server).await;
    let failure = discover(&server, "/").await.unwrap_err();
    assert!(matches!(failure.attempts[0].outcome, Outcome::ServerPassword));
}

#[tokio::test]
async fn an_update_under_way_is_not_an_api_that_is_closed() {
    let server = MockServer::start().await;
    let body = json!({"code": "wp_die", "message": "Briefly unavailable", "data": {"status": 503}});
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(503).insert_header("retry-after", "600").set_body_json(body))
        .mount(&server)
        .await;
    let failure = discover(&server, "/").await.unwrap_err();
    assert!(matches!(
        failure.attempts[0].outcome,
        Outcome::Page { status: 503, kind: PageKind::Maintenance }
    ));
}

#[tokio::test]
async fn a_home_page_that_sends_strangers_away_does_not_move_the_site() {
    let server = MockServer::start().await;
    on(&server, "/", page(302, "").insert_header("location", "/members/wp-login.php?redirect_to=%2F")).await;
    on(&server, "/wp-json/", index(&server)).await;
    assert_eq!(root_of(&discover(&server, "/").await.unwrap(), &server), "/wp-json/");
}
