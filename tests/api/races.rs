//! Many ask for the same at once: one wins, the others are told.

use rstest::rstest;
use serde_json::json;
use tokio::task::JoinSet;

use super::{integration, made};
use crate::harness::{Answer, Backend, Service};

const AT_ONCE: usize = 20;

/// How many were answered so; every other one must be this problem.
fn winners(answers: Vec<anyhow::Result<Answer>>, won: u16, lost: (u16, &str)) -> anyhow::Result<usize> {
    let mut winners = 0;
    for answer in answers {
        let answer = answer?;
        if answer.status == won {
            winners += 1;
        } else {
            answer.problem(lost.0, lost.1)?;
        }
    }
    Ok(winners)
}

#[rstest]
#[tokio::test]
async fn a_site_gets_one_integration_for_a_platform(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let mut asked = JoinSet::new();
    for _ in 0..AT_ONCE {
        let tenant = tenant.clone();
        asked.spawn(async move { tenant.owner.post("integrations/", &integration(&tenant)).await });
    }
    assert_eq!(winners(asked.join_all().await, 201, (409, "already_exists"))?, 1);
    assert_eq!(tenant.owner.get("integrations/").await?.expect(200)?["count"], 1);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn of_changes_to_one_version_one_is_made(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let created = made(&tenant).await?;
    let (path, etag) = (format!("integrations/{}/", created.body["id"]), created.etag()?.to_owned());
    let mut asked = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (owner, path, etag) = (tenant.owner.clone(), path.clone(), etag.clone());
        asked.spawn(async move { owner.patch_if(&path, &etag, &json!({ "is_active": false })).await });
    }
    assert_eq!(winners(asked.join_all().await, 200, (412, "precondition_failed"))?, 1);
    Ok(())
}

#[rstest]
#[tokio::test]
async fn an_integration_has_one_run_at_a_time(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::on(backend).argument("--no-worker").start().await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let path = format!("integrations/{}/sync/", made(&tenant).await?.body["id"]);
    let mut asked = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (owner, path) = (tenant.owner.clone(), path.clone());
        asked.spawn(async move { owner.post(&path, &json!({})).await });
    }
    assert_eq!(winners(asked.join_all().await, 202, (409, "sync_in_progress"))?, 1);
    let refused = tenant.owner.post(&path, &json!({})).await?;
    assert!(refused.problem(409, "sync_in_progress")?["run_id"].is_i64(), "{}", refused.text);
    Ok(())
}
