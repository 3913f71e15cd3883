//! Lists of integrations: order, pages, filters, search, what is due.

use anyhow::ensure;

use super::Outcome;
use super::fixture::{World, at, change_integration, new_integration, queue, url};
use crate::id::IntegrationId;
use crate::integration::{Integration, NewIntegration, PlatformName, SyncStatus};
use crate::ports::storage::{IntegrationFilter, IntegrationOrder, PageRequest, Storage};
use crate::sync::RunStatus;

const ALL: PageRequest = PageRequest { page: 1, page_size: 100 };

async fn ids(storage: &dyn Storage, filter: &IntegrationFilter) -> anyhow::Result<Vec<IntegrationId>> {
    let page = storage.read().await?.list_integrations(filter, ALL).await?;
    ensure!(usize::try_from(page.count)? == page.items.len(), "count is {}", page.count);
    Ok(page.items.iter().map(|row| row.id).collect())
}

/// The sites' integrations, one for each name, with what `change` makes of them.
async fn make_several(
    storage: &dyn Storage,
    names: &[&str],
    change: impl Fn(usize, &mut Integration) + Send + Sync,
) -> anyhow::Result<(World, Vec<IntegrationId>)> {
    let world = World::make(storage, "Acme").await?;
    let mut ids = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let (_, integration) = world.add_site(storage, name).await?;
        ids.push(change_integration(storage, &integration, |row| change(number, row)).await?.id);
    }
    Ok((world, ids))
}

/// Ascending and descending are exact opposites.
#[expect(clippy::many_single_char_names, reason = "rows in the order they were made")]
pub async fn integrations_are_ordered_with_ties_by_id_and_never_synced_first(
    storage: &dyn Storage,
) -> Outcome {
    let synced = [Some(at(20)), None, Some(at(10)), Some(at(20)), None];
    let (world, made) = make_several(storage, &["a", "b", "c", "d", "e"], |number, row| {
        row.last_sync_at = synced.get(number).copied().flatten();
    })
    .await?;
    let first = world.integration.id;
    let [a, b, c, d, e] = made.as_slice() else { anyhow::bail!("five were made") };
    let orders = [
        (IntegrationOrder::Id, vec![first, *a, *b, *c, *d, *e]),
        (IntegrationOrder::CreatedAt, vec![first, *a, *b, *c, *d, *e]),
        (IntegrationOrder::LastSyncAt, vec![first, *b, *e, *c, *a, *d]),
    ];
    for (order, mut expected) in orders {
        let ascending = IntegrationFilter { order, ..IntegrationFilter::default() };
        ensure!(ids(storage, &ascending).await? == expected, "{order:?}");
        expected.reverse();
        let descending = IntegrationFilter { descending: true, ..ascending };
        ensure!(ids(storage, &descending).await? == expected, "{order:?}, descending");
    }
    Ok(())
}

/// With ties in the order, too, no row is on two pages or on none; a page past the end is empty.
pub async fn pages_of_integrations_hold_each_once(storage: &dyn Storage) -> Outcome {
    let (_, _) =
        make_several(storage, &["a", "b", "c", "d"], |_, row| row.last_sync_at = Some(at(1))).await?;
    for descending in [false, true] {
        let filter = IntegrationFilter {
            order: IntegrationOrder::LastSyncAt,
            descending,
            ..IntegrationFilter::default()
        };
        let whole = ids(storage, &filter).await?;
        let mut unit = storage.read().await?;
        let mut collected = Vec::new();
        for (number, size) in [(1, 2), (2, 2), (3, 1), (4, 0)] {
            let page = PageRequest { page: number, page_size: 2 };
            let page = unit.list_integrations(&filter, page).await?;
            ensure!(page.count == 5 && page.items.len() == size, "page {number}");
            collected.extend(page.items.iter().map(|row| row.id));
        }
        ensure!(collected == whole);
    }
    Ok(())
}

/// Account, reachable sites, site, platform, switch and status, alone and together.
pub async fn everything_that_is_set_narrows_the_list_of_integrations(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    let (second_site, second) = world.add_site(storage, "Second").await?;
    let second = change_integration(storage, &second, |row| {
        row.is_active = false;
        row.sync_status = SyncStatus::Partial;
    })
    .await?;
    let mut unit = storage.begin().await?;
    let custom = NewIntegration { platform: PlatformName::Custom, ..new_integration(&world.site) };
    let custom = unit.insert_integration(&custom).await?;
    unit.commit().await?;
    let (a, b, c, x) = (world.integration.id, second.id, custom.id, other.integration.id);
    let none = IntegrationFilter::default;
    let cases = [
        (none(), vec![a, x, b, c]),
        (IntegrationFilter { account_id: Some(world.account.id), ..none() }, vec![a, b, c]),
        (IntegrationFilter { reachable_sites: Some(vec![]), ..none() }, vec![]),
        (
            IntegrationFilter { reachable_sites: Some(vec![second_site.id, other.site.id]), ..none() },
            vec![x, b],
        ),
        (IntegrationFilter { site_id: Some(world.site.id), ..none() }, vec![a, c]),
        (IntegrationFilter { platform: Some(PlatformName::Wordpress), ..none() }, vec![a, x, b]),
        (IntegrationFilter { is_active: Some(true), ..none() }, vec![a, x, c]),
        (IntegrationFilter { is_active: Some(false), ..none() }, vec![b]),
        (IntegrationFilter { sync_status: Some(SyncStatus::Partial), ..none() }, vec![b]),
        (
            IntegrationFilter {
                account_id: Some(world.account.id),
                reachable_sites: Some(vec![other.site.id]),
                ..none()
            },
            vec![],
        ),
    ];
    for (filter, expected) in cases {
        ensure!(ids(storage, &filter).await? == expected, "{filter:?}");
    }
    Ok(())
}

