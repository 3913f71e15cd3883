//! Making and changing them.

use igny8_integration_domain::account::Role;
use igny8_integration_domain::content::{
    Content, ContentFailure, ContentFields, ContentStatus, FieldPatch, SeoPatch, SyncState,
};
use igny8_integration_domain::ports::storage::Storage as _;
use igny8_integration_domain::service::ServiceError;
use igny8_integration_domain::service::content::{CreateContent, PatchContent};
use igny8_integration_domain::testing::CommitFault;
use rstest::rstest;

use super::{draft, linked, stored, titled};
use crate::world::{World, operator, problems};

#[rstest]
#[case(ContentStatus::Draft, SyncState::Unlinked)]
#[case(ContentStatus::Review, SyncState::Unlinked)]
#[case(ContentStatus::Approved, SyncState::PendingPush)]
#[case(ContentStatus::Published, SyncState::PendingPush)]
#[case(ContentStatus::Archived, SyncState::Unlinked)]
#[tokio::test]
async fn a_new_content_waits_to_be_pushed_once_it_is_approved(
    #[case] status: ContentStatus,
    #[case] state: SyncState,
) -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let editor = world.person(&shop, Role::Editor).await?;
    let fields = ContentFields { status, ..draft(shop.site_id)?.fields().clone() };
    let command = CreateContent::new(shop.site_id, "page".to_owned(), fields.clone())?;
    let made = world.contents.create(&editor, &command).await?;
    assert_eq!((made.sync_state, made.fields.clone(), made.content_type.as_str()), (state, fields, "page"));
    assert_eq!(stored(&world, made.id).await?, made);
    Ok(())
}

#[tokio::test]
async fn what_breaks_a_rule_cannot_be_built() -> anyhow::Result<()> {
    let site = 1.try_into()?;
    let fields = ContentFields { title: " ".to_owned(), slug: "\0".to_owned(), ..ContentFields::default() };
    let made = CreateContent::new(site, "Attachment".to_owned(), fields).map_err(ServiceError::from);
    assert_eq!(
        problems(made)?,
        ["content_type: invalid_content_type", "title: blank", "slug: null_characters_not_allowed"]
    );
    let fields = FieldPatch { title: Some("t".repeat(1001)), ..FieldPatch::default() };
    assert_eq!(problems(PatchContent::new(fields).map_err(ServiceError::from))?, ["title: too_long"]);
    Ok(())
}

#[tokio::test]
async fn a_change_waits_to_be_pushed_until_it_is_taken_back() -> anyhow::Result<()> {
    let world = World::new();
    let before = linked(&world, &world.tenant("shop").await?).await?;
    let after = world.contents.patch(&operator(), before.id, Some(before.version), &titled("Mine")?).await?;
    assert_eq!((after.sync_state, after.version), (SyncState::PendingPush, before.version + 1));
    assert_eq!(after.fields, ContentFields { title: "Mine".to_owned(), ..before.fields.clone() });
    assert_eq!(stored(&world, before.id).await?, after);
    let back = world.contents.patch(&operator(), before.id, None, &titled("T")?).await?;
    assert_eq!((back.sync_state, back.fields), (SyncState::InSync, before.fields));
    Ok(())
}

#[tokio::test]
async fn a_change_that_changes_nothing_moves_no_version() -> anyhow::Result<()> {
    let world = World::new();
    let before = linked(&world, &world.tenant("shop").await?).await?;
    let same = titled("T")?.on_site(Some(before.site_id)).of_type(Some("post".to_owned()));
    assert_eq!(world.contents.patch(&operator(), before.id, None, &same).await?, before);
    assert_eq!(stored(&world, before.id).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_change_makes_a_content_that_failed_worth_another_try() -> anyhow::Result<()> {
    let world = World::new();
    let id = linked(&world, &world.tenant("shop").await?).await?.id;
    let mut unit = world.storage.begin().await?;
    let mut failed: Content = stored(&world, id).await?;
    failed.failure = Some(ContentFailure {
        code: "rejected".to_owned(),
        message: "the site refused it".to_owned(),
        count: 4,
        parked: true,
    });
    failed.settle();
    unit.update_content(&failed).await?;
    unit.commit().await?;
    let after = world.contents.patch(&operator(), id, None, &titled("Shorter")?).await?;
    assert_eq!((after.failure, after.sync_state), (None, SyncState::PendingPush));
    Ok(())
}

#[tokio::test]
async fn a_content_stays_with_its_site_and_one_with_a_post_with_its_type() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let linked = linked(&world, &shop).await?;
    let other = titled("Mine")?.on_site(Some(99.try_into()?)).of_type(Some("page".to_owned()));
    let refused = world.contents.patch(&operator(), linked.id, Some(99), &other).await;
    assert_eq!(problems(refused)?, ["site_id: unchangeable", "content_type: unchangeable"]);
    assert_eq!(stored(&world, linked.id).await?, linked);
    let fresh = world.contents.create(&operator(), &draft(shop.site_id)?).await?;
    let page = PatchContent::default().of_type(Some("page".to_owned()));
    assert_eq!(world.contents.patch(&operator(), fresh.id, None, &page).await?.content_type, "page");
    let menu = PatchContent::default().of_type(Some("nav_menu_item".to_owned()));
    let refused = world.contents.patch(&operator(), fresh.id, None, &menu).await;
    assert_eq!(problems(refused)?, ["content_type: invalid_content_type"]);
    Ok(())
}

#[tokio::test]
async fn of_two_changes_of_one_version_one_is_refused() -> anyhow::Result<()> {
    let world = World::new();
    let before = linked(&world, &world.tenant("shop").await?).await?;
    let (caller, version) = (operator(), Some(before.version));
    let (mine, yours) = (titled("Mine")?, titled("Yours")?);
    let (a, b) = tokio::join!(
        world.contents.patch(&caller, before.id, version, &mine),
        world.contents.patch(&caller, before.id, version, &yours),
    );
    let refused = [a.err(), b.err()].into_iter().flatten().collect::<Vec<_>>();
    assert!(matches!(refused.as_slice(), [ServiceError::PreconditionFailed]), "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn a_change_whose_commit_failed_did_not_happen() -> anyhow::Result<()> {
    let world = World::new();
    let before = linked(&world, &world.tenant("shop").await?).await?;
    world.storage.fail_next_commit(CommitFault::Refused);
    let outcome = world.contents.patch(&operator(), before.id, None, &titled("Mine")?).await;
    assert!(matches!(outcome, Err(ServiceError::Unavailable(_))));
    assert_eq!(stored(&world, before.id).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_part_of_the_seo_fields_leaves_the_others() -> anyhow::Result<()> {
    let world = World::new();
    let tenant = world.tenant("acme").await?;
    let content = world.contents.create(&operator(), &draft(tenant.site_id)?).await?;
    let named = |seo: SeoPatch| PatchContent::default().with_seo(seo);
    let title = SeoPatch { title: Some("Lamps".to_owned()), ..SeoPatch::default() };
    world.contents.patch(&operator(), content.id, None, &named(title)?).await?;
    let description = SeoPatch { description: Some("All of them".to_owned()), ..SeoPatch::default() };
    let content = world.contents.patch(&operator(), content.id, None, &named(description)?).await?;
    assert_eq!((&*content.fields.seo.title, &*content.fields.seo.description), ("Lamps", "All of them"));
    let canonical = SeoPatch { canonical: Some("javascript:alert(1)".to_owned()), ..SeoPatch::default() };
    assert!(named(canonical).is_err());
    Ok(())
}
