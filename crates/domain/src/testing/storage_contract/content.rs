//! One content: made, changed, held; and how many stand where.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, TimeDelta};
use serde_json::json;

use super::Outcome;
use super::fixture::{World, at, change, store};
use crate::content::{
    Conflict, Content, ContentFailure, ContentFields, ContentStatus, Field, FieldConflict, FieldPatch,
    FormerLink, PushIntent, Seo, SyncState, Term,
};
use crate::ports::storage::{ContentTotals, Storage, StorageError};

async fn find(storage: &dyn Storage, content: &Content) -> anyhow::Result<Content> {
    storage.read().await?.find_content(content.id).await?.context("the content is gone")
}

fn full_fields() -> ContentFields {
    ContentFields {
        title: "„Grüße“ & <b>'x'</b> 🦊".to_owned(),
        html: "<p>\u{2028}\r\n\\ \" 𝒳</p>".to_owned(),
        excerpt: "kurz\tgesagt".to_owned(),
        slug: "gruesse".to_owned(),
        status: ContentStatus::Approved,
        publish_at: Some(at(500)),
        terms: vec![
            Term { taxonomy: "category".into(), name: "R&D".into(), slug: Some("r-d".into()) },
            Term { taxonomy: "post_tag".into(), name: "C++".into(), slug: None },
        ],
        seo: Seo {
            title: "T".into(),
            description: "Ü".into(),
            focus_keyword: "k".into(),
            canonical: "https://shop.example/x".into(),
        },
        featured_image_url: Some("https://shop.example/bild.png".into()),
    }
}

/// Every column, with what was agreed, a conflict, a failure and an intent.
pub async fn a_content_reads_back_as_it_was_stored(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut new = world.new_linked("5");
    new.fields = full_fields();
    let made = store(storage, &new).await?;
    ensure!(made.fields == new.fields && made.link == new.link && made.content_type == "post");
    ensure!(made.created_at == at(1) && made.updated_at == at(1));
    ensure!(find(storage, &made).await? == made);

    let patch = FieldPatch::from(&new.fields);
    let full = change(storage, &made, |content| {
        if let Some(link) = &mut content.link {
            for field in Field::ALL {
                link.base.agree(field, &patch, &patch);
            }
            link.base.deleted = true;
            link.external_url = None;
            link.external_modified_at = None;
            link.external_sequence = None;
        }
        content.content_type = "book".into();
        content.deleted_at = Some(at(2));
        content.former_link =
            Some(FormerLink { site_identity: "old.example".into(), link: world.link("77") });
        content.intent = Some(PushIntent {
            fields: FieldPatch { publish_at: Some(None), ..patch.clone() },
            sent_at: at(3),
        });
        let field = FieldConflict { base: json!(null), local: json!("a"), external: json!(["b", 1]) };
        content.conflict = Some(Conflict {
            fields: BTreeMap::from([(Field::Title, field)]),
            external: patch.clone(),
            external_deleted: true,
        });
        content.failure =
            Some(ContentFailure { code: "c".into(), message: "m 🦊".into(), count: 3, parked: true });
        content.pull_wanted = true;
        content.updated_at = at(4);
    })
    .await?;
    ensure!(full.version == made.version + 1 && full.sync_state == SyncState::Conflict);
    ensure!(find(storage, &full).await? == full);
    let cleared = change(storage, &full, |content| {
        *content = Content { version: content.version, ..made.clone() };
        content.link = None;
        content.fields = ContentFields::default();
    })
    .await?;
    ensure!(find(storage, &cleared).await? == cleared);
    Ok(())
}

/// Nothing is escaped twice, folded, trimmed or cut.
pub async fn every_kind_of_text_reads_back_as_it_was_stored(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let texts = [
        "",
        "  spaces around  ",
        "🦊👩‍👩‍👧‍👦 𝒳 \u{1F1E9}\u{1F1EA}",
        "'; DROP TABLE contents; --",
        "\"double\" 'single' `back` $1 ?1 :name %s {}",
        "a\\b\\\\c",
        "line\r\nbreaks\n\ttabs\u{0B}\u{7F}",
        "e\u{301} is not \u{e9}",
        "\u{FEFF}\u{200B}\u{202E}rtl",
        "null",
        "[]",
        "0012.50",
    ];
    for text in texts {
        let mut new = world.new_content(text);
        new.fields.html = text.to_owned();
        new.fields.slug = text.to_owned();
        new.fields.seo.title = text.to_owned();
        new.fields.terms = vec![Term { taxonomy: "category".into(), name: text.to_owned(), slug: None }];
        let made = store(storage, &new).await?;
        ensure!(made.fields == new.fields, "{text:?}");
        ensure!(find(storage, &made).await?.fields == new.fields, "{text:?}");
    }
    Ok(())
}

/// Bodies have no limit of the store's own.
pub async fn a_body_of_five_megabytes_reads_back_whole(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut new = world.new_linked("5");
    new.fields.html = "<p>Grüße 🦊</p>\n".repeat(5 * 1024 * 1024 / 18 + 1);
    ensure!(new.fields.html.len() > 5_000_000);
    let patch = FieldPatch::from(&new.fields);
    if let Some(link) = &mut new.link {
        link.base.agree(Field::Html, &patch, &patch);
    }
    let made = store(storage, &new).await?;
    ensure!(find(storage, &made).await? == made, "the body came back changed");
    ensure!(made.fields == new.fields, "the body was changed");
    Ok(())
}

