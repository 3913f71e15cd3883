//! On a current-thread runtime, as each worker of actix-web is one, storage is refused with an error.

use igny8_integration_domain::ports::storage::{Storage as _, StorageError};
use igny8_integration_persistence::{ConfigError, DatabaseConfig, connect};

use crate::support::sqlite;

#[tokio::test(flavor = "current_thread")]
async fn a_current_thread_runtime_can_not_connect() {
    let refused = connect(&DatabaseConfig::new("sqlite:///tmp/never-made.db".to_owned()));
    assert!(matches!(refused.err(), Some(ConfigError::NoRuntime)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_not_handed_to_a_current_thread_runtime() -> anyhow::Result<()> {
    let (storage, _folder) = sqlite().await?;
    let elsewhere = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answers = runtime.block_on(async {
            (storage.read().await.err(), storage.begin().await.err(), storage.check_ready().await.err())
        });
        anyhow::Ok(answers)
    });
    let (read, begin, ready) = elsewhere.await??;
    for refused in [read, begin, ready] {
        assert!(matches!(refused, Some(StorageError::Other(_))), "{refused:?}");
    }
    Ok(())
}
