use rstest::rstest;
use serde_json::{Value, json};

use super::{integration, made};
use crate::harness::{Answer, Backend, Service, Tenant};

/// A push as the plugin makes it.
fn pushed(timestamp: &str) -> Value {
    json!({
        "post_types": { "post": { "label": "Posts", "count": 12 }, "page": { "label": "Pages", "count": 3 } },
        "taxonomies": { "category": { "label": "Categories", "count": 4 } },
        "plugin": { "version": "1.2.3", "connection_enabled": true, "two_way_sync_enabled": true, "signs_webhooks": false },
        "timestamp": timestamp,
    })
}

async fn connected(service: &Service) -> anyhow::Result<(Tenant, String)> {
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let path = format!("integrations/{}/", made(&tenant).await?.body["id"]);
    Ok((tenant, path))
}

async fn push(tenant: &Tenant, path: &str, body: &Value) -> anyhow::Result<Answer> {
    tenant.plugin.post(&format!("{path}update_site_structure/"), body).await
}

#[rstest]
#[tokio::test]
async fn a_push_is_stored_and_a_persons_choices_survive_the_next(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let (tenant, path) = connected(&service).await?;
    let types = format!("{path}get_content_types/");
    assert_eq!(tenant.owner.get(&types).await?.expect(200)?["post_types"], json!({}));

    let stored = push(&tenant, &path, &pushed("2026-03-04T10:00:00Z")).await?;
    assert_eq!(stored.expect(200)?["stored"], true, "{}", stored.text);
    let choice = json!({ "post_types": { "page": { "enabled": false, "fetch_limit": 500 } } });
    let chosen = tenant.owner.patch(&types, &choice).await?;
    assert_eq!(chosen.expect(200)?["post_types"]["page"]["enabled"], false, "{}", chosen.text);

    let again = push(&tenant, &path, &pushed("2026-03-04T11:00:00Z")).await?;
    again.expect(200)?;
    let shown = tenant.owner.get(&types).await?;
    let none = json!({ "synced": 0, "pending": 0, "conflicts": 0, "failed": 0 });
    let expected = json!({
        "post_types": {
            "page": { "label": "Pages", "count": 3, "enabled": false, "fetch_limit": 500,
                "counts": none, "last_fetched_at": null },
            "post": { "label": "Posts", "count": 12, "enabled": true, "fetch_limit": null,
                "counts": none, "last_fetched_at": null },
        },
        "taxonomies": { "category": { "label": "Categories", "count": 4, "enabled": true } },
        "plugin": pushed("")["plugin"],
        "timestamp": "2026-03-04T11:00:00Z",
    });
    assert_eq!(shown.expect(200)?, &expected);
    let detail = tenant.owner.get(&path).await?;
    let stored = &detail.expect(200)?["config_json"]["content_types"];
    assert_eq!(
        stored["post_types"]["page"],
        json!({ "label": "Pages", "count": 3, "enabled": false, "fetch_limit": 500 })
    );

    let back = json!({ "post_types": { "page": { "fetch_limit": null } }, "taxonomies": { "category": { "enabled": false } } });
    let back = tenant.owner.patch(&types, &back).await?;
    assert_eq!(back.expect(200)?["post_types"]["page"]["fetch_limit"], Value::Null);
    assert_eq!(back.body["post_types"]["page"]["enabled"], false, "what is not named stays");
    assert_eq!(back.body["taxonomies"]["category"]["enabled"], false);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn a_push_that_was_overtaken_changes_nothing_and_says_so(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let (tenant, path) = connected(&service).await?;
    push(&tenant, &path, &pushed("2026-03-04T11:00:00Z")).await?.expect(200)?;
    let mut late = pushed("2026-03-04T10:59:59Z");
    late["post_types"] = json!({ "book": { "label": "Books", "count": 1 } });
    let answer = push(&tenant, &path, &late).await?;
    assert_eq!(answer.expect(200)?["stored"], false);
    assert!(answer.body["reason"].is_string(), "{}", answer.text);
    let shown = tenant.owner.get(&format!("{path}get_content_types/")).await?;
    assert!(shown.expect(200)?["post_types"].get("book").is_none(), "{}", shown.text);
    Ok(())
}

#[tokio::test]
async fn what_php_sends_for_what_it_means_is_understood() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let (tenant, path) = connected(&service).await?;
    let body = json!({
        "post_types": { "post": { "label": "Posts", "count": "12", "enabled": null, "fetch_limit": false, "x": 1 } },
        "taxonomies": [],
        "plugin": { "version": "1.0", "connection_enabled": 1, "two_way_sync_enabled": "", "signs_webhooks": "1" },
        "timestamp": "2026-03-04 10:11:12",
        "more": { "of": "any kind" },
    });
    push(&tenant, &path, &body).await?.expect(200)?;
    let shown = tenant.owner.get(&format!("{path}get_content_types/")).await?;
    assert_eq!(shown.expect(200)?["post_types"]["post"]["count"], 12);
    assert_eq!(shown.body["timestamp"], "2026-03-04T10:11:12Z");
    let plugin = json!({ "version": "1.0", "connection_enabled": true, "two_way_sync_enabled": false, "signs_webhooks": true });
    assert_eq!(shown.body["plugin"], plugin);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_right_is_named(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let (tenant, path) = connected(&service).await?;
    for (body, field) in [
        (json!({}), "post_types"),
        (json!({ "post_types": ["post"] }), "post_types"),
        (json!({ "post_types": { "post": "yes" } }), "post_types.post"),
        (json!({ "post_types": { "post": { "label": "Posts", "count": -1 } } }), "post_types.post.count"),
        (json!({ "post_types": { "post": { "label": "Posts", "count": 1.5 } } }), "post_types.post.count"),
        (json!({ "post_types": { "post": { "count": 1 } } }), "post_types.post.label"),
        (json!({ "post_types": { "post": { "label": "a\u{0}b", "count": 1 } } }), "post_types.post.label"),
        (json!({ "post_types": { "a\u{0}b": { "label": "a", "count": 1 } } }), "post_types.a\u{0}b"),
        (json!({ "post_types": {}, "plugin": { "signs_webhooks": "maybe" } }), "plugin.signs_webhooks"),
        (json!({ "post_types": {}, "timestamp": "yesterday" }), "timestamp"),
    ] {
        push(&tenant, &path, &body).await?.names_fields(&[field])?;
    }
    let types = format!("{path}get_content_types/");
    push(&tenant, &path, &pushed("2026-03-04T10:00:00Z")).await?.expect(200)?;
    for (body, field) in [
        (json!({ "post_types": { "book": { "enabled": true } } }), "post_types.book"),
        (json!({ "taxonomies": { "genre": { "enabled": true } } }), "taxonomies.genre"),
        (json!({ "post_types": { "page": { "enabled": null } } }), "post_types.page.enabled"),
        (json!({ "post_types": { "page": { "fetch_limit": 0 } } }), "post_types.page.fetch_limit"),
        (json!({ "post_types": { "page": { "fetch_limit": "5" } } }), "post_types.page.fetch_limit"),
    ] {
        tenant.owner.patch(&types, &body).await?.names_fields(&[field])?;
    }
    Ok(())
}

#[tokio::test]
async fn a_push_may_be_larger_than_other_bodies() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let (tenant, path) = connected(&service).await?;
    let mut body = pushed("2026-03-04T10:00:00Z");
    body["padding"] = json!("x".repeat(3 * 1024 * 1024));
    push(&tenant, &path, &body).await?.expect(200)?;
    body["padding"] = json!("x".repeat(4 * 1024 * 1024));
    push(&tenant, &path, &body).await?.problem(413, "payload_too_large")?;
    Ok(())
}

