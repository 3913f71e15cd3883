//! One integration: made, changed, deleted.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::Outcome;
use super::fixture::{World, at, change, change_integration, new_integration, queue, store, url};
use crate::content::{
    Conflict, ContentFailure, ContentStatus, FieldPatch, FormerLink, PushIntent, SyncState,
};
use crate::event::Action;
use crate::integration::{
    ConflictPolicy, Integration, NewIntegration, PlatformName, SealedCredentials, StatusError, Structure,
    SyncMemory, SyncStatus, TaxonomyEntry, TypeEntry, TypeMemory,
};
use crate::ports::storage::{Cursor, EventFilter, Storage, StorageError};

/// Another platform or another site is no conflict.
pub async fn a_site_has_one_integration_for_each_platform(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut unit = storage.begin().await?;
    let again = unit.insert_integration(&new_integration(&world.site)).await;
    ensure!(matches!(again, Err(StorageError::Conflict)), "{again:?}");
    drop(unit);
    let (site, id) = (world.site.id, world.integration.id);
    let mut unit = storage.begin().await?;
    let custom = NewIntegration { platform: PlatformName::Custom, ..new_integration(&world.site) };
    let custom = unit.insert_integration(&custom).await?;
    unit.commit().await?;
    let (_, elsewhere) = world.add_site(storage, "Second").await?;
    let mut unit = storage.read().await?;
    let found = unit.find_integration_of_site(site, PlatformName::Wordpress).await?;
    ensure!(found == Some(world.integration));
    ensure!(unit.find_integration_of_site(site, PlatformName::Custom).await? == Some(custom));
    ensure!(unit.find_integration_of_site(site, PlatformName::Shopify).await? == None);
    ensure!(elsewhere.id > id);
    Ok(())
}

fn filled(integration: &mut Integration) -> Outcome {
    let entry = TypeEntry {
        label: "Bücher „neu“ 📚".to_owned(),
        count: 7,
        enabled: Some(false),
        fetch_limit: Some(500),
    };
    let taxonomy = TaxonomyEntry { label: "Genre".to_owned(), count: 0, enabled: None };
    integration.site_url = url("https://other.example/blog")?;
    integration.structure = Some(Structure {
        post_types: BTreeMap::from([("book".to_owned(), entry)]),
        taxonomies: BTreeMap::from([("genre".to_owned(), taxonomy)]),
        plugin: Some(json!({"version": "1.2.3", "signs_webhooks": true})),
        timestamp: Some(at(8)),
    });
    integration.credentials = SealedCredentials(vec![0, 1, 254, 255, 0]);
    integration.is_active = false;
    integration.sync_enabled = false;
    integration.conflict_policy = ConflictPolicy::PreferWordpress;
    integration.sync_status = SyncStatus::Failed;
    integration.run_status = SyncStatus::Partial;
    integration.sync_error = Some(StatusError::new("tls", "„abgelaufen“ 'x' \\ \" 🦊"));
    integration.last_sync_at = Some(at(4));
    integration.next_sync_at = Some(at(5));
    let memory = TypeMemory { watermark: at(1), unseen: -2, fetched_at: at(2) };
    integration.memory = SyncMemory {
        types: BTreeMap::from([("post".to_owned(), memory)]),
        audited_at: Some(at(3)),
        quiet_until: Some(at(4)),
    };
    integration.platform_state = json!({"api": {"root": "https://x/", "n": [1, 2.5, null, "ü"]}});
    integration.updated_at = at(9);
    Ok(())
}

