//! Who is let in.

use std::time::Duration;

use igny8_integration_api::{BASE_PATH, openapi};
use igny8_integration_domain::account::Role;
use igny8_integration_domain::service::account::UserChange;
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::Request;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_the_challenge_is_bare_and_with_bad_ones_it_says_so() -> anyhow::Result<()> {
    let world = World::start()?;
    let response = world.ask(Request::new("GET", "integrations/")).await?;
    assert_eq!(response.problem(), (401, "not_authenticated".into()));
    assert_eq!(response.header("www-authenticate"), Some("Bearer"));
    for (header, value) in [
        ("authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln"),
        ("authorization", "Bearer no-such-key"),
        ("authorization", "Bearer"),
        ("x-igny8-api-key", "no-such-key"),
    ] {
        let response = world.ask(Request::new("GET", "integrations/").header(header, value)).await?;
        assert_eq!(response.problem(), (401, "not_authenticated".into()), "{value}");
        assert_eq!(response.header("www-authenticate"), Some("Bearer error=\"invalid_token\""), "{value}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_switched_off_is_out_within_five_seconds() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let (token, user) = world.person(tenant.account, Role::Admin).await?;
    assert_eq!(world.get(&token, "integrations/").await?.status, 200);
    world.accounts.set_user(user, UserChange { is_active: Some(false), role: None }).await?;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    loop {
        let response = world.get(&token, "integrations/").await?;
        if response.status == 403 {
            assert_eq!(response.problem(), (403, "inactive".into()));
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "still let in");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    world.accounts.set_user(user, UserChange { is_active: Some(true), role: None }).await?;
    assert_eq!(world.get(&token, "integrations/").await?.status, 200);
    Ok(())
}

#[rstest]
#[case::bearer("authorization", "Bearer ")]
#[case::own_header("x-igny8-api-key", "")]
#[tokio::test(flavor = "multi_thread")]
async fn a_sites_key_reaches_what_is_for_plugins_and_nothing_else(
    #[case] header: &str,
    #[case] scheme: &str,
) -> anyhow::Result<()> {
    let world = World::start()?;
    let (acme, zenith) = (world.tenant("acme").await?, world.tenant("zenith").await?);
    let (own, foreign) = (world.integration(&acme).await?, world.integration(&zenith).await?);
    let ask = async |method: &str, target: String| {
        let request = Request::new(method, &target).header(header, &format!("{scheme}{}", acme.key));
        world.ask(request).await
    };
    for target in ["sync_status/", ""] {
        let answer = ask("GET", format!("integrations/{foreign}/{target}")).await?;
        assert_eq!(answer.problem(), (404, "not_found".to_owned()), "{target}");
    }
    let mut reached = 0;
    for (method, path, security) in operations()? {
        let anybody = security.iter().any(|scheme| scheme == "{}");
        if anybody || path.contains("content/{id}") {
            continue;
        }
        let target = path.replace("{id}", &own.to_string()).replace("{run_id}", "1");
        let answer = ask(&method, target).await?;
        let refused = answer.status == 403 && answer.problem().1 == "not_for_this_caller";
        let for_plugin = security.iter().any(|scheme| scheme.contains("site_key"));
        assert_eq!(refused, !for_plugin, "{method} {path}: {}", answer.json());
        reached += usize::from(for_plugin);
    }
    assert_eq!(reached, 5);
    Ok(())
}

/// Each operation of the document below the base path, with who may call it.
fn operations() -> anyhow::Result<Vec<(String, String, Vec<String>)>> {
    let document: Value = serde_json::from_str(openapi()?)?;
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        let Some(path) = path.strip_prefix(BASE_PATH) else { continue };
        for (method, operation) in item.as_object().into_iter().flatten() {
            let security = operation["security"].as_array().into_iter().flatten().map(Value::to_string);
            found.push((method.to_uppercase(), path.to_owned(), security.collect()));
        }
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_reads_runs_and_history_and_changes_nothing() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let id = world.integration(&tenant).await?;
    let viewer = world.member(&tenant, Role::Viewer).await?;
    for target in ["sync_status", "runs", "events"] {
        assert_eq!(
            world.get(&viewer, &format!("integrations/{id}/{target}/")).await?.status,
            200,
            "{target}"
        );
    }
    for (method, target) in [
        ("GET", "integrations/".to_owned()),
        ("GET", format!("integrations/{id}/")),
        ("DELETE", format!("integrations/{id}/")),
        ("POST", format!("integrations/{id}/sync/")),
        ("POST", format!("integrations/{id}/retry_failed/")),
        ("POST", format!("integrations/{id}/test_connection/")),
        ("POST", format!("integrations/{id}/sync_wordpress_content/")),
    ] {
        let response = world.send(&viewer, method, &target, &json!({})).await?;
        assert_eq!(response.problem(), (403, "insufficient_role".into()), "{method} {target}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_editor_is_no_member_of_is_not_there() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let id = world.integration(&tenant).await?;
    let (stranger, _) = world.person(tenant.account, Role::Editor).await?;
    let response = world.get(&stranger, &format!("integrations/{id}/")).await?;
    assert_eq!(response.problem(), (404, "not_found".into()));
    let none = world.get(&stranger, &format!("integrations/{}/", id + 1000)).await?;
    let without_id = |mut body: Value| {
        body.as_object_mut().map(|members| members.remove("request_id"));
        body
    };
    assert_eq!(without_id(response.json()), without_id(none.json()));
    assert_eq!(world.get(&stranger, "integrations/").await?.member("/count"), 0);
    Ok(())
}
