use rstest::rstest;
use serde_json::json;

use super::{KEY, integration};
use crate::harness::{Backend, Service, contains};

const OLD_KEY: &str = "1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const NEW_KEY: &str = "2:MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const PASSWORD: &str = "abcd EFGH ijkl MNOP";

#[rstest]
#[tokio::test]
async fn no_secret_is_stored_or_logged_as_it_is(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::on(backend).env("IGNY8_LOG", "trace").start().await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let mut body = integration(&tenant);
    body["credentials_json"]["username"] = json!("maria");
    body["credentials_json"]["application_password"] = json!(PASSWORD);
    let created = tenant.owner.post("integrations/", &body).await?;
    let path = format!("integrations/{}/", created.expect(201)?["id"]);
    tenant.owner.post(&format!("{path}test_connection/"), &json!({})).await?.expect(200)?;
    tenant.plugin.get(&format!("{path}sync_status/")).await?.expect(200)?;

    let stored = service.stored().await?;
    assert!(contains(&stored, b"acme.example"), "the dump has what is stored");
    let log = service.log()?;
    for secret in [KEY, PASSWORD, &tenant.api_key] {
        assert!(!contains(&stored, secret.as_bytes()), "{secret} is stored");
        assert!(!log.contains(secret), "{secret} is logged");
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn credentials_open_after_the_key_has_been_rotated(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let mut service = Service::on(backend).env("IGNY8_CREDENTIAL_KEYS", OLD_KEY).start().await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let created = tenant.owner.post("integrations/", &integration(&tenant)).await?;
    let path = format!("integrations/{}/", created.expect(201)?["id"]);
    let rotated = async |service: &mut Service, keys: &str| -> anyhow::Result<_> {
        service.terminate()?;
        service.set_env("IGNY8_CREDENTIAL_KEYS", keys);
        service.restart()?;
        let detail = tenant.owner.at(service.origin())?.get(&path).await?;
        assert_eq!(detail.expect(200)?["api_key"], KEY, "under {keys}");
        service.run(&["credentials", "rotate", "--json"])?.json()
    };
    let first = rotated(&mut service, &format!("{NEW_KEY},{OLD_KEY}")).await?;
    assert!(first["rotated"].as_u64() > Some(0), "{first}");
    let second = rotated(&mut service, NEW_KEY).await?;
    assert_eq!((&second["rotated"], &second["unreadable"]), (&json!(0), &json!(0)), "{second}");
    Ok(())
}

#[tokio::test]
async fn credentials_that_cannot_be_opened_break_no_list() -> anyhow::Result<()> {
    let mut service = Service::on(Backend::Sqlite).env("IGNY8_CREDENTIAL_KEYS", OLD_KEY).start().await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let created = tenant.owner.post("integrations/", &integration(&tenant)).await?;
    let path = format!("integrations/{}/", created.expect(201)?["id"]);
    service.terminate()?;
    service.set_env("IGNY8_CREDENTIAL_KEYS", NEW_KEY);
    service.restart()?;
    let owner = tenant.owner.at(service.origin())?;
    let list = owner.get("integrations/").await?;
    assert_eq!(list.expect(200)?["results"][0]["api_key"], json!(null));
    assert_eq!(owner.get(&path).await?.expect(200)?["sync_error"]["code"], "credentials_unreadable");
    let healed = owner.patch(&path, &json!({ "credentials_json": { "api_key": KEY } })).await?;
    assert_eq!(healed.expect(200)?["api_key"], KEY);
    Ok(())
}