/// From the first instant to the last that people write down.
pub async fn times_are_kept_to_the_microsecond(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let instants = [
        DateTime::UNIX_EPOCH,
        DateTime::UNIX_EPOCH + TimeDelta::microseconds(1),
        DateTime::UNIX_EPOCH - TimeDelta::microseconds(1),
        at(0) + TimeDelta::microseconds(876_543),
        DateTime::UNIX_EPOCH + TimeDelta::seconds(253_402_300_799) + TimeDelta::microseconds(999_999),
    ];
    for instant in instants {
        let mut new = world.new_content("dated");
        new.created_at = instant;
        new.fields.publish_at = Some(instant);
        new.deleted_at = Some(instant);
        let made = store(storage, &new).await?;
        let found = find(storage, &made).await?;
        ensure!(found == made && found.created_at == instant, "{instant}");
        ensure!(found.fields.publish_at == Some(instant) && found.deleted_at == Some(instant), "{instant}");
    }
    Ok(())
}

/// A draft gets no post, an approved one does, and what came from the site is in sync.
pub async fn a_content_begins_in_the_state_that_follows_from_it(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut approved = world.new_content("approved");
    approved.fields.status = ContentStatus::Approved;
    for (new, expected) in [
        (world.new_content("draft"), SyncState::Unlinked),
        (approved, SyncState::PendingPush),
        (world.new_linked("5"), SyncState::InSync),
    ] {
        let made = store(storage, &new).await?;
        ensure!(made.sync_state == expected && find(storage, &made).await? == made);
    }
    Ok(())
}

/// Owner, site and the time of making stay, whatever the entity says.
pub async fn an_update_of_a_content_leaves_what_it_may_not_write(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let stranger = World::make(storage, "Other").await?;
    let made = store(storage, &world.new_content("a")).await?;
    let changed = change(storage, &made, |content| {
        content.account_id = stranger.account.id;
        content.site_id = stranger.site.id;
        content.created_at = at(99);
        content.fields.title = "b".into();
    })
    .await?;
    let mut expected = Content { version: changed.version, ..made.clone() };
    expected.fields.title = "b".into();
    ensure!(find(storage, &made).await? == expected);
    Ok(())
}

/// Compare-and-set on the version, a change that changes nothing included.
pub async fn a_content_updated_from_a_stale_version_is_refused(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let made = store(storage, &world.new_content("a")).await?;
    let first = change(storage, &made, |_| ()).await?;
    let mut unit = storage.begin().await?;
    let stale = unit.update_content(&made).await;
    ensure!(matches!(stale, Err(StorageError::Conflict)), "{stale:?}");
    drop(unit);
    let mut unit = storage.begin().await?;
    let ahead = unit.update_content(&Content { version: first.version + 1, ..first.clone() }).await;
    ensure!(matches!(ahead, Err(StorageError::Conflict)), "{ahead:?}");
    drop(unit);
    ensure!(find(storage, &made).await? == first);
    Ok(())
}

/// In whatever order they are asked for; unknown ids and another site's are left out.
pub async fn contents_are_held_by_id_and_only_the_sites_own(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let stranger = World::make(storage, "Other").await?;
    let a = store(storage, &world.new_content("a")).await?;
    let theirs = store(storage, &stranger.new_content("theirs")).await?;
    let b = store(storage, &world.new_content("b")).await?;
    let unknown = crate::id::ContentId::new(1 << 40).context("an id")?;
    let mut unit = storage.begin().await?;
    let held = unit.lock_contents(world.site.id, &[b.id, unknown, theirs.id, a.id, b.id]).await?;
    ensure!(held == [a.clone(), b]);
    ensure!(unit.lock_contents(world.site.id, &[]).await? == []);
    ensure!(unit.lock_content(a.id).await? == Some(a));
    ensure!(unit.lock_content(unknown).await? == None);
    Ok(())
}

/// Each state by name; one that is deleted on both sides is nobody's business any more.
pub async fn totals_count_deleted_contents_only_while_something_is_left_to_do(
    storage: &dyn Storage,
) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let stranger = World::make(storage, "Other").await?;
    store(storage, &stranger.new_content("theirs")).await?;
    let mut unit = storage.begin().await?;
    let states = [
        (SyncState::InSync, 2, 1),
        (SyncState::PendingPush, 1, 2),
        (SyncState::PendingPull, 1, 0),
        (SyncState::Conflict, 3, 1),
        (SyncState::Failed, 1, 1),
        (SyncState::Unlinked, 1, 4),
    ];
    for (state, alive, deleted) in states {
        for number in 0..alive + deleted {
            let mut content = unit.insert_content(&world.new_content("x")).await?;
            content.sync_state = state;
            content.deleted_at = (number >= alive).then(|| at(5));
            unit.update_content(&content).await?;
        }
    }
    unit.commit().await?;
    let mut unit = storage.read().await?;
    let expected =
        ContentTotals { contents: 13, in_sync: 2, pending_push: 3, pending_pull: 1, conflicts: 4, failed: 2 };
    ensure!(unit.content_totals(world.site.id).await? == expected);
    Ok(())
}
