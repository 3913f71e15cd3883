//! Units of work: whole or not at all, one after the other where they touch the same row.

use anyhow::{Context as _, ensure};
use futures_util::future::join_all;

use super::Outcome;
use super::fixture::{World, at, change, new_site, store};
use crate::event::Action;
use crate::id::AccountId;
use crate::integration::ConflictPolicy;
use crate::ports::storage::{Cursor, EventFilter, NewSite, Storage, StorageError};

/// A panic, a cancelled request and an early return all drop their unit.
pub async fn what_is_dropped_never_happened(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let content = store(storage, &world.new_content("before")).await?;
    let mut unit = storage.begin().await?;
    let mut changed = content.clone();
    changed.fields.title = "after".into();
    unit.update_content(&changed).await?;
    let extra = unit.insert_content(&world.new_content("extra")).await?;
    unit.insert_events(&[world.new_event(Action::Updated, at(2))]).await?;
    drop(unit);
    let mut unit = storage.begin().await?;
    ensure!(unit.find_content(content.id).await?.as_ref() == Some(&content));
    ensure!(unit.find_content(extra.id).await? == None);
    let events = unit.list_events(&EventFilter::of(world.integration.id), Cursor::Newest, 9).await?;
    ensure!(events.items.is_empty());
    unit.update_content(&changed).await?;
    unit.commit().await?;
    Ok(())
}

/// Everything of it, at once.
pub async fn what_is_committed_is_there_for_everybody(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut unit = storage.begin().await?;
    let content = unit.insert_content(&world.new_content("a")).await?;
    unit.insert_events(&[world.new_event(Action::Created, at(2))]).await?;
    unit.commit().await?;
    for mut unit in [storage.read().await?, storage.begin().await?] {
        ensure!(unit.find_content(content.id).await?.as_ref() == Some(&content));
        let events = unit.list_events(&EventFilter::of(world.integration.id), Cursor::Newest, 9).await?;
        ensure!(events.items.len() == 1);
        unit.commit().await?;
    }
    Ok(())
}

/// Readers don't wait for a writer and don't see its work.
pub async fn nobody_sees_what_is_not_committed(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut writer = storage.begin().await?;
    let content = writer.insert_content(&world.new_content("a")).await?;
    ensure!(storage.read().await?.find_content(content.id).await? == None);
    writer.commit().await?;
    ensure!(storage.read().await?.find_content(content.id).await? == Some(content));
    Ok(())
}

/// What is committed after the first look stays out of sight.
pub async fn a_reader_sees_one_consistent_view(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let content = store(storage, &world.new_content("before")).await?;
    let mut reader = storage.read().await?;
    ensure!(reader.content_totals(world.site.id).await?.contents == 1);
    change(storage, &content, |content| content.fields.title = "after".into()).await?;
    store(storage, &world.new_content("second")).await?;
    ensure!(reader.find_content(content.id).await? == Some(content.clone()));
    ensure!(reader.content_totals(world.site.id).await?.contents == 1);
    reader.commit().await?;
    ensure!(storage.read().await?.content_totals(world.site.id).await?.contents == 2);
    Ok(())
}

/// Before it commits.
pub async fn a_unit_sees_its_own_changes(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut unit = storage.begin().await?;
    let mut content = unit.insert_content(&world.new_content("a")).await?;
    ensure!(unit.find_content(content.id).await?.as_ref() == Some(&content));
    for title in ["b", "c"] {
        content.fields.title = title.to_owned();
        content.version = unit.update_content(&content).await?;
        ensure!(unit.lock_content(content.id).await?.as_ref() == Some(&content));
    }
    unit.commit().await?;
    ensure!(storage.read().await?.find_content(content.id).await? == Some(content));
    Ok(())
}

