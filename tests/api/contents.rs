use rstest::rstest;
use serde_json::{Value, json};

use super::written;
use crate::harness::{Backend, Service};

#[rstest]
#[tokio::test]
async fn a_content_is_written_read_changed_removed_and_taken_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let body = json!({
        "site_id": tenant.site_id,
        "title": "R&D in 2026 🚀",
        "html": "<p>Fish & chips</p>",
        "terms": [{ "taxonomy": "category", "name": "R&D" }],
    });
    let created = tenant.owner.post("content/", &body).await?;
    created.expect(201)?;
    let path = format!("content/{}/", created.body["id"]);
    for (field, value) in [
        ("title", json!("R&D in 2026 🚀")),
        ("html", json!("<p>Fish & chips</p>")),
        ("content_type", json!("post")),
        ("status", json!("draft")),
        ("external_id", Value::Null),
        ("deleted_at", Value::Null),
        ("conflict", Value::Null),
    ] {
        assert_eq!(created.body[field], value, "{field}");
    }
    assert_eq!(created.body["terms"][0]["name"], "R&D");
    assert_eq!(tenant.owner.get(&path).await?.expect(200)?, &created.body);

    let changed = tenant.owner.patch_if(&path, created.etag()?, &json!({ "status": "approved" })).await?;
    assert_eq!(changed.expect(200)?["status"], "approved");
    let stale = tenant.owner.patch_if(&path, created.etag()?, &json!({ "title": "x" })).await?;
    stale.problem(412, "precondition_failed")?;

    tenant.owner.delete(&path).await?.expect(204)?;
    assert!(tenant.owner.get(&path).await?.expect(200)?["deleted_at"].is_string());
    assert_eq!(tenant.owner.get("content/").await?.expect(200)?["count"], 0);
    assert_eq!(tenant.owner.get("content/?deleted=true").await?.expect(200)?["count"], 1);
    let back = tenant.owner.patch(&path, &json!({ "deleted_at": null })).await?;
    assert_eq!(back.expect(200)?["deleted_at"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn a_list_leaves_out_what_is_large() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    written(&tenant, "One").await?;
    let list = tenant.owner.get("content/").await?;
    let row = &list.expect(200)?["results"][0];
    assert_eq!(row["title"], "One");
    assert!(row.get("html").is_none() && row.get("conflict").is_none(), "{row}");
    Ok(())
}

#[tokio::test]
async fn there_is_nothing_to_resolve_where_nothing_conflicts() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let path = format!("content/{}/resolve/", written(&tenant, "One").await?.body["id"]);
    tenant.owner.post(&path, &json!({ "keep": "local" })).await?.problem(409, "no_conflict")?;
    tenant.owner.post(&path, &json!({ "keep": "both" })).await?.names_fields(&["keep"])
}

#[tokio::test]
async fn what_is_wrong_with_a_content_is_said_by_field() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    for (field, value, named) in [
        ("title", Value::Null, "title"),
        ("title", json!("a\u{0}b"), "title"),
        ("html", json!(7), "html"),
        ("status", json!("done"), "status"),
        ("publish_at", json!("tomorrow"), "publish_at"),
        ("featured_image_url", json!("javascript:alert(1)"), "featured_image_url"),
    ] {
        let mut body = json!({ "site_id": tenant.site_id, "title": "One", "html": "" });
        body[field] = value;
        let answer = tenant.owner.post("content/", &body).await?;
        answer.names_fields(&[named]).map_err(|error| error.context(body.to_string()))?;
    }
    Ok(())
}