#[tokio::test]
async fn each_caller_may_do_what_the_contract_says() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let (tenant, path) = connected(&service).await?;
    let viewer = service.member(&tenant, "viewer@example.com", "viewer")?;
    let (types, store) = (format!("{path}get_content_types/"), format!("{path}update_site_structure/"));
    let (body, choice) =
        (pushed("2026-03-04T10:00:00Z"), json!({ "post_types": { "post": { "enabled": true } } }));
    viewer.post(&store, &body).await?.problem(403, "insufficient_role")?;
    tenant.owner.post(&store, &body).await?.expect(200)?;
    tenant.plugin.get(&types).await?.expect(200)?;
    viewer.get(&types).await?.expect(200)?;
    viewer.patch(&types, &choice).await?.problem(403, "insufficient_role")?;
    tenant.plugin.patch(&types, &choice).await?.problem(403, "not_for_this_caller")?;
    let other = service.bootstrap("other", "https://other.example")?;
    for caller in [&other.owner, &other.plugin] {
        caller.get(&types).await?.problem(404, "not_found")?;
        caller.post(&store, &body).await?.problem(404, "not_found")?;
    }
    let mut shop = integration(&tenant);
    shop["platform"] = json!("custom");
    let shop = tenant.owner.post("integrations/", &shop).await?.expect(201)?["id"].clone();
    let foreign = format!("integrations/{shop}/update_site_structure/");
    tenant.plugin.post(&foreign, &body).await?.problem(404, "not_found")?;
    Ok(())
}