/// The database may have given up the transaction long before: the unit must not pretend otherwise.
pub async fn after_a_failed_statement_commit_refuses(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let nobody = AccountId::new(1 << 40).context("an id")?;
    let mut unit = storage.begin().await?;
    let content = unit.insert_content(&world.new_content("a")).await?;
    let orphan = NewSite { account_id: nobody, ..new_site(&world.account, "orphan")? };
    ensure!(unit.insert_site(orphan).await.is_err(), "a site without an account was stored");
    ensure!(unit.find_site(world.site.id).await.is_err(), "the unit answered after a failed statement");
    ensure!(unit.commit().await.is_err(), "the unit committed after a failed statement");
    ensure!(storage.read().await?.find_content(content.id).await? == None);
    Ok(())
}

/// A conflict is a failed statement too: whoever meets one begins anew.
pub async fn after_a_conflict_commit_refuses(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut unit = storage.begin().await?;
    let content = unit.insert_content(&world.new_content("a")).await?;
    let again = unit.insert_account("Acme", ConflictPolicy::Ask, at(1)).await;
    ensure!(matches!(again, Err(StorageError::Conflict)), "{again:?}");
    ensure!(unit.find_site(world.site.id).await.is_err(), "the unit answered after a conflict");
    ensure!(unit.commit().await.is_err(), "the unit committed after a conflict");
    ensure!(storage.read().await?.find_content(content.id).await? == None);
    Ok(())
}

/// A held row is read as it is after the other writer: no update is lost and none is refused.
pub async fn two_writers_of_one_integration_lose_nothing(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let id = world.integration.id;
    let writer = async || -> Outcome {
        for _ in 0..10 {
            let mut unit = storage.begin().await?;
            let mut row = unit.lock_integration(id).await?.context("it is gone")?;
            let count = row.platform_state.as_i64().unwrap_or_default() + 1;
            row.platform_state = count.into();
            unit.update_integration(&row).await?;
            unit.commit().await?;
        }
        Ok(())
    };
    join_all([writer(), writer()]).await.into_iter().collect::<Outcome>()?;
    let row = storage.read().await?.find_integration(id).await?.context("it is gone")?;
    ensure!(row.platform_state == 20, "{}", row.platform_state);
    ensure!(row.version == world.integration.version + 20);
    Ok(())
}

/// Whichever way the row was held.
pub async fn two_writers_of_one_content_lose_nothing(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let content = store(storage, &world.new_linked("5")).await?;
    let asked = ["5".to_owned()];
    let writer = async |way: u8| -> Outcome {
        for _ in 0..8 {
            let mut unit = storage.begin().await?;
            let held = match way {
                0 => unit.lock_content(content.id).await?,
                1 => unit.lock_contents(world.site.id, &[content.id]).await?.pop(),
                _ => unit.lock_linked_contents(world.integration.id, &asked).await?.pop(),
            };
            let mut row = held.context("it is gone")?;
            row.fields.html.push('x');
            unit.update_content(&row).await?;
            unit.commit().await?;
        }
        Ok(())
    };
    join_all([writer(0), writer(1), writer(2)]).await.into_iter().collect::<Outcome>()?;
    let row = storage.read().await?.find_content(content.id).await?.context("it is gone")?;
    ensure!(row.fields.html.len() == 24 && row.version == content.version + 24, "{row:?}");
    Ok(())
}

/// Writers that have nothing to do with each other wait at most, and never fail.
pub async fn writers_of_different_contents_all_get_through(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let writer = async |number: i64| -> Outcome {
        let mut content = store(storage, &world.new_linked(&number.to_string())).await?;
        for _ in 0..3 {
            content = change(storage, &content, |content| content.fields.html.push('x')).await?;
        }
        Ok(())
    };
    join_all((1..=12).map(writer)).await.into_iter().collect::<Outcome>()?;
    let mut unit = storage.read().await?;
    ensure!(unit.count_links(world.integration.id, "post").await? == 12);
    Ok(())
}

/// With its schema in place and nobody gone.
pub async fn a_new_storage_is_ready(storage: &dyn Storage) -> Outcome {
    storage.check_ready().await?;
    Ok(())
}
