//! History.

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use serde_json::json;

use super::Outcome;
use super::fixture::{World, at, queue, store};
use crate::event::{Action, Actor, ActorKind, EventType, NewEvent, SyncEvent};
use crate::id::EventId;
use crate::ports::storage::{Cursor, EventFilter, Storage};

async fn insert(storage: &dyn Storage, events: &[NewEvent]) -> anyhow::Result<Vec<EventId>> {
    let mut unit = storage.begin().await?;
    let ids = unit.insert_events(events).await?;
    unit.commit().await?;
    Ok(ids)
}

async fn list(storage: &dyn Storage, filter: &EventFilter) -> anyhow::Result<Vec<EventId>> {
    let page = storage.read().await?.list_events(filter, Cursor::Newest, 100).await?;
    ensure!(!page.has_newer && !page.has_older);
    Ok(page.items.iter().map(|event| event.id).collect())
}

/// Full and empty ones, in the order they were given.
pub async fn events_read_back_as_they_were_stored(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let content = store(storage, &world.new_content("a")).await?;
    let run = queue(storage, &world.new_run(false, at(1))).await?;
    let empty = world.new_event(Action::RunStarted, at(2));
    let full = NewEvent {
        event_type: EventType::Metadata,
        action: Action::Skipped,
        success: false,
        content_id: Some(content.id),
        external_id: Some("5".to_owned()),
        run_id: Some(run.id),
        actor: Actor { kind: ActorKind::SiteKey, id: Some(3) },
        details: json!({"fields": ["title"], "nested": {"ü": [null, true, 1.5, "🦊 '\"\\"]}}),
        error_code: Some("locked".to_owned()),
        error_message: Some("„Maria“ is editing it".to_owned()),
        duration_ms: Some(i64::from(u32::MAX) * 2),
        ..world.new_event(Action::Skipped, at(1))
    };
    let ids = insert(storage, &[full.clone(), empty.clone()]).await?;
    ensure!(insert(storage, &[]).await?.is_empty());
    let [first, second] = ids.as_slice() else { anyhow::bail!("{} ids", ids.len()) };
    ensure!(first < second);
    let filter = EventFilter::of(world.integration.id);
    let page = storage.read().await?.list_events(&filter, Cursor::Newest, 10).await?;
    ensure!(page.items == [SyncEvent { id: *second, entry: empty }, SyncEvent { id: *first, entry: full }]);
    Ok(())
}

/// From the newest to the oldest and back, with both ends told right.
#[expect(clippy::many_single_char_names, reason = "rows in the order they were made")]
pub async fn events_are_listed_newest_first_in_both_directions(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    let mut ids = Vec::new();
    for second in 0..5 {
        ids.extend(insert(storage, &[world.new_event(Action::Pulled, at(second))]).await?);
        insert(storage, &[other.new_event(Action::Pulled, at(second))]).await?;
    }
    let [a, b, c, d, e] = ids.as_slice() else { anyhow::bail!("five were made") };
    let mut unit = storage.read().await?;
    for (cursor, limit, items, newer, older) in [
        (Cursor::Newest, 2, vec![*e, *d], false, true),
        (Cursor::Newest, 5, vec![*e, *d, *c, *b, *a], false, false),
        (Cursor::OlderThan(d.get()), 2, vec![*c, *b], true, true),
        (Cursor::OlderThan(c.get()), 2, vec![*b, *a], true, false),
        (Cursor::NewerThan(a.get()), 2, vec![*c, *b], true, true),
        (Cursor::NewerThan(c.get()), 2, vec![*e, *d], false, true),
        (Cursor::NewerThan(d.get()), 2, vec![*e], false, true),
    ] {
        let page = unit.list_events(&EventFilter::of(world.integration.id), cursor, limit).await?;
        let found: Vec<_> = page.items.iter().map(|event| event.id).collect();
        ensure!(found == items, "{cursor:?}: {found:?}");
        ensure!((page.has_newer, page.has_older) == (newer, older), "{cursor:?}");
    }
    Ok(())
}

/// An empty page still says on which side there is something.
pub async fn a_place_beyond_either_end_shows_what_is_left(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let filter = EventFilter::of(world.integration.id);
    let mut unit = storage.read().await?;
    for cursor in [Cursor::Newest, Cursor::OlderThan(9), Cursor::NewerThan(9)] {
        let page = unit.list_events(&filter, cursor, 2).await?;
        ensure!(page.items.is_empty() && !page.has_newer && !page.has_older, "{cursor:?}");
    }
    drop(unit);
    let ids = insert(storage, &[world.new_event(Action::Pulled, at(1))]).await?;
    let id = ids.first().context("one was made")?.get();
    let mut unit = storage.read().await?;
    for (cursor, newer, older) in [(Cursor::OlderThan(id), true, false), (Cursor::NewerThan(id), false, true)]
    {
        let page = unit.list_events(&filter, cursor, 2).await?;
        ensure!(page.items.is_empty(), "{cursor:?}");
        ensure!((page.has_newer, page.has_older) == (newer, older), "{cursor:?}");
    }
    Ok(())
}

