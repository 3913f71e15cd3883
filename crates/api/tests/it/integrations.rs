//! Integrations over the wire.

use rstest::rstest;
use serde_json::{Value, json};

use crate::client::Request;
use crate::world::{Tenant, World, wordpress};

#[tokio::test(flavor = "multi_thread")]
async fn an_integration_is_shown_as_the_contract_has_it() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let made = world.send(&tenant.owner, "POST", "integrations/", &wordpress(&tenant)).await?;
    assert_eq!(made.status, 201);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    assert_eq!(made.header("location"), Some("http://api.example/api/v1/integration/integrations/1/"));
    let expected = json!({
        "id": 1, "site_id": 1, "site_name": "acme's site", "platform": "wordpress",
        "config_json": {"site_url": "https://acme.example", "content_types": null},
        "api_key": "the-plugins-own-key", "username": "maria@shop.example", "has_application_password": false,
        "is_active": true, "sync_enabled": true, "conflict_policy": "ask", "sync_status": "never",
        "sync_error": null, "last_sync_at": null,
        "created_at": "2026-01-01T12:00:00Z", "updated_at": "2026-01-01T12:00:00Z",
    });
    assert_eq!(made.json(), expected);
    let shown = world.get(&tenant.owner, "integrations/1/").await?;
    assert_eq!((shown.json(), shown.header("etag")), (expected, made.header("etag")));
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_only_the_end_of_a_key() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    world.integration(&tenant).await?;
    let list = world.get(&tenant.owner, "integrations/").await?;
    assert_eq!(list.member("/results/0/api_key"), "…-key");
    assert!(!String::from_utf8(list.body.clone())?.contains("the-plugins"));
    let envelope = (list.member("/count"), list.member("/next"), list.member("/previous"));
    assert_eq!(envelope, (json!(1), Value::Null, Value::Null));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_new_one_is_named_at_once() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let body = json!({
        "site_id": "1", "platform": "drupal", "config_json": {"site_url": "ftp://x"}, "is_active": 1,
        "credentials_json": {"username": "a\u{0}b"}, "conflict_policy": "mine",
    });
    let refused = world.send(&tenant.owner, "POST", "integrations/", &body).await?;
    let mut errors = refused.errors();
    errors.sort();
    assert_eq!(
        errors,
        [
            "config_json.site_url: invalid_url",
            "conflict_policy: invalid_choice",
            "credentials_json.username: null_characters_not_allowed",
            "is_active: invalid",
            "platform: invalid_choice",
            "site_id: invalid",
        ]
    );
    let without_key = json!({"site_id": tenant.site.get(), "platform": "wordpress"});
    let refused = world.send(&tenant.owner, "POST", "integrations/", &without_key).await?;
    assert_eq!(refused.errors(), ["credentials_json.api_key: required"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_not_the_callers_is_not_there_and_a_second_integration_is_a_conflict()
-> anyhow::Result<()> {
    let world = World::start()?;
    let (acme, zenith) = (world.tenant("acme").await?, world.tenant("zenith").await?);
    let refused = world.send(&acme.owner, "POST", "integrations/", &wordpress(&zenith)).await?;
    assert_eq!(refused.problem(), (404, "not_found".into()));
    world.integration(&acme).await?;
    let refused = world.send(&acme.owner, "POST", "integrations/", &wordpress(&acme)).await?;
    assert_eq!(refused.problem(), (409, "already_exists".into()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_merges_and_null_removes() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let target = format!("integrations/{}/", world.integration(&tenant).await?);
    let patch = async |body: Value| world.send(&tenant.owner, "PATCH", &target, &body).await;
    let moved = patch(json!({"config_json": {"site_url": "https://new.example/wp-admin/"}})).await?;
    assert_eq!(moved.member("/config_json/site_url"), "https://new.example");
    assert_eq!(moved.member("/username"), "maria@shop.example");
    let removed =
        patch(json!({"credentials_json": {"username": null}, "config_json": {"site_url": null}})).await?;
    assert_eq!(
        (removed.member("/username"), removed.member("/api_key")),
        (Value::Null, "the-plugins-own-key".into())
    );
    assert_eq!(removed.member("/config_json/site_url"), "https://acme.example");
    let refused =
        patch(json!({"credentials_json": {"api_key": null}, "site_id": 77, "is_active": null})).await?;
    assert_eq!(refused.errors(), ["is_active: null"]);
    let refused = patch(json!({"credentials_json": {"api_key": null}, "site_id": 77})).await?;
    assert_eq!(refused.errors(), ["site_id: unchangeable", "credentials_json.api_key: required"]);
    Ok(())
}

#[rstest]
#[case::current("\"{now}\"", 200)]
#[case::any("*", 200)]
#[case::among_others("\"97\", \"{now}\"", 200)]
#[case::stale("\"97\"", 412)]
#[case::several_stale("\"97\", \"98\"", 412)]
#[case::weak("W/\"{now}\"", 412)]
#[case::bare("{now}", 412)]
#[tokio::test(flavor = "multi_thread")]
async fn a_change_holds_only_at_the_version_that_was_named(
    #[case] header: &str,
    #[case] status: u16,
) -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let target = format!("integrations/{}/", world.integration(&tenant).await?);
    let tag = world.get(&tenant.owner, &target).await?.header("etag").unwrap_or_default().to_owned();
    let header = header.replace("{now}", tag.trim_matches('"'));
    for method in ["PATCH", "PUT", "DELETE"] {
        let current = world.get(&tenant.owner, &target).await?.header("etag").unwrap_or_default().to_owned();
        let header = header.replace(tag.trim_matches('"'), current.trim_matches('"'));
        let request =
            Request::new(method, &target).header("authorization", &format!("Bearer {}", tenant.owner));
        let response = world.ask(request.header("if-match", &header).json(&wordpress(&tenant))).await?;
        let expected = if status == 200 && method == "DELETE" { 204 } else { status };
        assert_eq!(response.status, expected, "{method}");
        if response.status == 200 {
            assert_ne!(response.header("etag"), Some(current.as_str()), "{method}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_ordered_and_paged() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    for platform in ["wordpress", "shopify", "custom"] {
        let body = json!({"site_id": tenant.site.get(), "platform": platform, "credentials_json": {"api_key": "12345678"}});
        assert_eq!(world.send(&tenant.owner, "POST", "integrations/", &body).await?.status, 201);
        world.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let platforms = async |query: &str| -> anyhow::Result<Vec<Value>> {
        let list = world.get(&tenant.owner, &format!("integrations/?{query}")).await?;
        let results = list.member("/results");
        Ok(results.as_array().into_iter().flatten().map(|row| row["platform"].clone()).collect())
    };
    assert_eq!(platforms("ordering=-created_at").await?, ["custom", "shopify", "wordpress"]);
    assert_eq!(platforms("platform=shopify").await?, ["shopify"]);
    assert_eq!(platforms("search=ACME.exa").await?.len(), 3);
    assert_eq!(platforms("search=%25").await?.len(), 0);
    assert_eq!(platforms("is_active=false").await?.len(), 0);
    let first = world.get(&tenant.owner, "integrations/?ordering=-id&page_size=2").await?;
    let next = first.member("/next");
    assert_eq!(next, "http://api.example/api/v1/integration/integrations/?ordering=-id&page_size=2&page=2");
    let target = next.as_str().unwrap_or_default().trim_start_matches("http://api.example").to_owned();
    let second = world.get(&tenant.owner, &target).await?;
    assert_eq!(
        (second.member("/results/0/platform"), second.member("/count")),
        (json!("wordpress"), json!(3))
    );
    assert_eq!(world.get(&tenant.owner, "integrations/?page=3&page_size=2").await?.problem().0, 404);
    Ok(())
}

#[rstest]
#[case("page=0", "page: invalid")]
#[case("page_size=101", "page_size: invalid")]
#[case("ordering=-nope", "ordering: invalid_choice")]
#[case("ordering=--id", "ordering: invalid_choice")]
#[case("site_id=0x1", "site_id: invalid")]
#[case("site_id=9223372036854775808", "site_id: invalid")]
#[case("platform=Wordpress", "platform: invalid_choice")]
#[case("is_active=maybe", "is_active: invalid")]
#[case("sync_status=", "sync_status: invalid_choice")]
#[case("search=%00", "search: null_characters_not_allowed")]
#[tokio::test(flavor = "multi_thread")]
async fn a_known_parameter_of_the_wrong_kind_is_named(
    #[case] query: &str,
    #[case] error: &str,
) -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let response = world.get(&tenant.owner, &format!("integrations/?{query}")).await?;
    assert_eq!(response.errors(), [error]);
    Ok(())
}

#[rstest]
#[case("9223372036854775808")]
#[case("0x1")]
#[case("0")]
#[case("-1")]
#[case("1.0")]
#[case("%00")]
#[case("%ff")]
#[case("9007199254740992")]
#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_can_be_none_is_refused_before_it_is_looked_up(#[case] id: &str) -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let response = world.get(&tenant.owner, &format!("integrations/{id}/")).await?;
    assert_eq!(response.errors(), ["id: invalid"]);
    assert_eq!(world.get(&tenant.owner, "integrations/9007199254740991/").await?.problem().0, 404);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_cannot_be_opened_break_no_list_and_can_be_healed() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let id = world.integration(&tenant).await?;
    world.cipher.rotate();
    world.cipher.forget_older_keys();
    let list = world.get(&tenant.owner, "integrations/").await?;
    assert_eq!(list.member("/results/0/sync_error/code"), "credentials_unreadable");
    assert_eq!(list.member("/results/0/api_key"), Value::Null);
    let shown = world.get(&tenant.owner, &format!("integrations/{id}/")).await?;
    assert_eq!((shown.status, shown.member("/sync_error/code")), (200, json!("credentials_unreadable")));
    let healed = heal(&world, &tenant, id).await?;
    assert_eq!(
        (healed.member("/sync_error"), healed.member("/api_key")),
        (Value::Null, json!("another-key"))
    );
    Ok(())
}

async fn heal(world: &World, tenant: &Tenant, id: i64) -> anyhow::Result<crate::client::Response> {
    let body = json!({"credentials_json": {"api_key": "another-key"}});
    world.send(&tenant.owner, "PATCH", &format!("integrations/{id}/"), &body).await
}
