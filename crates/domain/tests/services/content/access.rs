//! Who may see and change them, and in which order that is judged.

use igny8_integration_domain::account::{Caller, Denied, Need, Role};
use igny8_integration_domain::content::Side;
use igny8_integration_domain::id::ContentId;
use igny8_integration_domain::ports::storage::{ContentFilter, PageRequest};
use igny8_integration_domain::service::ServiceError;
use igny8_integration_domain::service::content::PatchContent;

use super::{draft, linked};
use crate::world::{World, operator, without_sites};

const PAGE: PageRequest = PageRequest { page: 1, page_size: 25 };

fn denied<T>(outcome: Result<T, ServiceError>) -> Option<Denied> {
    match outcome.err() {
        Some(ServiceError::Denied(denied)) => Some(denied),
        _ => None,
    }
}

/// Every change, with a body that would be refused.
async fn changes(world: &World, caller: &Caller, id: ContentId) -> anyhow::Result<Vec<Option<Denied>>> {
    let wrong = PatchContent::default().on_site(Some(77.try_into()?));
    Ok(vec![
        denied(world.contents.authorize(caller, id, Need::Person(Role::Editor)).await),
        denied(world.contents.patch(caller, id, Some(99), &wrong).await),
        denied(world.contents.delete(caller, id, Some(99)).await),
        denied(world.contents.resolve(caller, id, Side::Local).await),
    ])
}

#[tokio::test]
async fn what_another_account_has_and_what_nobody_has_answer_alike() -> anyhow::Result<()> {
    let world = World::new();
    let (shop, agency) = (world.tenant("shop").await?, world.tenant("agency").await?);
    let id = linked(&world, &shop).await?.id;
    let strangers = [
        world.person(&agency, Role::Developer).await?,
        world.person(&agency, Role::Viewer).await?,
        world.plugin(&agency).await?,
        without_sites(&world.person(&shop, Role::Editor).await?),
    ];
    for caller in &strangers {
        for id in [id, ContentId::try_from(999)?] {
            assert_eq!(changes(&world, caller, id).await?, vec![Some(Denied::NotFound); 4]);
            assert_eq!(denied(world.contents.get(caller, id).await), Some(Denied::NotFound));
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_viewer_reads_and_a_plugin_does_not_even_that() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let id = linked(&world, &shop).await?.id;
    let viewer = world.person(&shop, Role::Viewer).await?;
    assert_eq!(changes(&world, &viewer, id).await?, vec![Some(Denied::InsufficientRole); 4]);
    let made = world.contents.create(&viewer, &draft(shop.site_id)?).await;
    assert_eq!(denied(made), Some(Denied::InsufficientRole));
    assert_eq!(world.contents.get(&viewer, id).await?.id, id);
    assert_eq!(world.contents.list(&viewer, ContentFilter::default(), PAGE).await?.count, 1);
    let plugin = world.plugin(&shop).await?;
    assert_eq!(changes(&world, &plugin, id).await?, vec![Some(Denied::NotForThisCaller); 4]);
    let listed = world.contents.list(&plugin, ContentFilter::default(), PAGE).await;
    assert_eq!(denied(listed), Some(Denied::NotForThisCaller));
    Ok(())
}

#[tokio::test]
async fn a_list_holds_what_the_caller_reaches_whatever_it_asks_for() -> anyhow::Result<()> {
    let world = World::new();
    let (shop, agency) = (world.tenant("shop").await?, world.tenant("agency").await?);
    let mine = world.contents.create(&operator(), &draft(shop.site_id)?).await?;
    world.contents.create(&operator(), &draft(agency.site_id)?).await?;
    let viewer = world.person(&shop, Role::Viewer).await?;
    let asked = ContentFilter { account_id: Some(agency.account_id), ..ContentFilter::default() };
    assert_eq!(world.contents.list(&viewer, asked, PAGE).await?.items, [mine]);
    let foreign = ContentFilter { site_id: Some(agency.site_id), ..ContentFilter::default() };
    assert_eq!(world.contents.list(&viewer, foreign, PAGE).await?.count, 0);
    Ok(())
}

#[tokio::test]
async fn a_site_that_the_body_names_must_be_the_callers() -> anyhow::Result<()> {
    let world = World::new();
    let (shop, agency) = (world.tenant("shop").await?, world.tenant("agency").await?);
    let editor = world.person(&shop, Role::Editor).await?;
    for site in [agency.site_id, 999.try_into()?] {
        let made = world.contents.create(&editor, &draft(site)?).await;
        assert_eq!(denied(made), Some(Denied::NotFound));
    }
    Ok(())
}
