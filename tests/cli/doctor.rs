use std::os::unix::fs::PermissionsExt;

use rstest::rstest;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::harness::{Backend, DeadPort, Finished, Service, igny8};

/// The items of that name.
fn items<'v>(said: &'v Value, name: &str) -> Vec<&'v Value> {
    said["service"].as_array().into_iter().flatten().filter(|item| item["name"] == name).collect()
}

fn state<'v>(said: &'v Value, name: &str) -> Vec<&'v str> {
    items(said, name).into_iter().filter_map(|item| item["state"].as_str()).collect()
}

/// What it said although something is wrong.
fn unwell(finished: &Finished) -> anyhow::Result<Value> {
    finished.failure()?;
    Ok(serde_json::from_str(&finished.stdout)?)
}

#[rstest]
#[tokio::test]
async fn a_service_that_is_well_is_told_so(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let body = json!({
        "site_id": tenant.site_id, "platform": "wordpress", "credentials_json": { "api_key": "wp-key-0123456789" },
    });
    tenant.owner.post("integrations/", &body).await?.expect(201)?;
    let said = service.run(&["doctor", "--json"])?.json()?;
    assert_eq!(
        (&said["healthy"], &said["errors"], &said["warnings"]),
        (&json!(true), &json!(0), &json!(0)),
        "{said}"
    );
    for name in ["configuration", "authorities", "keys", "database", "migrations", "credentials", "clock"] {
        assert_eq!(state(&said, name), ["ok"], "{name}: {said}");
    }
    assert!(
        items(&said, "credentials")[0]["detail"].as_str().is_some_and(|it| it.contains("each can be opened")),
        "{said}"
    );
    assert!(!said.to_string().contains("wp-key"), "{said}");
    let words = service.run(&["doctor"])?;
    assert!(words.stdout.ends_with("Nothing is wrong.\n"), "{words:?}");
    assert!(words.stderr.is_empty(), "{words:?}");
    Ok(())
}

#[test]
fn before_the_first_start_nothing_is_wrong_and_nothing_is_made() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let finished = Finished::of(igny8(&["doctor", "--json"]).env("IGNY8_DATA_DIR", &data))?;
    let said = finished.json()?;
    for name in ["data folder", "keys", "database"] {
        assert_eq!(state(&said, name), ["skipped"], "{name}: {said}");
    }
    assert!(!data.exists());
    Ok(())
}

#[test]
fn a_configuration_that_is_wrong_is_the_first_thing_said() -> anyhow::Result<()> {
    let said = unwell(&Finished::of(igny8(&["doctor", "--json"]).env("IGNY8_RUN_LEASE", "soon"))?)?;
    assert_eq!(state(&said, "configuration"), ["error"], "{said}");
    assert!(said["service"][0]["detail"].as_str().is_some_and(|it| it.contains("IGNY8_RUN_LEASE")), "{said}");
    let folder = tempfile::tempdir()?;
    let mut slip = igny8(&["doctor", "--json"]);
    slip.env("IGNY8_DATA_DIR", folder.path().join("data")).env("IGNY8_RUN_LEESE", "1s");
    let said = Finished::of(&mut slip)?.json()?;
    assert_eq!(state(&said, "configuration"), ["ok", "warning"], "{said}");
    assert!(
        items(&said, "configuration")[1]["fix"].as_str().is_some_and(|it| it.contains("IGNY8_RUN_LEASE")),
        "{said}"
    );
    Ok(())
}

#[tokio::test]
async fn keys_that_do_not_fit_what_is_stored_are_an_error_by_integration() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let body = json!({
        "site_id": tenant.site_id, "platform": "wordpress", "credentials_json": { "api_key": "wp-key-0123456789" },
    });
    let id = tenant.owner.post("integrations/", &body).await?.expect(201)?["id"].clone();
    let mut command = service.command(&["doctor", "--json"]);
    let other = format!("7:{}", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=");
    let said = unwell(&Finished::of(command.env("IGNY8_CREDENTIAL_KEYS", other))?)?;
    assert_eq!(state(&said, "credentials"), ["error"], "{said}");
    let detail = items(&said, "credentials")[0]["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(&format!("of integrations {id}")), "{detail}");
    Ok(())
}

#[tokio::test]
async fn what_others_on_the_machine_may_read_is_warned_of() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let open = |path: &std::path::Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode));
    open(&service.data_dir(), 0o755)?;
    open(&service.data_dir().join("credential-keys"), 0o644)?;
    let said = service.run(&["doctor", "--json"])?.json()?;
    assert_eq!(
        (state(&said, "data folder"), state(&said, "keys")),
        (vec!["warning"], vec!["warning", "ok"]),
        "{said}"
    );
    assert_eq!((&said["healthy"], &said["warnings"]), (&json!(true), &json!(2)), "{said}");
    Ok(())
}

