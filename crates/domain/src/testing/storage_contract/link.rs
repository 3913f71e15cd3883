//! Contents and the posts they are.

use anyhow::ensure;

use super::Outcome;
use super::fixture::{World, at, change, store};
use crate::content::{Content, FormerLink, GONE, TRASH};
use crate::ports::storage::{LinkStamp, Storage, StorageError};

/// Another site's post of the same id is another post.
pub async fn a_post_belongs_to_one_content(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    store(storage, &world.new_linked("5")).await?;
    let unlinked = store(storage, &world.new_content("a")).await?;
    let mut unit = storage.begin().await?;
    let again = unit.insert_content(&world.new_linked("5")).await;
    ensure!(matches!(again, Err(StorageError::Conflict)), "{again:?}");
    drop(unit);
    let mut unit = storage.begin().await?;
    let taken = unit.update_content(&Content { link: Some(world.link("5")), ..unlinked.clone() }).await;
    ensure!(matches!(taken, Err(StorageError::Conflict)), "{taken:?}");
    drop(unit);
    store(storage, &other.new_linked("5")).await?;
    store(storage, &world.new_linked("6")).await?;
    change(storage, &unlinked, |content| content.link = Some(world.link("7"))).await?;
    Ok(())
}

/// Once the one lets go of it, the other may take it.
pub async fn a_post_can_move_to_another_content_in_one_unit(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let mut from = store(storage, &world.new_linked("5")).await?;
    let mut to = store(storage, &world.new_content("a")).await?;
    to.link = from.link.take();
    let mut unit = storage.begin().await?;
    from.version = unit.update_content(&from).await?;
    to.version = unit.update_content(&to).await?;
    unit.commit().await?;
    let mut unit = storage.read().await?;
    ensure!(unit.find_content(from.id).await? == Some(from));
    ensure!(unit.find_content(to.id).await? == Some(to));
    Ok(())
}

/// Only this integration's posts, gone and trashed ones too.
pub async fn linked_contents_are_held_by_id(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    let a = store(storage, &world.new_linked("9")).await?;
    store(storage, &other.new_linked("9")).await?;
    let mut gone = world.new_linked("10");
    gone.link.iter_mut().for_each(|link| link.external_status = GONE.into());
    let gone = store(storage, &gone).await?;
    store(storage, &world.new_linked("99")).await?;
    let asked = ["10", "9", "404"].map(str::to_owned);
    let mut unit = storage.begin().await?;
    ensure!(unit.lock_linked_contents(world.integration.id, &asked).await? == [a, gone]);
    ensure!(unit.lock_linked_contents(world.integration.id, &[]).await? == []);
    Ok(())
}

/// Of that site only; one that is linked again is no candidate.
pub async fn formerly_linked_contents_are_held_while_they_have_no_link(storage: &dyn Storage) -> Outcome {
    let world = World::make(storage, "Acme").await?;
    let (second_site, _) = world.add_site(storage, "Second").await?;
    let former = |identity: &str, external_id: &str| {
        Some(FormerLink { site_identity: identity.to_owned(), link: world.link(external_id) })
    };
    let mut made = Vec::new();
    for (identity, id) in [("a.example", "5"), ("b.example", "5"), ("a.example", "6"), ("a.example", "7")] {
        let content = store(storage, &world.new_content("x")).await?;
        let content = change(storage, &content, |content| content.former_link = former(identity, id));
        made.push(content.await?);
    }
    let [a, b, c, linked] = made.as_slice() else { anyhow::bail!("four were made") };
    change(storage, linked, |content| content.link = Some(world.link("7"))).await?;
    let asked = ["5", "6", "7"].map(str::to_owned);
    let mut unit = storage.begin().await?;
    let held = unit.lock_formerly_linked_contents(world.site.id, &asked).await?;
    ensure!(held == [a.clone(), b.clone(), c.clone()]);
    let held = unit.lock_formerly_linked_contents(second_site.id, &asked).await?;
    ensure!(held == []);
    Ok(())
}

/// One integration with a live post, a trashed one, one that is gone, a page, and an unlinked content.
async fn make_links(storage: &dyn Storage) -> anyhow::Result<(World, Vec<Content>)> {
    let world = World::make(storage, "Acme").await?;
    let other = World::make(storage, "Other").await?;
    store(storage, &other.new_linked("1")).await?;
    store(storage, &world.new_content("unlinked")).await?;
    let mut made = Vec::new();
    for (id, status, content_type) in [
        ("1", "publish", "post"),
        ("2", TRASH, "post"),
        ("3", GONE, "post"),
        ("4", "draft", "page"),
        ("5", "future", "post"),
    ] {
        let mut new = world.new_linked(id);
        new.content_type = content_type.to_owned();
        if let Some(link) = &mut new.link {
            link.external_status = status.into();
            link.external_modified_at = (id != "5").then(|| at(-7));
        }
        made.push(store(storage, &new).await?);
    }
    Ok((world, made))
}

/// The trash counts, what is gone does not.
pub async fn links_are_counted_without_those_that_are_gone(storage: &dyn Storage) -> Outcome {
    let (world, _) = make_links(storage).await?;
    let mut unit = storage.read().await?;
    for (content_type, expected) in [("post", 3), ("page", 1), ("book", 0)] {
        let count = unit.count_links(world.integration.id, content_type).await?;
        ensure!(count == expected, "{content_type}: {count}");
    }
    Ok(())
}

/// The trash is there, what is gone is not; pages by content id.
pub async fn stamps_of_links_are_listed_by_content_id(storage: &dyn Storage) -> Outcome {
    let (world, made) = make_links(storage).await?;
    let [a, b, _, _, e] = made.as_slice() else { anyhow::bail!("five were made") };
    let stamp = |content: &Content, external_id: &str, status: &str| LinkStamp {
        content_id: content.id,
        external_id: external_id.to_owned(),
        external_status: status.to_owned(),
        external_modified_at: (external_id != "5").then(|| at(-7)),
        title: format!("Post {external_id}"),
    };
    let all = [stamp(a, "1", "publish"), stamp(b, "2", TRASH), stamp(e, "5", "future")];
    let mut unit = storage.read().await?;
    let id = world.integration.id;
    ensure!(unit.list_link_stamps(id, "post", None, 10).await? == all);
    ensure!(all.starts_with(&unit.list_link_stamps(id, "post", None, 2).await?));
    ensure!(all.ends_with(&unit.list_link_stamps(id, "post", Some(a.id), 10).await?));
    ensure!(unit.list_link_stamps(id, "post", Some(a.id), 10).await?.len() == 2);
    ensure!(unit.list_link_stamps(id, "post", None, 2).await?.len() == 2);
    ensure!(unit.list_link_stamps(id, "post", Some(e.id), 10).await? == []);
    Ok(())
}
