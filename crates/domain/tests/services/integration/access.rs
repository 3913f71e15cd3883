//! Who may see and change them, and in which order that is judged.

use igny8_integration_domain::account::{Caller, Denied, Need, Role};
use igny8_integration_domain::id::IntegrationId;
use igny8_integration_domain::integration::{Credentials, PlatformName};
use igny8_integration_domain::ports::storage::{IntegrationFilter, PageRequest};
use igny8_integration_domain::service::ServiceError;
use igny8_integration_domain::service::integration::{CreateIntegration, PatchIntegration};
use secrecy::ExposeSecret;

use crate::world::{KEY, World, operator, without_sites, wordpress};

const PAGE: PageRequest = PageRequest { page: 1, page_size: 25 };

/// Everything that names an integration by its path, with a body that would be refused.
async fn refusals(world: &World, caller: &Caller, id: IntegrationId) -> Vec<Option<Denied>> {
    let wrong = PatchIntegration { platform: Some(PlatformName::Custom), ..PatchIntegration::default() };
    let denied = |error: Option<ServiceError>| match error {
        Some(ServiceError::Denied(denied)) => Some(denied),
        _ => None,
    };
    vec![
        denied(world.integrations.authorize(caller, id, Need::Person(Role::Editor)).await.err()),
        denied(world.integrations.get(caller, id).await.err()),
        denied(world.integrations.patch(caller, id, Some(99), &wrong).await.err()),
        denied(world.integrations.delete(caller, id, Some(99)).await.err()),
    ]
}

#[tokio::test]
async fn what_another_account_has_and_what_nobody_has_answer_alike() -> anyhow::Result<()> {
    let world = World::new();
    let (shop, agency) = (world.tenant("shop").await?, world.tenant("agency").await?);
    let id = world.integration(&shop).await?.integration.id;
    let unknown = IntegrationId::try_from(999)?;
    let strangers = [
        world.person(&agency, Role::Developer).await?,
        world.person(&agency, Role::Viewer).await?,
        world.plugin(&agency).await?,
        without_sites(&world.person(&shop, Role::Editor).await?),
    ];
    for caller in &strangers {
        let none = vec![Some(Denied::NotFound); 4];
        assert_eq!(refusals(&world, caller, id).await, none);
        assert_eq!(refusals(&world, caller, unknown).await, none);
    }
    Ok(())
}

#[tokio::test]
async fn a_viewer_and_the_plugin_are_told_that_they_may_not() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let id = world.integration(&shop).await?.integration.id;
    let viewer = world.person(&shop, Role::Viewer).await?;
    assert_eq!(refusals(&world, &viewer, id).await, vec![Some(Denied::InsufficientRole); 4]);
    let plugin = world.plugin(&shop).await?;
    assert_eq!(refusals(&world, &plugin, id).await, vec![Some(Denied::NotForThisCaller); 4]);
    for caller in [viewer, plugin] {
        assert_eq!(world.integrations.sync_status(&caller, id).await?.integration.id, id);
    }
    Ok(())
}

#[tokio::test]
async fn a_plugin_reaches_no_other_integration_of_its_site_than_the_wordpress_one() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let custom = CreateIntegration {
        platform: PlatformName::Custom,
        credentials: Credentials::default(),
        ..wordpress(shop.site_id)
    };
    let id = world.integrations.create(&operator(), &custom).await?.integration.id;
    let status = world.integrations.sync_status(&world.plugin(&shop).await?, id).await;
    assert!(matches!(status, Err(ServiceError::Denied(Denied::NotFound))));
    Ok(())
}

#[tokio::test]
async fn a_list_holds_what_the_caller_reaches_whatever_it_asks_for() -> anyhow::Result<()> {
    let world = World::new();
    let (shop, agency) = (world.tenant("shop").await?, world.tenant("agency").await?);
    let id = world.integration(&shop).await?.integration.id;
    world.integration(&agency).await?;
    let editor = world.person(&shop, Role::Editor).await?;
    let asked = IntegrationFilter { account_id: Some(agency.account_id), ..IntegrationFilter::default() };
    let mine = world.integrations.list(&editor, asked, PAGE).await?;
    assert_eq!(mine.items.iter().map(|view| view.integration.id).collect::<Vec<_>>(), [id]);
    assert_eq!(mine.count, 1);
    let foreign = IntegrationFilter { site_id: Some(agency.site_id), ..IntegrationFilter::default() };
    assert_eq!(world.integrations.list(&editor, foreign, PAGE).await?.count, 0);
    let none = without_sites(&editor);
    assert_eq!(world.integrations.list(&none, IntegrationFilter::default(), PAGE).await?.count, 0);
    Ok(())
}

#[tokio::test]
async fn lists_are_for_editors_and_above() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let viewer = world.person(&shop, Role::Viewer).await?;
    let refused = world.integrations.list(&viewer, IntegrationFilter::default(), PAGE).await;
    assert!(matches!(refused, Err(ServiceError::Denied(Denied::InsufficientRole))));
    let refused =
        world.integrations.list(&world.plugin(&shop).await?, IntegrationFilter::default(), PAGE).await;
    assert!(matches!(refused, Err(ServiceError::Denied(Denied::NotForThisCaller))));
    Ok(())
}

#[tokio::test]
async fn credentials_that_cannot_be_opened_break_no_list_and_are_said() -> anyhow::Result<()> {
    let world = World::new();
    let (shop, agency) = (world.tenant("shop").await?, world.tenant("agency").await?);
    let broken = world.integration(&shop).await?.integration.id;
    world.cipher.rotate();
    world.cipher.forget_older_keys();
    let good = world.integration(&agency).await?.integration.id;
    let page = world.integrations.list(&operator(), IntegrationFilter::default(), PAGE).await?;
    let shown: Vec<_> = page.items.iter().map(|view| (view.integration.id, view.unreadable)).collect();
    assert_eq!(shown, [(broken, true), (good, false)]);
    let view = world.integrations.get(&operator(), broken).await?;
    assert!(view.api_key.is_none());
    assert_eq!(
        view.integration.sync_error.map(|error| error.code).as_deref(),
        Some("credentials_unreadable")
    );
    let view = world.integrations.get(&operator(), good).await?;
    assert_eq!(view.api_key.as_ref().map(ExposeSecret::expose_secret), Some(KEY));
    assert!(view.integration.sync_error.is_none());
    Ok(())
}
