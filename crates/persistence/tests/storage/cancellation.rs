//! A unit of work may be dropped at any point, by a time limit or with its task: nobody after it must notice.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use igny8_integration_domain::integration::ConflictPolicy;
use igny8_integration_domain::ports::storage::{Storage, StorageError};
use igny8_integration_persistence::{DatabaseConfig, connect};
use rstest::rstest;

use crate::support::{Backend, Database, at, make_integration, make_site};

/// Writes something and commits it, through the whole of a unit.
async fn write(storage: &dyn Storage, name: &str) -> Result<(), StorageError> {
    let mut unit = storage.begin().await?;
    let account = unit.insert_account(name, ConflictPolicy::Ask, at(0)).await?;
    unit.find_account(account.id).await?;
    unit.commit().await
}

/// The storage still does all it should, on every connection it may have.
async fn is_well(database: &Database, name: &str) -> anyhow::Result<()> {
    for round in 0..3 {
        write(&database.storage, &format!("{name} {round}")).await.context("a write after the drop")?;
    }
    let mut readers = Vec::new();
    for _ in 0..4 {
        readers.push(database.storage.read().await.context("a read after the drop")?);
    }
    for mut reader in readers {
        ensure!(reader.find_account_by_name(&format!("{name} 2")).await?.is_some());
        reader.commit().await?;
    }
    Ok(())
}

/// Polls a unit's whole life a bounded number of times and drops it there: before the first poll, while it gets a
/// connection, while it begins, on a statement's way, while it commits, and after its end.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_dropped_at_any_point_harms_nobody(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let database = backend.database().await?;
    let mut finished = false;
    for polls in 0..40 {
        let name = format!("cut after {polls}");
        let mut unit = Box::pin(write(&database.storage, &name));
        let mut left = polls;
        let outcome = std::future::poll_fn(|context| {
            if left == 0 {
                return std::task::Poll::Ready(None);
            }
            left -= 1;
            unit.as_mut().poll(context).map(Some)
        })
        .await;
        drop(unit);
        let stored = database.storage.read().await?.find_account_by_name(&name).await?.is_some();
        match outcome {
            None => {}
            Some(outcome) => {
                outcome?;
                ensure!(stored, "a commit that was answered is not there");
                finished = true;
            }
        }
        is_well(&database, &format!("after {polls}")).await?;
    }
    ensure!(finished, "no unit ever came to its end");
    Ok(())
}

/// The statement waits for a lock that somebody else holds, the time limit ends, and the next one gets the row.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_limit_on_a_waiting_statement_harms_nobody(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let database = backend.database().await?;
    let (_, site) = make_site(&database.storage, "Acme").await?;
    let integration = make_integration(&database.storage, &site).await?;
    let mut holder = database.storage.begin().await?;
    holder.lock_integration(integration.id).await?;
    let waiting = async {
        let mut unit = database.storage.begin().await?;
        unit.lock_integration(integration.id).await?;
        unit.commit().await
    };
    let outcome = tokio::time::timeout(Duration::from_millis(50), waiting).await;
    ensure!(outcome.is_err(), "nobody held the row: {outcome:?}");
    holder.commit().await?;
    let mut unit = database.storage.begin().await?;
    ensure!(unit.lock_integration(integration.id).await?.is_some());
    unit.commit().await?;
    is_well(&database, "after the limit").await
}

/// An abandoned unit gives its locks back by itself, not only when its connection is wanted again: another process
/// is waiting for them.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abandoned_unit_gives_its_locks_to_another_process(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let database = backend.database().await?;
    let (_, site) = make_site(&database.storage, "Acme").await?;
    let integration = make_integration(&database.storage, &site).await?;
    let mut abandoned = database.storage.begin().await?;
    abandoned.lock_integration(integration.id).await?;
    drop(abandoned);
    let elsewhere = connect(&database.config)?;
    let mut unit = elsewhere.begin().await?;
    let update = unit.lock_integration(integration.id).await?.context("it is gone")?;
    unit.update_integration(&update).await?;
    unit.commit().await?;
    Ok(())
}

/// Whoever finds every connection taken is told so after the wait, and gets one when there is one again.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_waits_too_long_for_a_connection_is_told_to_come_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let database = backend.database().await?;
    let config = DatabaseConfig {
        max_connections: 1,
        wait_timeout: Duration::from_millis(100),
        ..database.config.clone()
    };
    let storage = connect(&config)?;
    let holder = storage.begin().await?;
    let refused = storage.begin().await.err().context("two units on one connection")?;
    ensure!(matches!(refused, StorageError::Unavailable(_)), "{refused:?}");
    drop(holder);
    write(&storage, "Acme").await?;
    Ok(())
}

/// A statement whose future was dropped may have happened or not: such a unit must not be committed.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_with_an_abandoned_statement_refuses_to_commit(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let database = backend.database().await?;
    for attempt in 0..100 {
        let mut unit = database.storage.begin().await?;
        let name = format!("Acme {attempt}");
        let abandoned = {
            let mut statement = Box::pin(unit.insert_account(&name, ConflictPolicy::Ask, at(0)));
            let pending = std::future::poll_fn(|context| {
                std::task::Poll::Ready(statement.as_mut().poll(context).is_pending())
            });
            pending.await
        };
        // A busy machine may let the database answer within the first poll: that one was not abandoned.
        if abandoned {
            ensure!(unit.commit().await.is_err(), "a unit in doubt was committed");
            return is_well(&database, "after the doubt").await;
        }
    }
    bail!("every statement was answered at once")
}
