use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::json;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::harness::{Backend, Finished, Service, contains, igny8, run_in};

fn mode(path: &Path) -> anyhow::Result<u32> {
    Ok(path.metadata()?.permissions().mode() & 0o777)
}

#[tokio::test]
async fn a_first_start_makes_a_private_folder_and_keys_and_says_so_once() -> anyhow::Result<()> {
    let mut service = Service::start(Backend::Sqlite).await?;
    assert_eq!(mode(&service.data_dir())?, 0o700);
    for key in ["jwt-secret", "credential-keys"] {
        assert_eq!(mode(&service.data_dir().join(key))?, 0o600, "{key}");
    }
    service.terminate()?;
    service.restart()?;
    assert_eq!(service.log()?.matches("generated the key").count(), 1, "{}", service.log()?);
    Ok(())
}

#[tokio::test]
async fn it_says_where_it_listens_and_how_to_go_on() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let log = service.log()?;
    assert!(log.contains("\"message\":\"listening\""), "{log}");
    assert!(log.contains(service.origin()), "{log}");
    assert!(log.contains("igny8-integration bootstrap --account"), "{log}");
    Ok(())
}

#[tokio::test]
async fn a_second_serve_on_the_same_folder_is_refused_until_the_first_is_gone() -> anyhow::Result<()> {
    let mut service = Service::start(Backend::Sqlite).await?;
    let second = service.run(&["serve", "--bind", "127.0.0.1:0"])?;
    assert!(second.failure()?.contains("another `serve` is running"), "{second:?}");
    service.kill()?;
    service.restart()
}

#[rstest]
#[tokio::test]
async fn asked_to_end_it_ends_at_once_with_status_0(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let mut service = Service::start(backend).await?;
    let asked = Instant::now();
    assert_eq!(service.terminate()?.code(), Some(0), "{}", service.log()?);
    assert!(asked.elapsed() < Duration::from_secs(5), "an idle service has nothing to wait for");
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_taken_is_a_clear_failure() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let folder = tempfile::tempdir()?;
    let address = service.origin().trim_start_matches("http://");
    let mut command = igny8(&["serve", "--bind", address]);
    let finished = Finished::of(command.env("IGNY8_DATA_DIR", folder.path()))?;
    assert!(finished.failure()?.contains(address), "{finished:?}");
    Ok(())
}

#[tokio::test]
async fn it_is_alive_and_ready() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let anybody = service.anonymous()?;
    anybody.get("/healthz").await?.expect(200)?;
    anybody.get("/readyz").await?.expect(200)?;
    Ok(())
}

#[test]
fn without_migrations_it_refuses_to_start_where_it_must_not_apply_them() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut command = igny8(&["serve", "--no-migrate", "--bind", "127.0.0.1:0"]);
    let finished = Finished::of(command.env("IGNY8_DATA_DIR", folder.path()))?;
    assert!(finished.failure()?.contains("migrat"), "{finished:?}");
    Ok(())
}

#[test]
fn migrations_are_counted_and_applied_once() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let run =
        |arguments: &[&str]| Finished::of(igny8(arguments).env("IGNY8_DATA_DIR", folder.path()))?.json();
    let before = run(&["migrate", "--status", "--json"])?;
    assert_ne!(before["pending"], json!([]), "{before}");
    let applied = run(&["migrate", "--json"])?;
    assert_eq!(applied["applied"].as_array().map(Vec::len), before["pending"].as_array().map(Vec::len));
    assert_eq!(run(&["migrate", "--status", "--json"])?["pending"], json!([]));
    assert_eq!(run(&["migrate", "--json"])?["applied"], json!([]));
    Ok(())
}

#[tokio::test]
async fn traces_go_to_the_collector_that_is_named() -> anyhow::Result<()> {
    let collector = MockServer::start().await;
    let traces = Mock::given(method("POST")).and(path("/v1/traces"));
    traces.respond_with(ResponseTemplate::new(200)).mount(&collector).await;
    let service = Service::on(Backend::Sqlite).env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.uri());
    let mut service = service.start().await?;
    service.anonymous()?.get("integrations/").await?.expect(401)?;
    assert_eq!(service.terminate()?.code(), Some(0));
    let sent = collector.received_requests().await.unwrap_or_default();
    assert!(sent.iter().any(|request| contains(&request.body, b"igny8-integration")), "{}", service.log()?);
    Ok(())
}

#[tokio::test]
async fn a_variable_that_means_nothing_is_warned_of() -> anyhow::Result<()> {
    let service = Service::on(Backend::Sqlite).env("IGNY8_RUN_LEESE", "1s").start().await?;
    let log = service.log()?;
    assert!(log.contains("IGNY8_RUN_LEESE") && log.contains("\"meant\":\"IGNY8_RUN_LEASE\""), "{log}");
    Ok(())
}

#[tokio::test]
async fn the_document_is_printed_as_it_is_served() -> anyhow::Result<()> {
    let service = Service::start(Backend::Sqlite).await?;
    let served = service.anonymous()?.get("openapi.json").await?;
    let nowhere = tempfile::tempdir()?;
    for arguments in [&["openapi"][..], &["openapi", "--json"]] {
        assert_eq!(&run_in(nowhere.path(), arguments)?.json()?, served.expect(200)?);
    }
    assert_eq!(std::fs::read_dir(nowhere.path())?.count(), 0, "it needs no database and no keys");
    Ok(())
}
