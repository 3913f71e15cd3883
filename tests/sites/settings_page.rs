//! The plugin's settings page in a real browser: by keyboard alone, and on a phone.

use anyhow::ensure;
use serde_json::json;

use super::Connected;
use crate::harness::{Backend, Chromium, ENTER, Person, SPACE, Service, Site, TAB, small_site};

const PAGE: &str = "/wp-admin/options-general.php?page=igny8-bridge";

#[tokio::test]
async fn a_site_is_connected_by_keyboard_alone() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let site = small_site().await?;
    let tenant = service.bootstrap("acme", &site.url)?;
    let browser = signed_in(&site, &site.admin).await?;

    into_the_form(&browser, &site).await?;
    let id = tenant.site_id.to_string();
    let fields = [
        ("igny8_bridge_service_url", service.origin()),
        ("igny8_bridge_site_id", &id),
        ("igny8_bridge_api_key", &tenant.api_key),
        ("igny8_bridge_user", "igny8_editor"),
        ("igny8_bridge_connection_enabled", ""),
        ("igny8_bridge_two_way_sync_enabled", SPACE),
    ];
    for (field, typed) in fields {
        ensure!(focus(&browser).await? == field, "{field} comes next, not {}", focus(&browser).await?);
        browser.keys(typed).await?;
        browser.keys(TAB).await?;
    }
    assert_eq!(focus(&browser).await?, "submit");
    browser.keys(ENTER).await?;
    browser.until("document.querySelector('#setting-error-settings_updated')").await?;
    assert_eq!(site.eval("return get_option( 'igny8_bridge_two_way_sync_enabled' );")?, json!("0"));

    into_the_form(&browser, &site).await?;
    for _ in 0..7 {
        browser.keys(TAB).await?;
    }
    assert_eq!(focus(&browser).await?, "connect");
    browser.keys(ENTER).await?;
    // What came of it is where the focus is, so that it is read out and the page is scrolled to it.
    browser.until("document.activeElement.id === 'igny8-bridge-report'").await?;
    let report = browser.script("return document.activeElement.innerText;").await?;
    ensure!(report.as_str().is_some_and(|text| text.starts_with("Connected.")), "{report}");
    assert_eq!(tenant.owner.get("integrations/").await?.expect(200)?["count"], 1);
    Ok(())
}

#[tokio::test]
async fn on_a_phone_nothing_of_the_settings_page_lies_beside_the_screen() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    let browser = signed_in(&connected.site, &connected.site.admin).await?;
    browser.resize(375).await?;
    browser.go(&format!("{}{PAGE}", connected.site.url)).await?;
    assert_eq!(
        browser.script("return [innerWidth, document.documentElement.scrollWidth];").await?,
        json!([375, 375])
    );
    let beside = browser
        .script(
            "return [...document.querySelectorAll('.wrap *')]
               .filter(part => !part.closest('.screen-reader-text'))
               .filter(part => part.getClientRects().length && part.type !== 'hidden')
               .filter(part => part.getBoundingClientRect().left < 0 || part.getBoundingClientRect().right > innerWidth
                               || part.matches('.widefat td') && part.scrollWidth > part.clientWidth)
               .map(part => part.outerHTML.slice(0, 120));",
        )
        .await?;
    assert_eq!(beside, json!([]));
    let small = browser
        .script(
            "return [...document.querySelectorAll('.wrap input:not([type=hidden]), .wrap select')]
               .filter(part => Math.min(part.getBoundingClientRect().width, part.getBoundingClientRect().height) < 24)
               .map(part => part.id);",
        )
        .await?;
    assert_eq!(small, json!([]), "too small for a thumb");
    Ok(())
}

async fn signed_in(site: &Site, person: &Person) -> anyhow::Result<Chromium> {
    let browser = Chromium::open().await?;
    browser.go(&format!("{}/wp-login.php", site.url)).await?;
    browser.until("document.activeElement.id === 'user_login'").await?;
    browser.keys(&format!("{}{TAB}{}{ENTER}", person.user, person.password)).await?;
    browser.until("document.body.classList.contains('wp-admin')").await?;
    Ok(browser)
}

/// Opens the page and goes past WordPress's menu, by the link that WordPress has for that.
async fn into_the_form(browser: &Chromium, site: &Site) -> anyhow::Result<()> {
    browser.go(&format!("{}{PAGE}", site.url)).await?;
    browser.keys(TAB).await?;
    ensure!(
        browser.script("return document.activeElement.hash;").await? == "#wpbody-content",
        "the skip link"
    );
    browser.keys(ENTER).await?;
    browser.keys(TAB).await
}

/// The name of what the keyboard would act on.
async fn focus(browser: &Chromium) -> anyhow::Result<String> {
    let name = browser.script("return document.activeElement.name || document.activeElement.id;").await?;
    Ok(name.as_str().unwrap_or_default().to_owned())
}