/// Type, action, outcome, content, run and time (`since` counts, `until` does not), alone and together.
pub async fn everything_that_is_set_narrows_the_list_of_events(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    let content = store(storage, &world.new_content("a")).await?.id;
    let run = queue(storage, &world.new_run(false, at(1))).await?.id;
    let pulled = world.new_event(Action::Pulled, at(10));
    let pushed =
        NewEvent { success: false, content_id: Some(content), ..world.new_event(Action::Pushed, at(20)) };
    let started = NewEvent {
        event_type: EventType::Sync,
        run_id: Some(run),
        ..world.new_event(Action::RunStarted, at(30))
    };
    let ids = insert(storage, &[pulled, pushed, started]).await?;
    insert(storage, &[other.new_event(Action::Pulled, at(10))]).await?;
    let [a, b, c] = ids.as_slice() else { anyhow::bail!("three were made") };
    let all = EventFilter::of(world.integration.id);
    let tick = TimeDelta::microseconds(1);
    let cases = [
        (all.clone(), vec![*c, *b, *a]),
        (EventFilter { event_type: Some(EventType::Content), ..all.clone() }, vec![*b, *a]),
        (EventFilter { action: Some(Action::Pulled), ..all.clone() }, vec![*a]),
        (EventFilter { success: Some(true), ..all.clone() }, vec![*c, *a]),
        (EventFilter { success: Some(false), ..all.clone() }, vec![*b]),
        (EventFilter { content_id: Some(content), ..all.clone() }, vec![*b]),
        (EventFilter { run_id: Some(run), ..all.clone() }, vec![*c]),
        (EventFilter { since: Some(at(20)), ..all.clone() }, vec![*c, *b]),
        (EventFilter { since: Some(at(20) + tick), ..all.clone() }, vec![*c]),
        (EventFilter { until: Some(at(20)), ..all.clone() }, vec![*a]),
        (EventFilter { until: Some(at(20) + tick), ..all.clone() }, vec![*b, *a]),
        (EventFilter { since: Some(at(10)), until: Some(at(30)), success: Some(true), ..all }, vec![*a]),
    ];
    for (filter, expected) in cases {
        ensure!(list(storage, &filter).await? == expected, "{filter:?}");
    }
    Ok(())
}

/// Whether there is more is asked of what the list holds, not of everything.
pub async fn a_cursor_sees_only_what_passes_the_filter(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut events = Vec::new();
    for second in 0..6 {
        let action = if second % 2 == 0 { Action::Pulled } else { Action::Pushed };
        events.push(world.new_event(action, at(second)));
    }
    let ids = insert(storage, &events).await?;
    let [a, _, c, _, e, f] = ids.as_slice() else { anyhow::bail!("six were made") };
    let filter = EventFilter { action: Some(Action::Pulled), ..EventFilter::of(world.integration.id) };
    let mut unit = storage.read().await?;
    for (cursor, items, newer, older) in [
        (Cursor::Newest, vec![*e, *c], false, true),
        (Cursor::OlderThan(f.get()), vec![*e, *c], false, true),
        (Cursor::OlderThan(c.get()), vec![*a], true, false),
        (Cursor::NewerThan(a.get()), vec![*e, *c], false, true),
    ] {
        let page = unit.list_events(&filter, cursor, 2).await?;
        let found: Vec<_> = page.items.iter().map(|event| event.id).collect();
        ensure!(found == items, "{cursor:?}: {found:?}");
        ensure!((page.has_newer, page.has_older) == (newer, older), "{cursor:?}");
    }
    Ok(())
}

/// Ids grow with time, and the cursors rely on it.
pub async fn an_event_id_is_never_used_again(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    let gone = insert(storage, &[world.new_event(Action::Pulled, at(1))]).await?;
    let mut unit = storage.begin().await?;
    unit.delete_integration(&world.integration, at(2)).await?;
    unit.commit().await?;
    let next = insert(storage, &[other.new_event(Action::Pulled, at(3))]).await?;
    ensure!(next > gone, "{next:?} was used again");
    Ok(())
}

/// The oldest first; whose they are does not matter.
pub async fn old_events_are_forgotten_in_batches(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    let mut events: Vec<NewEvent> =
        (0..4).map(|second| world.new_event(Action::Pulled, at(second))).collect();
    events.push(other.new_event(Action::Pulled, at(2)));
    let ids = insert(storage, &events).await?;
    let mut unit = storage.begin().await?;
    ensure!(unit.purge_events(at(3), 3).await? == 3);
    ensure!(unit.purge_events(at(3), 3).await? == 1);
    ensure!(unit.purge_events(at(3), 3).await? == 0);
    unit.commit().await?;
    ensure!(
        list(storage, &EventFilter::of(world.integration.id)).await? == ids.get(3..4).unwrap_or_default()
    );
    ensure!(list(storage, &EventFilter::of(other.integration.id)).await?.is_empty());
    Ok(())
}