#[tokio::test]
async fn it_says_whether_a_serve_is_running() -> anyhow::Result<()> {
    let mut service = Service::start(Backend::Sqlite).await?;
    let said = service.run(&["doctor"])?;
    assert!(said.stdout.contains("a serve is running on this database"), "{said:?}");
    service.terminate()?;
    let said = service.run(&["doctor"])?;
    assert!(said.stdout.contains("no serve is running on this database now"), "{said:?}");
    Ok(())
}

#[test]
fn a_database_that_is_away_or_none_of_ours_is_an_error() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(
        folder.path().join("credential-keys"),
        "1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=\n",
    )?;
    std::fs::write(folder.path().join("igny8.db"), "this is no database at all, only a text")?;
    let said = unwell(&Finished::of(igny8(&["doctor", "--json"]).env("IGNY8_DATA_DIR", folder.path()))?)?;
    assert_eq!(state(&said, "database"), ["error"], "{said}");
    let dead = DeadPort::hold()?;
    let nowhere = dead.address;
    let mut command = igny8(&["doctor", "--json"]);
    command.env("IGNY8_DATABASE_URL", format!("postgres://igny8:secret@{nowhere}/igny8"));
    command.env("IGNY8_CREDENTIAL_KEYS", "1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=");
    command.env("IGNY8_JWT_SECRETS", "a-secret-of-more-than-thirty-two-bytes");
    let said = unwell(&Finished::of(&mut command)?)?;
    assert_eq!(state(&said, "database"), ["error"], "{said}");
    assert!(!said.to_string().contains("secret@"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_site_is_looked_at_by_address_and_by_integration() -> anyhow::Result<()> {
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(200).set_body_raw("<title>Bakery</title>Bread", "text/html");
    Mock::given(any()).respond_with(page).mount(&server).await;
    let service = Service::start(Backend::Sqlite).await?;
    let said = unwell(&service.run(&["doctor", &server.uri(), "--json"])?)?;
    assert_eq!(
        (&said["site"]["code"], &said["site"]["signed_in"]),
        (&json!("html_page"), &json!(false)),
        "{said}"
    );
    let finding = &said["site"]["findings"][0];
    assert!(finding["evidence"].as_str().is_some_and(|it| it.contains("Bakery")), "{said}");

    let tenant = service.bootstrap("acme", &server.uri())?;
    let body = json!({
        "site_id": tenant.site_id, "platform": "wordpress", "credentials_json": { "api_key": "wp-key-0123456789" },
    });
    let id = tenant.owner.post("integrations/", &body).await?.expect(201)?["id"].to_string();
    let finished = service.run(&["doctor", "--integration", &id])?;
    assert_eq!(finished.failure()?, "one thing is wrong: html_page");
    for part in
        ["The site", "-> Check that the address", "not reached      plugin, authentication, permissions"]
    {
        assert!(finished.stdout.contains(part), "{part}: {}", finished.stdout);
    }
    let status = tenant.owner.get(&format!("integrations/{id}/sync_status/")).await?;
    assert_eq!(status.expect(200)?["sync_error"], Value::Null, "it records nothing");

    let finished = service.run(&["doctor", "--integration", "4711"])?;
    assert!(finished.stdout.contains("there is no integration 4711"), "{finished:?}");
    finished.failure().map(drop)
}

#[rstest]
#[case::both(&["doctor", "https://a.example", "--integration", "1"])]
#[case::no_password(&["doctor", "https://a.example", "--username", "maria"])]
#[case::no_url(&["doctor", "--api-key-file", "/x"])]
fn what_does_not_go_together_is_bad_usage(#[case] arguments: &[&str]) -> anyhow::Result<()> {
    assert_eq!(Finished::of(&mut igny8(arguments))?.status, Some(2));
    Ok(())
}
