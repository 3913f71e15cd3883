//! What happens where two units of work of several nodes want the same rows.

use std::sync::Arc;

use anyhow::ensure;
use chrono::TimeDelta;
use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use igny8_integration_domain::account::Caller;
use igny8_integration_domain::content::{ContentFields, NewContent};
use igny8_integration_domain::event::Actor;
use igny8_integration_domain::id::ContentId;
use igny8_integration_domain::ports::platform::Platforms;
use igny8_integration_domain::ports::storage::{Storage, StorageError, UnitOfWork};
use igny8_integration_domain::service::sync::{StartSync, SyncService};
use igny8_integration_domain::service::{AccountService, SessionError, SessionService};
use igny8_integration_domain::sync::RunStatus;
use igny8_integration_domain::testing::{
    CountingQueue, FixedClock, PlainCipher, ScriptedPlatform, SequentialRandom,
};
use rstest::rstest;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::NoTls;

use crate::support::{Backend, Database, at, make_integration, make_site};

/// Two units hold a content each and want the other's: PostgreSQL ends one of them, and that one can begin again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_units_that_wait_for_each_other_one_goes_on_and_the_other_can_begin_again()
-> anyhow::Result<()> {
    let database = Backend::Postgres.database().await?;
    let (account, site) = make_site(&database.storage, "Acme").await?;
    let mut unit = database.storage.begin().await?;
    let new = NewContent {
        account_id: account.id,
        site_id: site.id,
        content_type: "post".to_owned(),
        fields: ContentFields::default(),
        deleted_at: None,
        link: None,
        created_at: at(0),
    };
    let (first, second) = (unit.insert_content(&new).await?.id, unit.insert_content(&new).await?.id);
    unit.commit().await?;

    let mut one = database.storage.begin().await?;
    let mut other = database.storage.begin().await?;
    one.lock_content(first).await?;
    other.lock_content(second).await?;
    let (one, other) = tokio::join!(hold(one, second), hold(other, first));
    let outcomes = [one, other];
    let ended: Vec<&StorageError> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    ensure!(matches!(ended.as_slice(), [StorageError::Aborted(_)]), "{outcomes:?}");
    ensure!(ended.iter().all(|error| error.is_worth_another_try()));
    Ok(())
}

async fn hold(mut unit: Box<dyn UnitOfWork>, id: ContentId) -> Result<(), StorageError> {
    unit.lock_content(id).await?;
    unit.commit().await
}

/// Who stops a run while another unit holds its row and wants the integration loses the race, and is not told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_run_is_cancelled_although_the_database_ends_the_first_attempt() -> anyhow::Result<()> {
    let Database { storage, config, folder: _ } = Backend::Postgres.database().await?;
    let storage: Arc<dyn Storage> = Arc::new(storage);
    let (_, site) = make_site(&*storage, "Acme").await?;
    let integration = make_integration(&*storage, &site).await?.id;
    let platforms = Platforms::default().with(Arc::new(ScriptedPlatform::new()));
    let clock = Arc::new(FixedClock::default());
    let queue = Arc::new(CountingQueue::default());
    let runs = SyncService::new(storage.clone(), platforms, queue, clock, None);
    let caller = Caller::System(Actor::CLI);
    let run = runs.start(&caller, integration, StartSync::default()).await?.id;

    let (rival, connection) = tokio_postgres::connect(config.url.expose_secret(), NoTls).await?;
    tokio::spawn(connection);
    // Of two that wait for each other the one that looks first is ended: not this one.
    rival.batch_execute("SET deadlock_timeout = '1min'; BEGIN").await?;
    let hold = |table: &str, id: i64| format!("SELECT id FROM {table} WHERE id = {id} FOR NO KEY UPDATE");
    rival.batch_execute(&hold("runs", run.get())).await?;
    let stopping = tokio::spawn({
        let runs = runs.clone();
        async move { runs.cancel(&Caller::System(Actor::CLI), integration, run).await }
    });
    until_somebody_waits(&config.url).await?;
    rival.batch_execute(&hold("integrations", integration.get())).await?;
    rival.batch_execute("COMMIT").await?;
    ensure!(stopping.await??.status == RunStatus::Cancelled);
    Ok(())
}

