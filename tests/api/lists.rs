use rstest::rstest;
use serde_json::json;

use super::{made, written};
use crate::harness::{Backend, Client, Service};

fn path_of(url: &serde_json::Value) -> anyhow::Result<String> {
    let url: reqwest::Url = url.as_str().unwrap_or_default().parse()?;
    Ok(format!("{}?{}", url.path(), url.query().unwrap_or_default()))
}

async fn titles(client: &Client, path: &str) -> anyhow::Result<Vec<String>> {
    let answer = client.get(path).await?;
    let results = answer.expect(200)?["results"].as_array().cloned().unwrap_or_default();
    Ok(results.iter().map(|row| row["title"].as_str().unwrap_or_default().to_owned()).collect())
}

#[rstest]
#[tokio::test]
async fn pages_lead_from_one_to_the_next_and_keep_every_filter(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    for title in ["Tea one", "Tea two", "Coffee", "Tea three"] {
        written(&tenant, title).await?;
    }
    let first = tenant.owner.get("content/?search=tEa&page_size=2").await?;
    assert_eq!(first.expect(200)?["count"], 3);
    assert_eq!(first.body["previous"], json!(null));
    assert!(
        first.body["next"].as_str().is_some_and(|next| next.starts_with(service.origin())),
        "{}",
        first.text
    );
    let next = path_of(&first.body["next"])?;
    assert_eq!(titles(&tenant.owner, &next).await?, ["Tea three"]);
    let last = tenant.owner.get(&next).await?;
    assert_eq!(last.body["next"], json!(null));
    assert_eq!(titles(&tenant.owner, &path_of(&last.body["previous"])?).await?, ["Tea one", "Tea two"]);
    tenant.owner.get("content/?search=tea&page_size=2&page=3").await?.problem(404, "not_found")?;
    Ok(())
}

#[rstest]
#[tokio::test]
async fn a_search_is_taken_literally(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    for title in ["100% tea", "100 tea", "a_b", "aXb", "back\\slash"] {
        written(&tenant, title).await?;
    }
    for (search, found) in [("%25", "100% tea"), ("a_b", "a_b"), ("%5C", "back\\slash")] {
        assert_eq!(titles(&tenant.owner, &format!("content/?search={search}")).await?, [found]);
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn a_cursor_leads_through_the_history_newest_first(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let id = made(&tenant).await?.body["id"].clone();
    for active in [false, true, false] {
        tenant
            .owner
            .patch(&format!("integrations/{id}/"), &json!({ "is_active": active }))
            .await?
            .expect(200)?;
    }
    let first = tenant.owner.get(&format!("integrations/{id}/events/?page_size=3&success=true")).await?;
    assert_eq!(first.expect(200)?["results"].as_array().map(Vec::len), Some(3), "{}", first.text);
    let next = path_of(&first.body["next"])?;
    assert!(next.contains("success=true"), "{next}");
    let second = tenant.owner.get(&next).await?;
    assert_eq!(second.expect(200)?["results"][0]["action"], "created");
    assert_eq!(second.body["next"], json!(null));
    let back = tenant.owner.get(&path_of(&second.body["previous"])?).await?;
    assert_eq!(back.expect(200)?["results"], first.body["results"]);
    Ok(())
}

#[tokio::test]
async fn links_begin_with_the_public_url_where_one_is_set() -> anyhow::Result<()> {
    let service = Service::on(Backend::Sqlite)
        .env("IGNY8_PUBLIC_URL", "https://api.igny8.example/base")
        .start()
        .await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let created = made(&tenant).await?;
    let public = "https://api.igny8.example/base/api/v1/integration/";
    assert!(created.header("location")?.starts_with(public), "{:?}", created.headers);
    written(&tenant, "One").await?;
    written(&tenant, "Two").await?;
    let page = tenant.owner.get("content/?page_size=1").await?;
    assert!(page.body["next"].as_str().is_some_and(|next| next.starts_with(public)), "{}", page.text);
    Ok(())
}

#[tokio::test]
async fn integrations_are_filtered_and_ordered() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let one = service.bootstrap("acme", "https://one.example")?;
    let two = service.bootstrap("acme", "https://two.example")?;
    let first = made(&one).await?.body["id"].clone();
    let second = made(&two).await?.body["id"].clone();
    one.owner.patch(&format!("integrations/{second}/"), &json!({ "is_active": false })).await?.expect(200)?;
    for (query, expected) in [
        ("", vec![&first, &second]),
        ("ordering=-created_at", vec![&second, &first]),
        ("is_active=true", vec![&first]),
        ("sync_status=failed", vec![]),
        (&*format!("site_id={}", two.site_id), vec![&second]),
    ] {
        let answer = one.owner.get(&format!("integrations/?{query}")).await?;
        let rows = answer.expect(200)?["results"].as_array().cloned().unwrap_or_default();
        assert_eq!(rows.iter().map(|row| &row["id"]).collect::<Vec<_>>(), expected, "{query}");
    }
    Ok(())
}
