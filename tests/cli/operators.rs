use rstest::rstest;
use serde_json::Value;

use crate::harness::{Backend, Service, contains};

const BOOTSTRAP: [&str; 8] = [
    "bootstrap",
    "--account",
    "acme",
    "--email",
    "ada@acme.example",
    "--site-url",
    "https://acme.example",
    "--json",
];

#[rstest]
#[tokio::test]
async fn bootstrap_again_makes_nothing_twice_and_issues_a_fresh_token(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let first = service.run(&BOOTSTRAP)?.json()?;
    assert!(first["api_key"].is_string() && first["token"].is_string(), "{first}");
    let second = service.run(&BOOTSTRAP)?.json()?;
    for id in ["account_id", "user_id", "site_id"] {
        assert_eq!(first[id], second[id], "{id}");
    }
    assert_eq!(second["api_key"], Value::Null, "it was shown once");
    assert!(second["token"].is_string(), "{second}");
    Ok(())
}

#[tokio::test]
async fn bootstrap_of_another_account_makes_another() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let one = service.bootstrap("one", "https://shop.example")?;
    let two = service.bootstrap("two", "https://shop.example")?;
    assert_ne!(one.account_id, two.account_id);
    assert_ne!(one.site_id, two.site_id);
    Ok(())
}

#[test]
fn bootstrap_needs_no_migration_before_it() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let made = crate::harness::run_in(&folder.path().join("data"), &BOOTSTRAP)?.json()?;
    assert_eq!(made["account_id"], 1);
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_said_by_its_name() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let mut bad_address = BOOTSTRAP;
    bad_address[6] = "ftp://acme.example";
    let finished = service.run(&bad_address)?;
    assert!(finished.failure()?.contains("site_url"), "{finished:?}");
    let finished = service.run(&["user", "set", "42", "--active", "false"])?;
    assert!(finished.failure()?.contains("user 42"), "{finished:?}");
    let finished = service.run(&["sync", "42"])?;
    assert!(finished.failure()?.contains("integration 42"), "{finished:?}");
    Ok(())
}

#[tokio::test]
async fn a_site_key_is_stored_as_nothing_that_opens_the_site() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let stored = service.stored().await?;
    assert!(contains(&stored, b"acme.example"), "the dump has what is stored");
    assert!(!contains(&stored, tenant.api_key.as_bytes()));
    Ok(())
}
