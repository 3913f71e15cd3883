//! What holds for every route.

use igny8_integration_api::Settings;
use rstest::rstest;
use serde_json::json;

use crate::client::{Connection, Request};
use crate::world::{World, wordpress};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_is_a_404_whoever_asks() -> anyhow::Result<()> {
    let world = World::start()?;
    for target in ["nothing/", "/", "/favicon.ico", "integrations//", "integrations/1/nothing/"] {
        let response = world.ask(Request::new("GET", target)).await?;
        assert_eq!(response.problem(), (404, "not_found".into()), "{target}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_method_is_a_405_that_names_those_that_are_allowed() -> anyhow::Result<()> {
    let world = World::start()?;
    let response = world.ask(Request::new("DELETE", "integrations/")).await?;
    assert_eq!(response.problem(), (405, "method_not_allowed".into()));
    assert_eq!(response.header("allow"), Some("GET, POST, HEAD, OPTIONS"));
    let response = world.ask(Request::new("GET", "integrations/test-connection/")).await?;
    assert_eq!((response.status, response.header("allow")), (405, Some("POST, OPTIONS")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn options_names_the_methods_and_head_is_a_get_without_a_body() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let response = world.ask(Request::new("OPTIONS", "integrations/1/")).await?;
    assert_eq!(
        (response.status, response.header("allow")),
        (204, Some("GET, PUT, PATCH, DELETE, HEAD, OPTIONS"))
    );
    let bearer = format!("Bearer {}", tenant.owner);
    let response = world.ask(Request::new("HEAD", "integrations/").header("authorization", &bearer)).await?;
    assert_eq!((response.status, response.body.len()), (200, 0));
    Ok(())
}

#[rstest]
#[case("integrations/")]
#[case("integrations")]
#[tokio::test(flavor = "multi_thread")]
async fn a_path_is_served_with_and_without_its_slash(#[case] target: &str) -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let response = world.send(&tenant.owner, "POST", target, &wordpress(&tenant)).await?;
    assert_eq!(response.status, 201);
    let location = response.header("location").unwrap_or_default().to_owned();
    assert_eq!(location, "http://api.example/api/v1/integration/integrations/1/");
    Ok(())
}

/// Each request is wrong in everything that comes later too, so that its answer shows the order.
#[tokio::test(flavor = "multi_thread")]
async fn requests_are_judged_in_the_contracts_order() -> anyhow::Result<()> {
    let world = World::start()?;
    let (acme, zenith) = (world.tenant("acme").await?, world.tenant("zenith").await?);
    let foreign = world.integration(&zenith).await?;
    let own = world.integration(&acme).await?;
    let viewer = world.member(&acme, igny8_integration_domain::account::Role::Viewer).await?;
    let large = vec![b'x'; 1024 * 1024 + 1];
    let patch = |id: &str| Request::new("PATCH", &format!("integrations/{id}/"));
    let as_viewer = |request: Request| request.header("authorization", &format!("Bearer {viewer}"));
    let as_owner = |request: Request| request.header("authorization", &format!("Bearer {}", acme.owner));
    let bad = json!({"is_active": "x"});
    let cases = [
        (Request::new("PATCH", "integrations/").header("accept", "text/html"), 405, "method_not_allowed"),
        (patch("x").header("accept", "text/html").body("text/plain", large.clone()), 406, "not_acceptable"),
        (patch("x").body("text/plain", large), 413, "payload_too_large"),
        (patch("x").body("text/plain", b"{".to_vec()), 415, "unsupported_media_type"),
        (patch("x").json(&bad), 401, "not_authenticated"),
        (as_viewer(patch("x").json(&bad)), 400, "validation_error"),
        (as_viewer(patch(&foreign.to_string()).json(&bad)), 404, "not_found"),
        (as_viewer(patch(&own.to_string()).json(&bad)), 403, "insufficient_role"),
        (as_owner(patch(&own.to_string()).header("if-match", "\"99\"").json(&bad)), 400, "validation_error"),
        (
            as_owner(patch(&own.to_string()).header("if-match", "\"99\"").json(&json!({}))),
            412,
            "precondition_failed",
        ),
    ];
    for (request, status, code) in cases {
        assert_eq!(world.ask(request).await?.problem(), (status, code.to_owned()));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_json_is_told_from_one_that_is_not_valid() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let bearer = format!("Bearer {}", tenant.owner);
    let post = Request::new("POST", "integrations/").header("authorization", &bearer);
    let broken = post.clone().body("application/json", b"{\"site_id\": 1,".to_vec());
    assert_eq!(world.ask(broken).await?.problem(), (400, "malformed_json".into()));
    assert_eq!(world.ask(post.clone().json(&json!([]))).await?.errors(), ["body: invalid"]);
    assert_eq!(
        world.ask(post.clone().json(&json!({}))).await?.errors(),
        ["site_id: required", "platform: required"]
    );
    assert_eq!(world.ask(post).await?.problem(), (400, "malformed_json".into()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_id_is_the_callers_or_a_fresh_one() -> anyhow::Result<()> {
    let world = World::start()?;
    let response = world.ask(Request::new("GET", "/healthz").header("x-request-id", "order-17")).await?;
    assert_eq!(response.header("x-request-id"), Some("order-17"));
    let long = "x".repeat(129);
    for odd in ["a b", long.as_str()] {
        let response = world.ask(Request::new("GET", "nothing/").header("x-request-id", odd)).await?;
        assert_eq!(response.problem().0, 404);
        assert_eq!(response.header("x-request-id").map(str::len), Some(36));
    }
    Ok(())
}

#[rstest]
#[case::declared(format!("content-length: {}\r\n\r\n", 200 * 1024 * 1024), 413)]
#[case::no_credentials("content-type: application/json\r\ncontent-length: 2\r\n\r\n{}".to_owned(), 401)]
#[case::unknown_path("content-length: 4000\r\n\r\n".to_owned(), 413)]
#[tokio::test(flavor = "multi_thread")]
async fn after_a_refusal_the_next_request_is_not_misread(
    #[case] rest: String,
    #[case] status: u16,
) -> anyhow::Result<()> {
    let world = World::start()?;
    let mut connection = Connection::open(world.port).await?;
    let target = if rest.starts_with("content-length: 4000") { "nothing/" } else { "integrations/" };
    let status = if target == "nothing/" { 404 } else { status };
    let head = format!("POST /api/v1/integration/{target} HTTP/1.1\r\nhost: api.example\r\n{rest}");
    connection.send(head.as_bytes()).await?;
    let smuggled = Request::new("GET", "/healthz").bytes();
    let refused = connection.receive(false).await?;
    assert_eq!(refused.status, status);
    if status == 401 {
        connection.send(&smuggled).await?;
        assert_eq!(connection.receive(false).await?.status, 200);
    } else {
        // The bytes that follow belong to the body that was announced, so nobody may answer them as a request.
        assert_eq!(refused.header("connection"), Some("close"));
        connection.send(&smuggled).await?;
        assert!(connection.ends().await?);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_is_bounded_too() -> anyhow::Result<()> {
    let world = World::start()?;
    let mut connection = Connection::open(world.port).await?;
    let head = "POST /api/v1/integration/integrations/ HTTP/1.1\r\nhost: api.example\r\ntransfer-encoding: chunked\r\n\r\n";
    connection.send(head.as_bytes()).await?;
    let chunk = [format!("{:x}\r\n", 64 * 1024).as_bytes(), &vec![b' '; 64 * 1024], b"\r\n"].concat();
    for _ in 0..17 {
        connection.send(&chunk).await?;
    }
    assert_eq!(connection.receive(false).await?.problem(), (413, "payload_too_large".into()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_apps_own_origins_may_read_answers_in_a_browser() -> anyhow::Result<()> {
    let settings = Settings { cors_origins: vec!["https://app.example".into()], ..Settings::default() };
    let world = World::with(settings)?;
    let preflight = |origin: &str| {
        let request = Request::new("OPTIONS", "integrations/").header("origin", origin);
        request
            .header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "authorization, if-match")
    };
    let response = world.ask(preflight("https://app.example")).await?;
    assert_eq!(response.status, 200);
    assert_eq!(response.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(response.header("access-control-max-age"), Some("600"));
    assert_eq!(response.header("access-control-allow-credentials"), None);
    let response = world.ask(preflight("https://evil.example")).await?;
    assert_eq!((response.problem().0, response.header("access-control-allow-origin")), (400, None));
    let refused =
        world.ask(Request::new("GET", "integrations/").header("origin", "https://app.example")).await?;
    assert_eq!(refused.problem(), (401, "not_authenticated".into()));
    assert_eq!(refused.header("access-control-allow-origin"), Some("https://app.example"));
    let mut exposed: Vec<&str> =
        refused.header("access-control-expose-headers").unwrap_or_default().split(", ").collect();
    exposed.sort_unstable();
    assert_eq!(exposed, ["etag", "location", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id"]);
    Ok(())
}