#[tokio::test]
async fn a_choice_honours_if_match_and_leaves_an_event() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let (tenant, path) = connected(&service).await?;
    push(&tenant, &path, &pushed("2026-03-04T10:00:00Z")).await?.expect(200)?;
    let types = format!("{path}get_content_types/");
    let before = tenant.owner.get(&types).await?;
    let off = json!({ "post_types": { "page": { "enabled": false } } });
    let first = tenant.owner.patch_if(&types, before.etag()?, &off).await?;
    first.expect(200)?;
    assert_eq!(first.etag()?, tenant.owner.get(&path).await?.etag()?, "the tag is the integration's");
    tenant.owner.patch_if(&types, before.etag()?, &off).await?.problem(412, "precondition_failed")?;
    let events = tenant.owner.get(&format!("{path}events/?action=structure_stored")).await?;
    let actors: Vec<_> = events.expect(200)?["results"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|e| &e["actor"]["kind"])
        .collect();
    assert_eq!(actors, ["user", "site_key"]);
    Ok(())
}

#[tokio::test]
async fn a_run_names_no_type_that_is_off() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let (tenant, path) = connected(&service).await?;
    push(&tenant, &path, &pushed("2026-03-04T10:00:00Z")).await?.expect(200)?;
    let off = json!({ "post_types": { "page": { "enabled": false } } });
    tenant.owner.patch(&format!("{path}get_content_types/"), &off).await?.expect(200)?;
    let asked = tenant.owner.post(&format!("{path}sync/"), &json!({ "content_types": ["page"] })).await?;
    asked.names_fields(&["content_types[0]"])?;
    Ok(())
}

#[tokio::test]
async fn a_run_names_no_type_that_the_site_did_not_tell_of() -> anyhow::Result<()> {
    let service = Service::on(Backend::Sqlite).argument("--no-worker").start().await?;
    let (tenant, path) = connected(&service).await?;
    let sync = |types: &[&str]| {
        let (body, path) = (json!({ "content_types": types, "dry_run": true }), format!("{path}sync/"));
        let owner = tenant.owner.clone();
        async move { owner.post(&path, &body).await }
    };
    // Nothing was told yet: the site may have it.
    let asked = sync(&["posts"]).await?.expect(202)?["id"].clone();
    tenant.owner.post(&format!("{path}runs/{asked}/cancel/"), &json!({})).await?.expect(202)?;
    push(&tenant, &path, &pushed("2026-03-04T10:00:00Z")).await?.expect(200)?;
    let refused = sync(&["post", "posts"]).await?;
    refused.names_fields(&["content_types[1]"])?;
    let error = &refused.body["errors"][0];
    assert_eq!(error["code"], "not_found", "{error}");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains("\"posts\"") && message.contains("page, post"), "{message}");
    // What is written here for a type that is new on the site may go there before the site told of it.
    let content = json!({ "site_id": tenant.site_id, "title": "New", "html": "", "content_type": "posts" });
    tenant.owner.post("content/", &content).await?.expect(201)?;
    sync(&["posts"]).await?.expect(202)?;
    Ok(())
}

#[tokio::test]
async fn more_types_than_any_site_has_are_refused() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let (tenant, path) = connected(&service).await?;
    let entry = json!({ "label": "x", "count": 1 });
    let many: serde_json::Map<String, Value> =
        (0..501).map(|at| (format!("type{at}"), entry.clone())).collect();
    for (field, types) in [
        ("post_types", Value::Object(many)),
        ("post_types", json!({ "t".repeat(65): entry })),
        ("post_types.book.label", json!({ "book": { "label": "x".repeat(201), "count": 1 } })),
    ] {
        let mut body = pushed("2026-03-04T10:00:00Z");
        body["post_types"] = types;
        let answer = push(&tenant, &path, &body).await?;
        assert_eq!(answer.expect(400)?["errors"][0]["field"], field, "{}", answer.text);
    }
    Ok(())
}
