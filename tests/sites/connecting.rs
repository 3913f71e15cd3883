use anyhow::ensure;
use serde_json::json;

use super::Connected;
use crate::harness::{Backend, Browser, Service, nonce, small_site};

#[tokio::test]
async fn the_connect_button_of_the_settings_page_makes_the_integration() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let site = small_site().await?;
    let tenant = service.bootstrap("acme", &site.url)?;
    let editor = site.eval("return get_user_by( 'login', 'igny8_editor' )->ID;")?.to_string();
    let page = "/wp-admin/options-general.php?page=igny8-bridge";

    let mut browser = Browser::signed_in(&site, &site.admin).await?;
    let html = browser.get(page).await?.text;
    let form = [
        ("option_page", "igny8_bridge"),
        ("action", "update"),
        ("_wpnonce", &nonce(&html, "options.php")?),
        ("igny8_bridge_service_url", service.origin()),
        ("igny8_bridge_site_id", &tenant.site_id.to_string()),
        ("igny8_bridge_api_key", &tenant.api_key),
        ("igny8_bridge_user", &editor),
        ("igny8_bridge_connection_enabled", "1"),
        ("igny8_bridge_two_way_sync_enabled", "1"),
    ];
    browser.submit("/wp-admin/options.php", &form).await?.expect(302)?;
    let html = browser.get(page).await?.text;
    let form = [("action", "igny8_bridge_connect"), ("_wpnonce", &nonce(&html, "admin-post.php")?)];
    browser.submit("/wp-admin/admin-post.php", &form).await?.expect(302)?;

    let html = browser.get(page).await?.text;
    let list = tenant.owner.get("integrations/").await?;
    ensure!(list.expect(200)?["count"] == 1, "{html}");
    let id = &list.body["results"][0]["id"];
    let detail = tenant.owner.get(&format!("integrations/{id}/")).await?;
    assert_eq!(detail.expect(200)?["api_key"], tenant.api_key);
    assert_eq!(detail.body["is_active"], true);
    assert_eq!(detail.body["config_json"]["site_url"], site.url);
    let kept = site.eval("return (int) get_option( Igny8_Bridge_Options::INTEGRATION_ID );")?;
    assert_eq!(&kept, id);
    Ok(())
}

#[tokio::test]
async fn connecting_again_finds_the_same_integration() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    let again = connected.site.connect(connected.service.origin(), &connected.tenant)?;
    assert_eq!(again, connected.integration);
    Ok(())
}

#[tokio::test]
async fn a_wrong_key_and_an_unknown_site_answer_alike_and_leave_nothing() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let site = small_site().await?;
    let tenant = service.bootstrap("acme", &site.url)?;
    let ask =
        |site_id: i64| json!({ "site_id": site_id, "api_key": "no-such-key-0123", "site_url": site.url });
    let path = "integrations/test-connection/";
    let wrong = service.anonymous()?.post(path, &ask(tenant.site_id)).await?;
    let unknown = service.anonymous()?.post(path, &ask(987_654)).await?;
    assert_eq!(
        wrong.problem(403, "api_key_mismatch")?["detail"],
        unknown.problem(403, "api_key_mismatch")?["detail"]
    );
    assert_eq!(tenant.owner.get("integrations/").await?.expect(200)?["count"], 0);
    Ok(())
}

#[tokio::test]
async fn a_site_that_does_not_hold_the_key_is_not_connected() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let site = small_site().await?;
    let tenant = service.bootstrap("acme", &site.url)?;
    site.set_up_plugin(service.origin(), &tenant)?;
    site.eval("update_option( Igny8_Bridge_Options::API_KEY, 'another-key-0123456789' );")?;
    let ask = json!({ "site_id": tenant.site_id, "api_key": tenant.api_key, "site_url": site.url });
    let answer = service.anonymous()?.post("integrations/test-connection/", &ask).await?;
    answer.expect(400)?;
    assert_eq!((&answer.body["code"], &answer.body["success"]), (&json!("connection_failed"), &json!(false)));
    assert_eq!(tenant.owner.get("integrations/").await?.expect(200)?["count"], 0);
    Ok(())
}

#[tokio::test]
async fn a_staging_copy_with_the_same_key_does_not_take_the_integration_over() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    let copy = small_site().await?;
    copy.set_up_plugin(connected.service.origin(), &connected.tenant)?;
    let report = copy.eval("return Igny8_Bridge_Onboarding::connect();")?;
    assert_eq!(report["outcome"], "site_moved", "{report}");
    let detail = connected.owner()?.get(&format!("integrations/{}/", connected.integration)).await?;
    assert_eq!(detail.expect(200)?["config_json"]["site_url"], connected.site.url);
    Ok(())
}
