//! Contents over the wire.

use igny8_integration_domain::account::Role;
use rstest::rstest;
use serde_json::{Value, json};

use crate::client::Request;
use crate::world::{Tenant, World};

fn article(tenant: &Tenant) -> Value {
    json!({
        "site_id": tenant.site.get(), "title": "R&D", "html": "<p>Tea</p>",
        "terms": [{"taxonomy": "category", "name": "R&D"}], "seo": {"title": "Tea", "description": "All of it"},
    })
}

async fn written(world: &World, tenant: &Tenant) -> anyhow::Result<String> {
    let made = world.send(&tenant.owner, "POST", "content/", &article(tenant)).await?;
    anyhow::ensure!(made.status == 201, "{}", made.json());
    Ok(format!("content/{}/", made.member("/id")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_content_is_shown_as_the_contract_has_it() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let made = world.send(&tenant.owner, "POST", "content/", &article(&tenant)).await?;
    assert_eq!(
        (made.status, made.header("location")),
        (201, Some("http://api.example/api/v1/integration/content/1/"))
    );
    let expected = json!({
        "id": 1, "site_id": 1, "content_type": "post", "title": "R&D", "html": "<p>Tea</p>", "excerpt": "",
        "slug": "", "status": "draft", "terms": [{"taxonomy": "category", "name": "R&D", "slug": null}],
        "seo": {"title": "Tea", "description": "All of it", "focus_keyword": "", "canonical": ""},
        "featured_image_url": null, "publish_at": null, "external_id": null, "external_url": null,
        "external_status": null, "external_modified_at": null, "sync_state": "unlinked", "sync_error": null,
        "conflict": null, "created_at": "2026-01-01T12:00:00Z", "updated_at": "2026-01-01T12:00:00Z",
        "deleted_at": null,
    });
    assert_eq!(made.json(), expected);
    let shown = world.get(&tenant.owner, "content/1/").await?;
    assert_eq!((shown.json(), shown.header("etag")), (expected, made.header("etag")));
    let list = world.get(&tenant.owner, "content/").await?;
    let row = list.member("/results/0");
    assert_eq!((row.get("html"), row.get("conflict"), &row["title"]), (None, None, &json!("R&D")));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_content_is_named_at_once() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let body = json!({
        "html": 7, "title": " ", "status": "done", "publish_at": "tomorrow", "terms": [{"name": "a"}, 5],
        "seo": {"title": false}, "featured_image_url": "javascript:alert(1)",
    });
    let mut errors = world.send(&tenant.owner, "POST", "content/", &body).await?.errors();
    errors.sort();
    let fields: Vec<&str> = errors.iter().filter_map(|error| error.split(':').next()).collect();
    assert_eq!(
        fields,
        [
            "featured_image_url",
            "html",
            "publish_at",
            "seo.title",
            "site_id",
            "status",
            "terms[0].taxonomy",
            "terms[1]",
            "title",
        ]
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_changes_what_is_named_and_nothing_else() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let target = written(&world, &tenant).await?;
    let body = json!({"status": "approved", "publish_at": "2026-05-01T10:00:00+02:00", "seo": {"title": "Best tea"}});
    let changed = world.send(&tenant.owner, "PATCH", &target, &body).await?;
    assert_eq!((changed.status, changed.member("/sync_state")), (200, json!("pending_push")));
    assert_eq!(changed.member("/publish_at"), "2026-05-01T08:00:00Z");
    assert_eq!(
        (changed.member("/seo/title"), changed.member("/seo/description")),
        (json!("Best tea"), json!("All of it"))
    );
    assert_eq!(
        (changed.member("/html"), changed.member("/terms/0/name")),
        (json!("<p>Tea</p>"), json!("R&D"))
    );
    let cleared = world.send(&tenant.owner, "PATCH", &target, &json!({"publish_at": null})).await?;
    assert_eq!(cleared.member("/publish_at"), Value::Null);
    let refused = json!({"title": null, "site_id": 99, "deleted_at": "2026-05-01T10:00:00Z"});
    let refused = world.send(&tenant.owner, "PATCH", &target, &refused).await?;
    assert_eq!(refused.errors(), ["title: null", "deleted_at: invalid"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_kept_and_can_be_taken_back() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    let target = written(&world, &tenant).await?;
    let tag = world.get(&tenant.owner, &target).await?.header("etag").unwrap_or_default().to_owned();
    let delete = |tag: &str| {
        let request =
            Request::new("DELETE", &target).header("authorization", &format!("Bearer {}", tenant.owner));
        request.header("if-match", tag)
    };
    assert_eq!(world.ask(delete("\"99\"")).await?.problem(), (412, "precondition_failed".into()));
    assert_eq!(world.ask(delete(&format!("\"99\", {tag}"))).await?.status, 204);
    let deleted = world.get(&tenant.owner, &target).await?;
    assert_eq!((deleted.status, deleted.member("/deleted_at")), (200, json!("2026-01-01T12:00:00Z")));
    assert_eq!(world.get(&tenant.owner, "content/").await?.member("/count"), 0);
    assert_eq!(world.get(&tenant.owner, "content/?deleted=true").await?.member("/count"), 1);
    let back = world.send(&tenant.owner, "PATCH", &target, &json!({"deleted_at": null})).await?;
    assert_eq!((back.status, back.member("/deleted_at")), (200, Value::Null));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_reads_what_its_sites_hold_and_changes_nothing() -> anyhow::Result<()> {
    let world = World::start()?;
    let (acme, zenith) = (world.tenant("acme").await?, world.tenant("zenith").await?);
    let (own, foreign) = (written(&world, &acme).await?, written(&world, &zenith).await?);
    let viewer = world.member(&acme, Role::Viewer).await?;
    assert_eq!(world.get(&viewer, "content/").await?.member("/count"), 1);
    assert_eq!(world.get(&viewer, &own).await?.status, 200);
    assert_eq!(world.get(&viewer, &foreign).await?.problem(), (404, "not_found".into()));
    for (method, target) in [
        ("PATCH", own.clone()),
        ("DELETE", own.clone()),
        ("POST", format!("{own}resolve/")),
        ("POST", "content/".into()),
    ] {
        let response = world.send(&viewer, method, &target, &json!({"title": 7})).await?;
        assert_eq!(response.problem(), (403, "insufficient_role".into()), "{method} {target}");
    }
    let plugin = world.get(&acme.key, "content/").await?;
    assert_eq!(plugin.problem(), (403, "not_for_this_caller".into()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_published_cannot_be_pulled_and_what_is_not_in_conflict_not_resolved()
-> anyhow::Result<()> {
    let world = World::start()?;
    let (acme, zenith) = (world.tenant("acme").await?, world.tenant("zenith").await?);
    let target = written(&world, &acme).await?;
    written(&world, &zenith).await?;
    let id = world.integration(&acme).await?;
    let pull = async |content: i64| {
        let target = format!("integrations/{id}/sync_wordpress_content/");
        world.send(&acme.owner, "POST", &target, &json!({"content_id": content})).await
    };
    assert_eq!(pull(1).await?.problem(), (409, "no_external_id".into()));
    assert_eq!(pull(2).await?.problem(), (404, "not_found".into()));
    let resolve = async |keep: &str| {
        world.send(&acme.owner, "POST", &format!("{target}resolve/"), &json!({"keep": keep})).await
    };
    assert_eq!(resolve("local").await?.problem(), (409, "no_conflict".into()));
    assert_eq!(resolve("both").await?.errors(), ["keep: invalid_choice"]);
    Ok(())
}

#[rstest]
#[case("search=r%26d", 1)]
#[case("search=R%25", 0)]
#[case("search=%ff", 0)]
#[case("status=draft&content_type=post&sync_state=unlinked&site_id=1", 1)]
#[case("external_id=12", 0)]
#[case("deleted=True", 0)]
#[tokio::test(flavor = "multi_thread")]
async fn contents_are_filtered(#[case] query: &str, #[case] count: i64) -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    written(&world, &tenant).await?;
    assert_eq!(world.get(&tenant.owner, &format!("content/?{query}")).await?.member("/count"), count);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_number_beyond_every_end_is_not_found() -> anyhow::Result<()> {
    let world = World::start()?;
    let tenant = world.tenant("acme").await?;
    for page in ["2", "9223372036854775807", "99999999999999999999"] {
        let response = world.get(&tenant.owner, &format!("content/?page={page}")).await?;
        assert_eq!(response.problem(), (404, "not_found".into()), "{page}");
    }
    Ok(())
}
