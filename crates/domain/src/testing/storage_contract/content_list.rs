//! Lists of contents: pages, filters, search, what waits to be pushed.

use anyhow::ensure;

use super::Outcome;
use super::fixture::{World, at, change, store};
use crate::content::{ContentFailure, ContentStatus, SyncState};
use crate::id::ContentId;
use crate::ports::storage::{ContentFilter, PageRequest, PendingQuery, Storage};

const ALL: PageRequest = PageRequest { page: 1, page_size: 100 };

async fn ids(storage: &dyn Storage, filter: &ContentFilter) -> anyhow::Result<Vec<ContentId>> {
    let page = storage.read().await?.list_contents(filter, ALL).await?;
    ensure!(usize::try_from(page.count)? == page.items.len(), "count is {}", page.count);
    Ok(page.items.iter().map(|row| row.id).collect())
}

/// Each once, with the count of all; a page past the end is empty.
pub async fn contents_are_paged_by_id(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(store(storage, &world.new_content(&format!("{number}"))).await?);
    }
    let mut unit = storage.read().await?;
    let mut collected = Vec::new();
    for (number, size) in [(1, 2), (2, 2), (3, 1), (4, 0)] {
        let page = PageRequest { page: number, page_size: 2 };
        let page = unit.list_contents(&ContentFilter::default(), page).await?;
        ensure!(page.count == 5 && page.items.len() == size, "page {number}");
        collected.extend(page.items);
    }
    ensure!(collected == made);
    Ok(())
}

/// Account, reachable sites, site, status, type, state, post and deletion, alone and together.
pub async fn everything_that_is_set_narrows_the_list_of_contents(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    let draft = store(storage, &world.new_content("draft")).await?.id;
    let linked = store(storage, &world.new_linked("12")).await?.id;
    let mut page = world.new_linked("13");
    page.content_type = "page".into();
    let page = store(storage, &page).await?.id;
    let theirs = store(storage, &other.new_linked("12")).await?.id;
    let mut deleted = world.new_content("deleted");
    deleted.deleted_at = Some(at(2));
    let deleted = store(storage, &deleted).await?.id;
    let none = ContentFilter::default;
    let cases = [
        (none(), vec![draft, linked, page, theirs]),
        (ContentFilter { account_id: Some(world.account.id), ..none() }, vec![draft, linked, page]),
        (ContentFilter { reachable_sites: Some(vec![]), ..none() }, vec![]),
        (ContentFilter { reachable_sites: Some(vec![other.site.id]), ..none() }, vec![theirs]),
        (ContentFilter { site_id: Some(world.site.id), ..none() }, vec![draft, linked, page]),
        (ContentFilter { status: Some(ContentStatus::Draft), ..none() }, vec![draft]),
        (ContentFilter { content_type: Some("page".into()), ..none() }, vec![page]),
        (ContentFilter { sync_state: Some(SyncState::Unlinked), ..none() }, vec![draft]),
        (ContentFilter { external_id: Some("12".into()), ..none() }, vec![linked, theirs]),
        (ContentFilter { external_id: Some("1".into()), ..none() }, vec![]),
        (ContentFilter { deleted: true, ..none() }, vec![deleted]),
        (
            ContentFilter { external_id: Some("12".into()), site_id: Some(other.site.id), ..none() },
            vec![theirs],
        ),
    ];
    for (filter, expected) in cases {
        ensure!(ids(storage, &filter).await? == expected, "{filter:?}");
    }
    Ok(())
}

