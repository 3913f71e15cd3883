//! Who is let in, and what it reaches then.

use igny8_integration_domain::account::{Caller, Role, SiteScope};
use igny8_integration_domain::id::UserId;
use igny8_integration_domain::service::SessionError;
use igny8_integration_domain::service::account::{AccountChange, UserChange};
use rstest::rstest;

use crate::world::World;

fn user_id(caller: &Caller) -> anyhow::Result<UserId> {
    match caller {
        Caller::User { user_id, .. } => Ok(*user_id),
        other => anyhow::bail!("no person: {other:?}"),
    }
}

#[rstest]
#[case::developer(Role::Developer, true)]
#[case::owner(Role::Owner, true)]
#[case::admin(Role::Admin, true)]
#[case::editor(Role::Editor, false)]
#[case::viewer(Role::Viewer, false)]
#[tokio::test]
async fn editors_and_viewers_reach_the_sites_they_are_members_of_the_others_all(
    #[case] role: Role,
    #[case] all: bool,
) -> anyhow::Result<()> {
    let world = World::new();
    let tenant = world.tenant("shop").await?;
    let caller = world.person(&tenant, role).await?;
    let expected = if all { SiteScope::All } else { SiteScope::Only([tenant.site_id].into()) };
    let id = user_id(&caller)?;
    assert_eq!(caller, Caller::User { user_id: id, account_id: tenant.account_id, role, sites: expected });
    world.accounts.revoke(id, tenant.site_id).await?;
    assert_eq!(world.sessions.user_caller(id).await?.reaches(tenant.account_id, tenant.site_id), all);
    Ok(())
}

#[tokio::test]
async fn an_unknown_person_and_an_unknown_key_are_not_authenticated() -> anyhow::Result<()> {
    let world = World::new();
    world.tenant("shop").await?;
    let person = world.sessions.user_caller(99.try_into()?).await;
    assert!(matches!(person, Err(SessionError::NotAuthenticated)));
    let key = world.sessions.site_key_caller(&"igny8_nobody".into()).await;
    assert!(matches!(key, Err(SessionError::NotAuthenticated)));
    Ok(())
}

#[tokio::test]
async fn a_person_who_is_switched_off_is_out_at_once() -> anyhow::Result<()> {
    let world = World::new();
    let tenant = world.tenant("shop").await?;
    let id = user_id(&world.person(&tenant, Role::Owner).await?)?;
    world.accounts.set_user(id, UserChange { is_active: Some(false), role: None }).await?;
    assert!(matches!(world.sessions.user_caller(id).await, Err(SessionError::Inactive)));
    Ok(())
}

#[tokio::test]
async fn nobody_of_an_account_that_is_switched_off_is_let_in() -> anyhow::Result<()> {
    let world = World::new();
    let tenant = world.tenant("shop").await?;
    let id = user_id(&world.person(&tenant, Role::Owner).await?)?;
    let off = AccountChange { is_active: Some(false), conflict_policy: None };
    world.accounts.set_account(tenant.account_id, off).await?;
    assert!(matches!(world.sessions.user_caller(id).await, Err(SessionError::Inactive)));
    let key = world.sessions.site_key_caller(&tenant.site_key).await;
    assert!(matches!(key, Err(SessionError::Inactive)));
    Ok(())
}

#[tokio::test]
async fn a_changed_role_counts_from_the_next_look() -> anyhow::Result<()> {
    let world = World::new();
    let tenant = world.tenant("shop").await?;
    let id = user_id(&world.person(&tenant, Role::Owner).await?)?;
    world.accounts.set_user(id, UserChange { is_active: None, role: Some(Role::Viewer) }).await?;
    let caller = world.sessions.user_caller(id).await?;
    assert!(matches!(caller, Caller::User { role: Role::Viewer, sites: SiteScope::Only(_), .. }));
    Ok(())
}

#[tokio::test]
async fn a_store_that_is_away_lets_nobody_in_and_says_so() -> anyhow::Result<()> {
    let world = World::new();
    let tenant = world.tenant("shop").await?;
    world.storage.set_away(true);
    let key = world.sessions.site_key_caller(&tenant.site_key).await;
    assert!(matches!(key, Err(SessionError::Failed(_))));
    Ok(())
}