/// `%`, `_` and `\` mean themselves, and letters match in any case, those with dots too.
pub async fn integrations_are_searched_literally_whatever_the_letter_case(storage: &dyn Storage) -> Outcome {
    let names = ["100% Öl", "100 Prozent", "snake_case", "snakeXcase", r"back\slash", "it's \"quoted\""];
    let (_, made) = make_several(storage, &names, |_, _| ()).await?;
    let elsewhere = World::make(storage, "Other").await?.integration;
    let address = url("https://kaffee-haus.example:8443/Laden")?;
    change_integration(storage, &elsewhere, |row| row.site_url = address).await?;
    let cases: [(&str, &[usize]); 11] = [
        ("100%", &[0]),
        ("%", &[0]),
        ("_", &[2]),
        ("snake_", &[2]),
        ("\\", &[4]),
        ("öL", &[0]),
        ("ÖL", &[0]),
        ("SNAKE", &[2, 3]),
        ("'", &[5]),
        ("\"QUOTED\"", &[5]),
        ("nowhere", &[]),
    ];
    for (search, expected) in cases {
        let filter = IntegrationFilter { search: Some(search.to_owned()), ..IntegrationFilter::default() };
        let expected: Vec<_> = expected.iter().filter_map(|number| made.get(*number).copied()).collect();
        ensure!(ids(storage, &filter).await? == expected, "{search}");
    }
    let filter =
        IntegrationFilter { search: Some("HAUS.example:8443/laden".into()), ..IntegrationFilter::default() };
    ensure!(ids(storage, &filter).await? == [elsewhere.id]);
    Ok(())
}

/// Switched off, paused, not due yet, never due and of another platform are left out.
pub async fn due_integrations_come_longest_due_first(storage: &dyn Storage) -> Outcome {
    let due = [Some(at(30)), Some(at(10)), Some(at(100)), Some(at(101)), None, Some(at(1)), Some(at(1))];
    let (world, made) = make_several(storage, &["a", "b", "c", "d", "e", "f", "g"], |number, row| {
        row.next_sync_at = due.get(number).copied().flatten();
        row.is_active = number != 5;
        row.sync_enabled = number != 6;
    })
    .await?;
    let mut unit = storage.begin().await?;
    let custom = NewIntegration {
        platform: PlatformName::Custom,
        next_sync_at: Some(at(2)),
        ..new_integration(&world.site)
    };
    let custom = unit.insert_integration(&custom).await?;
    unit.commit().await?;
    let mut unit = storage.read().await?;
    let [a, b, c, ..] = made.as_slice() else { anyhow::bail!("seven were made") };
    let wordpress = [PlatformName::Wordpress];
    let both = [PlatformName::Custom, PlatformName::Wordpress];
    for (platforms, limit, expected) in [
        (wordpress.as_slice(), 10, vec![*b, *a, *c]),
        (both.as_slice(), 10, vec![custom.id, *b, *a, *c]),
        (both.as_slice(), 2, vec![custom.id, *b]),
        (&[], 10, vec![]),
    ] {
        let rows = unit.list_due_integrations(platforms, at(100), limit).await?;
        ensure!(rows.iter().map(|row| row.id).collect::<Vec<_>>() == expected, "{platforms:?}, {limit}");
    }
    Ok(())
}

/// Queued or running; one that has ended is no hindrance.
pub async fn an_integration_with_a_run_is_not_due(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    change_integration(storage, &world.integration, |row| row.next_sync_at = Some(at(1))).await?;
    let mut run = queue(storage, &world.new_run(false, at(2))).await?;
    for (status, due) in [(RunStatus::Queued, 0), (RunStatus::Running, 0), (RunStatus::Failed, 1)] {
        let mut unit = storage.begin().await?;
        run.status = status;
        unit.record_run(&run).await?;
        let rows = unit.list_due_integrations(&[PlatformName::Wordpress], at(5), 10).await?;
        ensure!(rows.len() == due, "{status:?}");
        unit.commit().await?;
    }
    Ok(())
}

/// For re-encryption: every account's.
pub async fn all_integrations_are_listed_by_id(storage: &dyn Storage) -> Outcome {
    let a = World::make(storage, "Acme").await?.integration;
    let b = World::make(storage, "Other").await?.integration;
    let c = World::make(storage, "Third").await?.integration;
    let mut unit = storage.read().await?;
    ensure!(unit.list_all_integrations(None, 2).await? == [a, b.clone()]);
    ensure!(unit.list_all_integrations(Some(c.id), 2).await? == []);
    ensure!(unit.list_all_integrations(Some(b.id), 2).await? == [c]);
    Ok(())
}