/// Each of several who rotate at once sees the others' keys: one key holds afterwards, whichever it is.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_keys_that_are_made_at_once_one_is_left(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let Database { storage, config: _, folder: _folder } = backend.database().await?;
    let storage: Arc<dyn Storage> = Arc::new(storage);
    let (_, site) = make_site(&*storage, "Acme").await?;
    let clock = Arc::new(FixedClock::default());
    let (cipher, random) = (Arc::new(PlainCipher::default()), Arc::new(SequentialRandom::default()));
    let accounts = Arc::new(AccountService::new(storage.clone(), cipher, clock.clone(), random));
    let rotate = |accounts: Arc<AccountService>| async move {
        accounts.rotate_webhook_secret(site.id, true).await?;
        accounts.rotate_site_key(site.id, true).await
    };
    let made: Vec<_> = (0..8).map(|_| tokio::spawn(rotate(accounts.clone()))).collect();
    let mut keys = Vec::new();
    for issued in made {
        keys.push(issued.await??.api_key);
    }
    let sessions = SessionService::new(storage.clone(), clock);
    let mut hold = 0;
    for key in keys {
        match sessions.site_key_caller(&key).await {
            Ok(_) => hold += 1,
            Err(SessionError::NotAuthenticated) => {}
            Err(error) => return Err(error.into()),
        }
    }
    ensure!(hold == 1, "{hold} keys hold");
    let left = storage.read().await?.list_webhook_secrets(site.id, at(1 << 30)).await?;
    ensure!(left.len() == 1, "{} secrets hold", left.len());
    Ok(())
}

/// One row that the database refuses a run for, and one that is fine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_integration_whose_run_cannot_be_queued_stops_no_other() -> anyhow::Result<()> {
    let Database { storage, config, folder: _folder } = Backend::Sqlite.database().await?;
    let storage: Arc<dyn Storage> = Arc::new(storage);
    let clock = Arc::new(FixedClock::default());
    let mut ids = Vec::new();
    for name in ["Bad", "Good"] {
        let (_, site) = make_site(&*storage, name).await?;
        let mut integration = make_integration(&*storage, &site).await?;
        integration.next_sync_at = Some(at(0));
        let mut unit = storage.begin().await?;
        unit.update_integration(&integration).await?;
        unit.commit().await?;
        ids.push(integration.id);
    }
    let path = config.url.expose_secret().strip_prefix("sqlite://").unwrap_or_default();
    SqliteConnection::establish(path)?.batch_execute(&format!(
        "CREATE TRIGGER refuse BEFORE INSERT ON runs WHEN NEW.integration_id = {} \
         BEGIN SELECT RAISE(ABORT, 'damaged'); END",
        ids[0]
    ))?;
    let platforms = Platforms::default().with(Arc::new(ScriptedPlatform::new()));
    let every = Some(TimeDelta::minutes(15));
    clock.set(at(60));
    let runs = SyncService::new(storage.clone(), platforms, Arc::new(CountingQueue::default()), clock, every);
    ensure!(runs.queue_due().await? == 1);
    let mut unit = storage.read().await?;
    ensure!(unit.find_active_run(ids[0]).await?.is_none());
    ensure!(unit.find_active_run(ids[1]).await?.is_some());
    Ok(())
}

async fn until_somebody_waits(url: &SecretString) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(url.expose_secret(), NoTls).await?;
    tokio::spawn(connection);
    loop {
        let waiting = "SELECT count(*) FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let row = client.query_one(waiting, &[]).await?;
        if row.get::<_, i64>(0) > 0 {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}
