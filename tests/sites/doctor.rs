//! `doctor` on a real WordPress, well and with each mistake in turn.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::limits::CACHE;
use crate::harness::{Finished, Person, Site, WordPress, igny8, small_site};

/// What it says of a site, in a folder that no service was ever started in.
fn doctor(site: &Site, more: &[&str]) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir()?;
    let mut command = igny8(&["doctor", &site.url, "--json"]);
    command
        .args(more)
        .env("IGNY8_DATA_DIR", folder.path().join("data"))
        .env("IGNY8_OUTBOUND_ALLOW", "127.0.0.1/32");
    let finished = Finished::of(&mut command)?;
    let said: Value = serde_json::from_str(&finished.stdout).with_context(|| format!("{finished:?}"))?;
    assert_eq!(finished.status, Some(i32::from(said["healthy"] == false)), "{finished:?}");
    assert!(!folder.path().join("data").exists(), "it makes nothing");
    Ok(said["site"].clone())
}

fn signed_in(site: &Site, user: &str, password: &str) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("password");
    std::fs::write(&file, format!("{password}\n"))?;
    let said = doctor(site, &["--username", user, "--application-password-file", shown(&file)?])?;
    assert!(!said.to_string().contains(password), "no password is shown: {said}");
    Ok(said)
}

fn shown(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("a path in UTF-8")
}

fn as_person(site: &Site, person: &Person) -> anyhow::Result<Value> {
    signed_in(site, &person.user, &person.application_password)
}

/// The check that failed last and its word.
fn ended(said: &Value) -> (&str, &str) {
    let last = said["checks"].as_array().and_then(|checks| checks.last());
    (
        last.and_then(|check| check["name"].as_str()).unwrap_or_default(),
        said["code"].as_str().unwrap_or_default(),
    )
}

fn codes(said: &Value) -> Vec<&str> {
    said["findings"].as_array().into_iter().flatten().filter_map(|finding| finding["code"].as_str()).collect()
}

fn without_plugin(site: &Site) -> anyhow::Result<()> {
    site.eval("deactivate_plugins( 'igny8-bridge/igny8-bridge.php' );").map(drop)
}

#[tokio::test]
async fn a_site_that_is_well_is_told_so_with_and_without_credentials() -> anyhow::Result<()> {
    let site = small_site().await?;
    let said = doctor(&site, &[])?;
    assert_eq!((&said["success"], ended(&said)), (&json!(true), ("plugin", "ok")), "{said}");
    assert_eq!(said["findings"], json!([]), "{said}");
    without_plugin(&site)?;
    let said = as_person(&site, &site.editor)?;
    assert_eq!((ended(&said), codes(&said)), (("permissions", "ok"), vec!["without_plugin"]), "{said}");
    Ok(())
}

/// Code that runs in every request to the API alone.
fn in_the_api(php: &str) -> String {
    format!(
        "if ( false !== strpos( $_SERVER['REQUEST_URI'] ?? '', 'wp-json' ) || isset( $_GET['rest_route'] ) ) {{ {php} }}"
    )
}

#[tokio::test]
async fn what_a_real_site_does_wrong_ends_the_test_with_its_word() -> anyhow::Result<()> {
    let site = small_site().await?;
    without_plugin(&site)?;
    let closed = "add_filter( 'rest_authentication_errors', function () {
        return new WP_Error( 'rest_disabled', 'The REST API is disabled.', array( 'status' => 403 ) ); }, 999 );";
    let update = "header( 'Retry-After: 600' );
        wp_die( 'Briefly unavailable for scheduled maintenance.', 'Maintenance', 503 );";
    let blocked = in_the_api(
        "http_response_code( 403 ); header( 'Content-Type: text/html' );
        echo '<title>Blocked by Wordfence</title>'; exit;",
    );
    let fatal = in_the_api("ini_set( 'display_errors', 1 ); igny8_no_such_function();");
    let log_in =
        in_the_api("header( 'Location: /wp-login.php?redirect_to=x' ); http_response_code( 302 ); exit;");
    let elsewhere =
        "header( 'Location: https://elsewhere.invalid/start/?session=1' ); http_response_code( 301 ); exit;";
    let asks = "header( 'WWW-Authenticate: Basic realm=\"staging\"' ); http_response_code( 401 ); exit;";
    let no_users = "add_filter( 'wp_is_application_passwords_available', '__return_false' );";
    for (php, at, code, evidence) in [
        (closed, "rest_api", "rest_disabled", "rest_disabled"),
        (update, "rest_api", "maintenance", "10 minutes"),
        (&*blocked, "rest_api", "firewall", "Wordfence answers /wp-json/ with status 403"),
        (&*fatal, "rest_api", "site_error", "status 500"),
        (&*log_in, "rest_api", "login_page", "log-in page"),
        (elsewhere, "http", "redirected", "https://elsewhere.invalid/start/"),
        (asks, "rest_api", "site_password", "/wp-json/"),
        (no_users, "authentication", "application_passwords_off", "no application passwords"),
    ] {
        site.must_use("mistake", php)?;
        let said = if at == "authentication" { as_person(&site, &site.editor)? } else { doctor(&site, &[])? };
        assert_eq!(ended(&said), (at, code), "{php}: {said}");
        let finding = &said["findings"][0];
        assert_eq!(finding["severity"], "error", "{said}");
        assert!(
            finding["evidence"].as_str().is_some_and(|seen| seen.contains(evidence)),
            "{evidence}: {said}"
        );
        assert!(!said.to_string().contains("session"), "{said}");
    }
    Ok(())
}

