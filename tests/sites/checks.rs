//! `test_connection`: what each kind of trouble is called.

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::Connected;
use crate::harness::{Backend, DeadPort, Service};

/// Tests a connection to an address that no site of ours answers at; gives the check that failed.
async fn failing_check(site_url: &str) -> anyhow::Result<Value> {
    let service = Service::on(Backend::Sqlite).env("IGNY8_OUTBOUND_HTTP", "allow").start().await?;
    let tenant = service.bootstrap("acme", site_url)?;
    let body = json!({
        "site_id": tenant.site_id, "platform": "wordpress", "credentials_json": { "api_key": "wp-key-0123456789" },
    });
    let id = tenant.owner.post("integrations/", &body).await?.expect(201)?["id"].clone();
    let tested = tenant.owner.post(&format!("integrations/{id}/test_connection/"), &json!({})).await?;
    assert_eq!(tested.expect(200)?["success"], false, "{}", tested.text);
    let status = tenant.owner.get(&format!("integrations/{id}/sync_status/")).await?;
    assert_eq!(status.expect(200)?["sync_status"], "failed");
    assert_eq!(status.body["sync_error"]["code"], tested.body["code"]);
    Ok(last_check(&tested.body))
}

fn last_check(tested: &Value) -> Value {
    tested["checks"].as_array().and_then(|checks| checks.last()).cloned().unwrap_or(Value::Null)
}

#[tokio::test]
async fn a_good_connection_passes_every_check_in_order() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    let path = format!("integrations/{}/test_connection/", connected.integration);
    let tested = connected.owner()?.post(&path, &json!({})).await?;
    assert_eq!(tested.expect(200)?["success"], true, "{}", tested.text);
    let names: Vec<_> =
        tested.body["checks"].as_array().into_iter().flatten().map(|check| &check["name"]).collect();
    let expected =
        ["url", "dns", "tcp", "tls", "http", "rest_api", "plugin", "authentication", "permissions"];
    assert_eq!(names, expected, "{}", tested.text);
    assert!(tested.body["plugin_version"].is_string());
    Ok(())
}

#[tokio::test]
async fn a_wrong_key_fails_at_authentication() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    let path = format!("integrations/{}/", connected.integration);
    let wrong = json!({ "credentials_json": { "api_key": "not-the-sites-key-0" } });
    connected.owner()?.patch(&path, &wrong).await?.expect(200)?;
    let tested = connected.owner()?.post(&format!("{path}test_connection/"), &json!({})).await?;
    assert_eq!(tested.expect(200)?["success"], false);
    assert_eq!(last_check(&tested.body)["name"], "authentication", "{}", tested.text);
    Ok(())
}

#[tokio::test]
async fn a_site_without_the_plugin_will_do_with_an_application_password() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.site.eval("deactivate_plugins( 'igny8-bridge/igny8-bridge.php' );")?;
    let path = format!("integrations/{}/", connected.integration);
    let tested = connected.owner()?.post(&format!("{path}test_connection/"), &json!({})).await?;
    assert_eq!(tested.expect(200)?["success"], false, "{}", tested.text);
    assert_eq!(last_check(&tested.body)["name"], "plugin", "{}", tested.text);

    let editor = &connected.site.editor;
    let password = json!({ "credentials_json": {
        "username": editor.user, "application_password": editor.application_password,
    } });
    connected.owner()?.patch(&path, &password).await?.expect(200)?;
    let tested = connected.owner()?.post(&format!("{path}test_connection/"), &json!({})).await?;
    assert_eq!(tested.expect(200)?["success"], true, "{}", tested.text);
    assert_ne!(tested.body["limitations"], json!([]), "{}", tested.text);
    Ok(())
}

#[tokio::test]
async fn a_dead_port_fails_at_tcp() -> anyhow::Result<()> {
    let dead = DeadPort::hold()?;
    assert_eq!(failing_check(&format!("http://{}", dead.address)).await?["name"], "tcp");
    Ok(())
}

#[tokio::test]
async fn a_name_that_does_not_resolve_fails_at_dns() -> anyhow::Result<()> {
    assert_eq!(failing_check("http://no-such-site.invalid").await?["name"], "dns");
    Ok(())
}

#[tokio::test]
async fn a_page_that_is_no_wordpress_fails_at_the_rest_api() -> anyhow::Result<()> {
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(200).set_body_raw("<html><body>Hello</body></html>", "text/html");
    Mock::given(any()).respond_with(page).mount(&server).await;
    assert_eq!(failing_check(&server.uri()).await?["name"], "rest_api");
    Ok(())
}

#[tokio::test]
async fn a_private_address_that_was_not_opened_is_never_called() -> anyhow::Result<()> {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).expect(0).mount(&server).await;
    let service = Service::on(Backend::Sqlite).env("IGNY8_OUTBOUND_ALLOW", "").start().await?;
    let tenant = service.bootstrap("acme", &server.uri())?;
    let body = json!({
        "site_id": tenant.site_id, "platform": "wordpress", "credentials_json": { "api_key": "wp-key-0123456789" },
    });
    let id = tenant.owner.post("integrations/", &body).await?.expect(201)?["id"].clone();
    let tested = tenant.owner.post(&format!("integrations/{id}/test_connection/"), &json!({})).await?;
    assert_eq!(tested.expect(200)?["success"], false);
    server.verify().await;
    Ok(())
}

#[tokio::test]
async fn the_services_own_address_is_never_called() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", service.origin())?;
    let body = json!({
        "site_id": tenant.site_id, "platform": "wordpress", "credentials_json": { "api_key": "wp-key-0123456789" },
    });
    let id = tenant.owner.post("integrations/", &body).await?.expect(201)?["id"].clone();
    let tested = tenant.owner.post(&format!("integrations/{id}/test_connection/"), &json!({})).await?;
    assert_eq!(tested.expect(200)?["success"], false);
    assert_eq!(last_check(&tested.body)["name"], "url", "{}", tested.text);
    Ok(())
}
