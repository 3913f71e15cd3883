//! A scripted WordPress: recorded answers of a real one (6.8), and whatever a test puts in their place.

use igny8_integration_domain::id::{ContentId, SiteId};
use igny8_integration_domain::integration::{Credentials, SiteUrl};
use igny8_integration_domain::ports::Clock;
use igny8_integration_domain::ports::platform::{
    Connection, ConnectionReport, OnboardingChallenge, Platform as _, PlatformSession,
};
use igny8_integration_domain::time::Timestamp;
use igny8_integration_wordpress::WordPressPlatform;
use serde_json::{Value, json};
use std::sync::Arc;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::server::local_client;

pub const KEY: &str = "test-key-12345678";

/// A recorded answer.
pub fn recorded(name: &str) -> Value {
    let text = match name {
        "index" => include_str!("../fixtures/index.json"),
        "status" => include_str!("../fixtures/status.json"),
        "status_keyed" => include_str!("../fixtures/status_keyed.json"),
        "invalid_api_key" => include_str!("../fixtures/invalid_api_key.json"),
        "no_route" => include_str!("../fixtures/no_route.json"),
        "me_editor" => include_str!("../fixtures/me_editor.json"),
        "not_logged_in" => include_str!("../fixtures/not_logged_in.json"),
        "types" => include_str!("../fixtures/types.json"),
        "taxonomies" => include_str!("../fixtures/taxonomies.json"),
        "term_exists" => include_str!("../fixtures/term_exists.json"),
        "post" => include_str!("../fixtures/post.json"),
        "version_mismatch" => include_str!("../fixtures/version_mismatch.json"),
        _ => panic!("no recording {name}"),
    };
    serde_json::from_str(text).unwrap()
}

pub fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub fn answer(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

/// An error as WordPress writes it.
pub fn wp_error(status: u16, code: &str) -> ResponseTemplate {
    answer(status, &json!({"code": code, "message": "Said by the site.", "data": {"status": status}}))
}

pub fn html(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_owned(), "text/html; charset=UTF-8")
}

/// A list page with the totals that WordPress sends.
pub fn list(rows: &[Value], total: usize) -> ResponseTemplate {
    ok(&json!(rows)).insert_header("x-wp-total", total.to_string()).insert_header("x-wp-totalpages", "1")
}

/// A post as a sync sees it: the recorded one with another id.
pub fn post(id: u64) -> Value {
    let mut post = recorded("post");
    post["id"] = json!(id);
    post["igny8_version"] = json!(format!("v{id}"));
    post["categories"] = json!([]);
    post["tags"] = json!([]);
    post["genres"] = json!([]);
    post
}

pub fn content_id(id: i64) -> ContentId {
    ContentId::new(id).unwrap()
}

pub struct FakeSite {
    pub server: MockServer,
}

impl FakeSite {
    /// A site whose home page and index answer, and nothing else.
    pub async fn bare() -> Self {
        let site = Self { server: MockServer::start().await };
        site.on("GET", "/", html(200, "<meta name=\"generator\" content=\"WordPress 6.8.12\" />")).await;
        site.on("GET", "/wp-json/", ok(&recorded("index"))).await;
        site.on("GET", "/wp-json/igny8/v1/status", answer(404, &recorded("no_route"))).await;
        site.on("GET", "/wp-json/wp/v2/users/me", ok(&recorded("me_editor"))).await;
        site.on("GET", "/wp-json/wp/v2/types", ok(&recorded("types"))).await;
        site.on("GET", "/wp-json/wp/v2/taxonomies", ok(&recorded("taxonomies"))).await;
        site
    }

    /// One with the plugin, which knows [`KEY`].
    pub async fn with_plugin() -> Self {
        let site = Self::bare().await;
        let keyed = |request: &Request| request.headers.get("x-igny8-api-key").is_some_and(|key| key == KEY);
        let status = move |request: &Request| {
            if keyed(request) {
                ok(&recorded("status_keyed"))
            } else if request.headers.contains_key("x-igny8-api-key") {
                answer(401, &recorded("invalid_api_key"))
            } else {
                ok(&recorded("status"))
            }
        };
        Mock::given(method("GET"))
            .and(path("/wp-json/igny8/v1/status"))
            .respond_with(status)
            .with_priority(4)
            .mount(&site.server)
            .await;
        site
    }

    /// Answers a route; later ones come before earlier ones only with [`Self::instead`].
    pub async fn on(&self, verb: &str, route: &str, response: ResponseTemplate) {
        Mock::given(method(verb)).and(path(route)).respond_with(response).mount(&self.server).await;
    }

    /// Answers a route in place of what was set up before.
    pub async fn instead(&self, verb: &str, route: &str, response: ResponseTemplate) {
        Mock::given(method(verb))
            .and(path(route))
            .respond_with(response)
            .with_priority(2)
            .mount(&self.server)
            .await;
    }

    pub fn connection(&self) -> Connection {
        Connection {
            integration_id: None,
            site_id: SiteId::new(3).unwrap(),
            site_url: SiteUrl::parse("site_url", &self.server.uri()).unwrap(),
            credentials: Credentials { api_key: Some(KEY.into()), ..Credentials::default() },
            state: Value::Null,
        }
    }

    pub fn connection_with_password(&self) -> Connection {
        let mut connection = self.connection();
        connection.credentials.username = Some("maria".to_owned());
        connection.credentials.application_password = Some("abcd efgh ijkl mnop".into());
        connection
    }

    pub async fn test(&self, connection: &Connection) -> ConnectionReport {
        platform().test_connection(connection).await
    }

    pub async fn onboard(&self) -> ConnectionReport {
        let connection = self.connection();
        let challenge = OnboardingChallenge {
            site_id: connection.site_id,
            site_url: connection.site_url,
            api_key: KEY.into(),
            nonce: "abcdefghijklmnop".to_owned(),
        };
        platform().prove_and_test(&challenge).await
    }

    pub async fn session(&self) -> Arc<dyn PlatformSession> {
        platform().open(&self.connection()).await.unwrap()
    }

    pub async fn bare_session(&self) -> Arc<dyn PlatformSession> {
        platform().open(&self.connection_with_password()).await.unwrap()
    }

    pub async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap()
    }

    /// The requests of one route.
    pub async fn requests_to(&self, verb: &str, route: &str) -> Vec<Request> {
        let all = self.requests().await;
        all.into_iter().filter(|r| r.method.as_str() == verb && r.url.path() == route).collect()
    }

    /// Whether any request carried the key.
    pub async fn saw_the_key(&self) -> bool {
        self.requests().await.iter().any(|request| format!("{:?}", request.headers).contains(KEY))
    }
}

/// Scripted servers stamp their answers with the real time.
pub struct RealTime;

impl Clock for RealTime {
    #[expect(clippy::disallowed_methods, reason = "the servers of these tests know no other time")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now()
    }
}

pub fn platform() -> WordPressPlatform {
    WordPressPlatform::new(local_client(), Arc::new(RealTime))
}

/// The value of a query parameter.
pub fn parameter(request: &Request, name: &str) -> Option<String> {
    request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The JSON that was sent.
pub fn sent(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}