#[tokio::test]
async fn what_a_real_site_does_wrong_is_remarked_on() -> anyhow::Result<()> {
    let site = small_site().await?;
    let noise = in_the_api(
        "echo '<br /><b>Warning</b>: Undefined variable $x in <b>/srv/www/x.php</b> on line <b>3</b><br />';",
    );
    let no_users = "add_filter( 'rest_endpoints', function ( $routes ) {
        foreach ( array_keys( $routes ) as $route ) { if ( 0 === strpos( $route, '/wp/v2/users' ) ) { unset( $routes[ $route ] ); } }
        return $routes; } );";
    for (php, code, evidence) in [
        (&*noise, "php_noise", "Undefined variable"),
        (CACHE, "page_cache", "x-litespeed-cache: hit"),
        (no_users, "users_closed", "users/me"),
    ] {
        site.must_use("mistake", php)?;
        if code == "users_closed" {
            without_plugin(&site)?;
        }
        let said = as_person(&site, &site.editor)?;
        assert_eq!(said["success"], true, "{code}: {said}");
        let found = said["findings"].as_array().into_iter().flatten().find(|finding| finding["code"] == code);
        let seen = found
            .and_then(|finding| finding["evidence"].as_str())
            .with_context(|| format!("{code}: {said}"))?;
        assert!(seen.contains(evidence) && !seen.contains("/srv/"), "{seen}");
    }
    site.must_use("mistake", "")?;
    site.eval(
        "global $wp_rewrite; $wp_rewrite->set_permalink_structure( '' ); $wp_rewrite->flush_rules( true );",
    )?;
    let said = as_person(&site, &site.editor)?;
    assert_eq!(
        (ended(&said), codes(&said).last()),
        (("permissions", "ok"), Some(&"plain_permalinks")),
        "{said}"
    );
    Ok(())
}

#[tokio::test]
async fn a_user_that_may_too_little_is_told_how_much() -> anyhow::Result<()> {
    let site = small_site().await?;
    without_plugin(&site)?;
    let said = as_person(&site, &site.contributor)?;
    assert_eq!(ended(&said), ("permissions", "ok"), "{said}");
    assert!(codes(&said).contains(&"limited_user"), "{said}");
    let reader = site.eval(
        "$id = wp_insert_user( array( 'user_login' => 'reader', 'user_pass' => 'x', 'role' => 'subscriber' ) );
         return WP_Application_Passwords::create_new_application_password( $id, array( 'name' => 'x' ) )[0];",
    )?;
    let said = signed_in(&site, "reader", reader.as_str().context("a password")?)?;
    assert_eq!(said["code"], "missing_capability", "{said}");
    Ok(())
}

#[tokio::test]
async fn a_log_in_password_is_told_from_an_application_password() -> anyhow::Result<()> {
    let site = small_site().await?;
    without_plugin(&site)?;
    site.eval("wp_set_password( 'chosen-by-a-person', get_user_by( 'login', 'igny8_editor' )->ID );")?;
    let said = signed_in(&site, &site.editor.user, "chosen-by-a-person")?;
    assert_eq!(ended(&said), ("authentication", "login_password"), "{said}");
    let said = signed_in(&site, &site.editor.user, "abcd EFGH ijkl MN0P qrst UVWX")?;
    assert_eq!(ended(&said), ("authentication", "invalid_credentials"), "{said}");
    assert!(said["message"].as_str().is_some_and(|it| it.contains("XML-RPC refuses them as well")), "{said}");
    site.must_use("closed", "add_filter( 'xmlrpc_enabled', '__return_false' );")?;
    let said = signed_in(&site, &site.editor.user, "chosen-by-a-person")?;
    assert_eq!(ended(&said), ("authentication", "invalid_credentials"), "{said}");
    assert!(said["message"].as_str().is_some_and(|it| it.contains("is closed")), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_stripped_header_is_told_with_and_without_the_plugin() -> anyhow::Result<()> {
    let mut host = WordPress::up(&["--sites", "1", "--posts", "1", "--strip-authorization"])?;
    let site = host.take()?;
    site.eval(
        "update_option( Igny8_Bridge_Options::API_KEY, 'a-key-of-this-test' );
         update_option( Igny8_Bridge_Options::USER, get_user_by( 'login', 'igny8_editor' )->ID );",
    )?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("key");
    std::fs::write(&file, "a-key-of-this-test")?;
    let said = doctor(&site, &["--api-key-file", shown(&file)?])?;
    assert_eq!(
        (ended(&said), codes(&said)),
        (("permissions", "ok"), vec!["authorization_header_lost"]),
        "{said}"
    );
    std::fs::write(&file, "another-key")?;
    let said = doctor(&site, &["--api-key-file", shown(&file)?])?;
    assert_eq!(ended(&said), ("authentication", "invalid_api_key"), "{said}");
    without_plugin(&site)?;
    let said = as_person(&site, &site.editor)?;
    assert_eq!(ended(&said), ("authentication", "authorization_stripped"), "{said}");
    Ok(())
}