/// Every column, with JSON, bytes and microseconds.
pub async fn an_integration_reads_back_as_it_was_stored(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Läden & Co 🛒").await?;
    let made = world.integration.clone();
    ensure!(made.site_name == "Läden & Co 🛒" && made.site_id == world.site.id && made.is_active);
    ensure!(made.sync_status == SyncStatus::Never && made.run_status == SyncStatus::Never);
    ensure!(made.created_at == at(0) && made.updated_at == at(0) && made.credentials.0.is_empty());
    let mut unit = storage.read().await?;
    ensure!(unit.find_integration(made.id).await? == Some(made.clone()));
    drop(unit);
    let mut changed = made.clone();
    filled(&mut changed)?;
    let changed = change_integration(storage, &made, |row| *row = changed).await?;
    ensure!(changed.version == made.version + 1);
    let mut unit = storage.begin().await?;
    ensure!(unit.find_integration(made.id).await?.as_ref() == Some(&changed));
    ensure!(unit.lock_integration(made.id).await? == Some(changed));
    Ok(())
}

/// Owner, site, platform and the time of making stay, whatever the entity says.
pub async fn an_update_leaves_what_it_may_not_write(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let stranger = World::make(storage, "Other").await?;
    let made = world.integration;
    let changed = change_integration(storage, &made, |row| {
        row.account_id = stranger.account.id;
        row.site_id = stranger.site.id;
        row.platform = PlatformName::Custom;
        row.created_at = at(99);
        row.updated_at = at(9);
    });
    let version = changed.await?.version;
    let mut unit = storage.read().await?;
    let expected = Integration { version, updated_at: at(9), ..made.clone() };
    ensure!(unit.find_integration(made.id).await? == Some(expected));
    Ok(())
}

/// Compare-and-set on the version.
pub async fn an_integration_updated_from_a_stale_version_is_refused(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let first = change_integration(storage, &world.integration, |row| row.is_active = false).await?;
    let mut unit = storage.begin().await?;
    let stale = unit.update_integration(&world.integration).await;
    ensure!(matches!(stale, Err(StorageError::Conflict)), "{stale:?}");
    drop(unit);
    let mut unit = storage.begin().await?;
    ensure!(unit.find_integration(first.id).await?.as_ref() == Some(&first));
    unit.delete_integration(&first, at(9)).await?;
    unit.commit().await?;
    let mut unit = storage.begin().await?;
    let gone = unit.update_integration(&first).await;
    ensure!(matches!(gone, Err(StorageError::Conflict)), "{gone:?}");
    Ok(())
}

/// Somebody who changed them in between is not overwritten; the version moves.
pub async fn credentials_are_resealed_only_where_they_still_are_the_old_ones(
    storage: &dyn Storage,
) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let (old, new) = (SealedCredentials(vec![0, 1]), SealedCredentials(vec![0, 2]));
    let stored = change_integration(storage, &world.integration, |row| row.credentials = old.clone()).await?;
    let mut unit = storage.begin().await?;
    ensure!(!unit.reseal_credentials(stored.id, &new, &old).await?);
    ensure!(unit.reseal_credentials(stored.id, &old, &new).await?);
    ensure!(!unit.reseal_credentials(stored.id, &old, &new).await?);
    unit.commit().await?;
    let mut unit = storage.read().await?;
    let found = unit.find_integration(stored.id).await?.context("it is gone")?;
    ensure!(found.credentials == new && found.version == stored.version + 1);
    Ok(())
}

/// The site, its contents and another integration's history stay.
pub async fn deleting_an_integration_takes_its_runs_and_events_and_no_others(
    storage: &dyn Storage,
) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    for world in [&world, &other] {
        queue(storage, &world.new_run(false, at(1))).await?;
        let mut unit = storage.begin().await?;
        unit.insert_events(&[world.new_event(Action::Created, at(1))]).await?;
        unit.commit().await?;
    }
    let mut unit = storage.begin().await?;
    unit.delete_integration(&world.integration, at(9)).await?;
    unit.commit().await?;
    let mut unit = storage.read().await?;
    ensure!(unit.find_integration(world.integration.id).await? == None);
    ensure!(unit.find_site(world.site.id).await? == Some(world.site));
    for (integration, left) in [(world.integration.id, 0), (other.integration.id, 1)] {
        let events = unit.list_events(&EventFilter::of(integration), Cursor::Newest, 10).await?;
        let runs = unit.list_runs(integration, Cursor::Newest, 10).await?;
        ensure!(events.items.len() == left && runs.items.len() == left, "{events:?} {runs:?}");
    }
    Ok(())
}