/// `%`, `_` and `\` mean themselves, and letters match in any case, those with dots too; bodies are not searched.
pub async fn contents_are_searched_literally_whatever_the_letter_case(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut made = Vec::new();
    let texts = [
        ("100% Öl", "oel"),
        ("100 Prozent", "prozent"),
        ("Schlange", "snake_case"),
        ("Schlange", "snake-case"),
        (r"back\slash", ""),
        ("it's \"quoted\" ❤", "x"),
        ("ÉCLAIR Жук", "y"),
    ];
    for (title, slug) in texts {
        let mut new = world.new_content(title);
        new.fields.slug = slug.to_owned();
        new.fields.html = "everybody has this body".into();
        made.push(store(storage, &new).await?.id);
    }
    let cases: [(&str, &[usize]); 13] = [
        ("100%", &[0]),
        ("%", &[0]),
        ("_", &[2]),
        ("SNAKE", &[2, 3]),
        ("\\", &[4]),
        ("öL", &[0]),
        ("ÖL", &[0]),
        ("oEl", &[0]),
        ("'s \"Q", &[5]),
        ("❤", &[5]),
        ("éclair жУК", &[6]),
        ("schlange", &[2, 3]),
        ("everybody", &[]),
    ];
    for (search, expected) in cases {
        let filter = ContentFilter { search: Some(search.to_owned()), ..ContentFilter::default() };
        let expected: Vec<_> = expected.iter().filter_map(|number| made.get(*number).copied()).collect();
        ensure!(ids(storage, &filter).await? == expected, "{search}");
    }
    Ok(())
}

/// In the states and types asked for, above an id, at most so many.
pub async fn what_waits_to_be_pushed_is_listed_ascending(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    let mut pending = Vec::new();
    for number in 0..4 {
        let mut new = world.new_content("x");
        new.fields.status = ContentStatus::Approved;
        new.content_type = if number == 2 { "page" } else { "post" }.into();
        pending.push(store(storage, &new).await?);
    }
    store(storage, &world.new_content("a draft")).await?;
    store(storage, &other.new_content("theirs")).await?;
    let [a, b, c, d] = pending.as_slice() else { anyhow::bail!("four were made") };
    let deleted = change(storage, d, |content| content.deleted_at = Some(at(5))).await?;
    ensure!(deleted.sync_state == SyncState::Unlinked);
    let all = PendingQuery {
        site_id: world.site.id,
        states: vec![SyncState::PendingPush],
        parked: false,
        content_types: None,
        after: None,
        limit: 10,
    };
    let cases = [
        (all.clone(), vec![a.id, b.id, c.id]),
        (PendingQuery { limit: 2, ..all.clone() }, vec![a.id, b.id]),
        (PendingQuery { after: Some(a.id), ..all.clone() }, vec![b.id, c.id]),
        (PendingQuery { content_types: Some(vec!["page".into()]), ..all.clone() }, vec![c.id]),
        (PendingQuery { content_types: Some(vec![]), ..all.clone() }, vec![]),
        (PendingQuery { states: vec![], ..all.clone() }, vec![]),
        (PendingQuery { site_id: other.site.id, ..all }, vec![]),
    ];
    let mut unit = storage.read().await?;
    for (query, expected) in cases {
        ensure!(unit.list_pending(&query).await? == expected, "{query:?}");
    }
    Ok(())
}

/// A content whose failure is parked waits for a person.
pub async fn parked_contents_wait_only_where_they_are_asked_for(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut failed = Vec::new();
    for parked in [false, true] {
        let content = store(storage, &world.new_content("x")).await?;
        let failure = ContentFailure { code: "c".into(), message: "m".into(), count: 1, parked };
        failed.push(change(storage, &content, |content| content.failure = Some(failure)).await?.id);
    }
    let mut approved = world.new_content("approved");
    approved.fields.status = ContentStatus::Approved;
    let pending = store(storage, &approved).await?.id;
    let [tried, parked] = failed.as_slice() else { anyhow::bail!("two were made") };
    let query = PendingQuery {
        site_id: world.site.id,
        states: vec![SyncState::PendingPush, SyncState::Failed],
        parked: true,
        content_types: None,
        after: None,
        limit: 10,
    };
    let mut unit = storage.read().await?;
    ensure!(unit.list_pending(&query).await? == [*tried, *parked, pending]);
    let query = PendingQuery { parked: false, ..query };
    ensure!(unit.list_pending(&query).await? == [*tried, pending]);
    Ok(())
}
