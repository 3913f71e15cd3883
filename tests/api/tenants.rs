use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{integration, made, written};
use crate::harness::{Answer, Backend, Service};

#[rstest]
#[tokio::test]
async fn another_accounts_ids_answer_as_if_they_did_not_exist(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let mine = service.bootstrap("mine", "https://mine.example")?;
    let theirs = service.bootstrap("theirs", "https://theirs.example")?;
    let integration_id = made(&theirs).await?.body["id"].clone();
    let content_id = written(&theirs, "Theirs").await?.body["id"].clone();
    let paths = [
        (Method::GET, "integrations/{}/", &integration_id),
        (Method::PUT, "integrations/{}/", &integration_id),
        (Method::PATCH, "integrations/{}/", &integration_id),
        (Method::DELETE, "integrations/{}/", &integration_id),
        (Method::POST, "integrations/{}/test_connection/", &integration_id),
        (Method::GET, "integrations/{}/sync_status/", &integration_id),
        (Method::POST, "integrations/{}/sync_wordpress_content/", &integration_id),
        (Method::POST, "integrations/{}/sync/", &integration_id),
        (Method::GET, "integrations/{}/runs/", &integration_id),
        (Method::POST, "integrations/{}/retry_failed/", &integration_id),
        (Method::GET, "integrations/{}/events/", &integration_id),
        (Method::GET, "content/{}/", &content_id),
        (Method::PATCH, "content/{}/", &content_id),
        (Method::DELETE, "content/{}/", &content_id),
        (Method::POST, "content/{}/resolve/", &content_id),
    ];
    for (method, path, id) in paths {
        let call = async |path: String| {
            let request = mine.owner.request(method.clone(), &path);
            let with_body = matches!(method, Method::POST | Method::PUT | Method::PATCH);
            Answer::of(if with_body { request.json(&json!({})) } else { request }).await
        };
        let foreign = call(path.replace("{}", &id.to_string())).await?;
        let absent = call(path.replace("{}", "987654")).await?;
        for answer in [&foreign, &absent] {
            answer.problem(404, "not_found").map_err(|error| error.context(format!("{method} {path}")))?;
        }
        assert_eq!(foreign.body["detail"], absent.body["detail"], "{method} {path}");
    }
    theirs.owner.get(&format!("integrations/{integration_id}/")).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn a_foreign_site_named_in_the_body_is_not_found() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let mine = service.bootstrap("mine", "https://mine.example")?;
    let theirs = service.bootstrap("theirs", "https://theirs.example")?;
    mine.owner.post("integrations/", &integration(&theirs)).await?.problem(404, "not_found")?;
    let content = json!({ "site_id": theirs.site_id, "title": "x", "html": "" });
    mine.owner.post("content/", &content).await?.problem(404, "not_found")?;
    Ok(())
}

#[tokio::test]
async fn a_list_holds_ones_own_alone() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let mine = service.bootstrap("mine", "https://mine.example")?;
    let theirs = service.bootstrap("theirs", "https://theirs.example")?;
    made(&theirs).await?;
    written(&theirs, "Theirs").await?;
    assert_eq!(mine.owner.get("integrations/").await?.expect(200)?["count"], 0);
    assert_eq!(mine.owner.get("content/").await?.expect(200)?["count"], 0);
    let filtered = format!("content/?site_id={}", theirs.site_id);
    assert_eq!(mine.owner.get(&filtered).await?.expect(200)?["count"], 0);
    Ok(())
}