/// What was agreed stays with the former link; a conflict, a failure, an intent or a wanted pull does not.
pub async fn deleting_an_integration_turns_its_links_into_former_ones(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    let stored = store(storage, &world.new_linked("5")).await?;
    let troubled = change(storage, &stored, |content| {
        let external = FieldPatch { title: Some("theirs".to_owned()), ..FieldPatch::default() };
        content.conflict =
            Some(Conflict { fields: BTreeMap::new(), external: external.clone(), external_deleted: false });
        content.failure =
            Some(ContentFailure { code: "x".into(), message: "y".into(), count: 2, parked: true });
        content.intent = Some(PushIntent { fields: external, sent_at: at(2) });
        content.pull_wanted = true;
    })
    .await?;
    let draft = store(storage, &{
        let mut draft = world.new_linked("6");
        draft.fields.status = ContentStatus::Draft;
        draft
    })
    .await?;
    let bystander = store(storage, &other.new_linked("5")).await?;
    let mut unit = storage.begin().await?;
    unit.delete_integration(&world.integration, at(9)).await?;
    unit.commit().await?;

    let mut unit = storage.read().await?;
    let identity = world.integration.site_url.identity();
    let found = unit.find_content(troubled.id).await?.context("it is gone")?;
    ensure!(found.link.is_none() && found.version == troubled.version + 1 && found.updated_at == at(9));
    let former = troubled.link.clone().map(|link| FormerLink { site_identity: identity, link });
    ensure!(found.former_link == former, "{:?}", found.former_link);
    ensure!(found.conflict.is_none() && found.failure.is_none() && found.intent.is_none());
    ensure!(!found.pull_wanted && found.sync_state == SyncState::PendingPush, "{:?}", found.sync_state);
    ensure!(found.fields == troubled.fields && found.created_at == troubled.created_at);
    let found = unit.find_content(draft.id).await?.context("it is gone")?;
    ensure!(found.link.is_none() && found.sync_state == SyncState::Unlinked, "{:?}", found.sync_state);
    ensure!(unit.find_content(bystander.id).await? == Some(bystander));
    Ok(())
}

/// Where the integration goes back to a site, the posts that were there are the ones to find again.
pub async fn unlinking_keeps_the_former_links_of_the_site_it_goes_back_to(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let bystander = World::make(storage, "Other").await?;
    let theirs = store(storage, &bystander.new_linked("5")).await?;
    let former = FormerLink { site_identity: "old.example".to_owned(), link: world.link("7") };
    let plain = store(storage, &world.new_linked("5")).await?;
    let returning = store(storage, &world.new_linked("6")).await?;
    let returning = change(storage, &returning, |content| content.former_link = Some(former.clone())).await?;
    let mut unit = storage.begin().await?;
    unit.unlink_contents(&world.integration, Some("old.example"), at(9)).await?;
    unit.commit().await?;

    let mut unit = storage.read().await?;
    let site_identity = world.integration.site_url.identity();
    let left = plain.link.clone().map(|link| FormerLink { site_identity, link });
    for (content, expected) in [(&plain, left), (&returning, Some(former))] {
        let found = unit.find_content(content.id).await?.context("it is gone")?;
        ensure!(found.link.is_none() && found.version == content.version + 1, "{found:?}");
        ensure!(found.former_link == expected, "{:?}", found.former_link);
    }
    ensure!(unit.find_content(theirs.id).await? == Some(theirs));
    ensure!(unit.find_integration(world.integration.id).await?.is_some());
    Ok(())
}

/// A client that kept an id must never meet another row under it.
pub async fn an_integration_id_is_never_used_again(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut unit = storage.begin().await?;
    unit.delete_integration(&world.integration, at(9)).await?;
    unit.commit().await?;
    let mut unit = storage.begin().await?;
    let next = unit.insert_integration(&new_integration(&world.site)).await?;
    unit.commit().await?;
    ensure!(next.id > world.integration.id, "{} was used again", next.id);
    Ok(())
}
