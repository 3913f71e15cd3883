//! What operators do.

use anyhow::Context as _;
use chrono::TimeDelta;
use igny8_integration_domain::account::{Email, Role};
use igny8_integration_domain::integration::ConflictPolicy;
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::storage::Storage as _;
use igny8_integration_domain::service::ServiceError;
use igny8_integration_domain::service::account::{
    AccountChange, Bootstrap, NewSiteCommand, NewUserCommand, UserChange,
};
use igny8_integration_domain::testing::CommitFault;
use secrecy::ExposeSecret as _;

use crate::world::{World, problems, url};

fn email(text: &str) -> anyhow::Result<Email> {
    Email::parse(text).map_err(|error| anyhow::anyhow!(error.message))
}

fn first_start() -> anyhow::Result<Bootstrap> {
    Ok(Bootstrap {
        account: "Shop".to_owned(),
        email: email("maria@shop.example")?,
        site_url: url("https://shop.example/wp-admin/")?,
    })
}

#[tokio::test]
async fn a_second_first_start_makes_nothing_twice_and_shows_no_key() -> anyhow::Result<()> {
    let world = World::new();
    let first = world.accounts.bootstrap(&first_start()?).await?;
    let key = first.api_key.context("the first one shows the key")?;
    assert!(world.sessions.site_key_caller(&key).await.is_ok());
    let mut again = first_start()?;
    again.email = email("Maria@Shop.example")?;
    again.site_url = url("https://shop.example")?;
    let second = world.accounts.bootstrap(&again).await?;
    assert_eq!(
        (first.account_id, first.user_id, first.site_id),
        (second.account_id, second.user_id, second.site_id)
    );
    assert!(second.api_key.is_none());
    Ok(())
}

#[tokio::test]
async fn a_first_start_whose_commit_failed_left_nothing_and_works_the_next_time() -> anyhow::Result<()> {
    let world = World::new();
    world.storage.fail_next_commit(CommitFault::Refused);
    assert!(matches!(world.accounts.bootstrap(&first_start()?).await, Err(ServiceError::Unavailable(_))));
    assert!(world.storage.read().await?.find_account_by_name("Shop").await?.is_none());
    assert!(world.accounts.bootstrap(&first_start()?).await?.api_key.is_some());
    Ok(())
}

#[tokio::test]
async fn another_account_may_have_the_same_person_and_address() -> anyhow::Result<()> {
    let world = World::new();
    let first = world.accounts.bootstrap(&first_start()?).await?;
    let mut other = first_start()?;
    other.account = "Agency".to_owned();
    let second = world.accounts.bootstrap(&other).await?;
    assert_ne!(first.site_id, second.site_id);
    assert!(second.api_key.is_some());
    Ok(())
}

#[tokio::test]
async fn names_and_addresses_that_are_taken_name_the_argument() -> anyhow::Result<()> {
    let world = World::new();
    let account_id = world.accounts.create_account(" Shop ").await?.id;
    assert_eq!(problems(world.accounts.create_account("Shop").await)?, ["name: already_exists"]);
    assert_eq!(problems(world.accounts.create_account("  ").await)?, ["name: invalid_name"]);
    let maria = NewUserCommand { account_id, email: email("maria@shop.example")?, role: Role::Editor };
    world.accounts.create_user(&maria).await?;
    let again = NewUserCommand { email: email("MARIA@shop.example")?, ..maria };
    assert_eq!(problems(world.accounts.create_user(&again).await)?, ["email: already_exists"]);
    Ok(())
}

#[tokio::test]
async fn ids_that_name_nothing_name_the_argument() -> anyhow::Result<()> {
    let world = World::new();
    let tenant = world.tenant("shop").await?;
    let other = world.tenant("agency").await?;
    let ten = 10.try_into()?;
    let site = NewSiteCommand { account_id: ten, name: "X".to_owned(), url: url("https://x.example")? };
    assert_eq!(problems(world.accounts.create_site(&site).await)?, ["account: not_found"]);
    let user = NewUserCommand { account_id: ten, email: email("m@x.example")?, role: Role::Viewer };
    assert_eq!(problems(world.accounts.create_user(&user).await)?, ["account: not_found"]);
    let user = NewUserCommand { account_id: tenant.account_id, ..user };
    let user = world.accounts.create_user(&user).await?;
    assert_eq!(problems(world.accounts.grant(user.id, 10.try_into()?).await)?, ["site: not_found"]);
    assert_eq!(problems(world.accounts.grant(user.id, other.site_id).await)?, ["site: other_account"]);
    assert_eq!(problems(world.accounts.rotate_site_key(10.try_into()?, false).await)?, ["site: not_found"]);
    let change = UserChange::default();
    assert_eq!(problems(world.accounts.set_user(10.try_into()?, change).await)?, ["user: not_found"]);
    Ok(())
}

#[tokio::test]
async fn what_is_not_named_in_a_change_stays() -> anyhow::Result<()> {
    let world = World::new();
    let id = world.tenant("shop").await?.account_id;
    let policy = Some(ConflictPolicy::PreferIgny8);
    world.accounts.set_account(id, AccountChange { conflict_policy: policy, is_active: None }).await?;
    let account = world
        .accounts
        .set_account(id, AccountChange { is_active: Some(false), conflict_policy: None })
        .await?;
    assert_eq!((account.conflict_policy, account.is_active), (ConflictPolicy::PreferIgny8, false));
    Ok(())
}

#[tokio::test]
async fn a_rotated_key_holds_for_a_day_beside_the_new_one() -> anyhow::Result<()> {
    let world = World::new();
    let tenant = world.tenant("shop").await?;
    let new = world.accounts.rotate_site_key(tenant.site_id, false).await?.api_key;
    assert!(world.sessions.site_key_caller(&tenant.site_key).await.is_ok());
    world.clock.advance(TimeDelta::hours(24));
    assert!(world.sessions.site_key_caller(&tenant.site_key).await.is_err());
    assert!(world.sessions.site_key_caller(&new).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn a_rotation_at_once_ends_every_older_key() -> anyhow::Result<()> {
    let world = World::new();
    let tenant = world.tenant("shop").await?;
    let second = world.accounts.rotate_site_key(tenant.site_id, false).await?.api_key;
    let third = world.accounts.rotate_site_key(tenant.site_id, true).await?.api_key;
    for old in [&tenant.site_key, &second] {
        assert!(world.sessions.site_key_caller(old).await.is_err());
    }
    assert!(world.sessions.site_key_caller(&third).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn keys_and_secrets_have_the_promised_form_and_only_the_hash_of_a_key_is_kept() -> anyhow::Result<()> {
    let world = World::new();
    let tenant = world.tenant("shop").await?;
    let key = tenant.site_key.expose_secret();
    assert_eq!((key.len(), key.starts_with("igny8_")), (49, true));
    let secret = world.accounts.rotate_webhook_secret(tenant.site_id, false).await?;
    let secret = secret.expose_secret();
    assert_eq!((secret.len(), secret.starts_with("whsec_")), (50, true));
    Ok(())
}

#[tokio::test]
async fn a_site_has_a_webhook_secret_from_the_start_and_the_old_one_holds_for_a_day() -> anyhow::Result<()> {
    let world = World::new();
    let site_id = world.tenant("shop").await?.site_id;
    let opened = async || {
        let secrets = world.storage.read().await?.list_webhook_secrets(site_id, world.clock.now()).await?;
        let open = |secret: &igny8_integration_domain::account::WebhookSecret| {
            secret.open(&*world.cipher).map(|secret| secret.expose_secret().to_owned())
        };
        Ok::<_, anyhow::Error>(secrets.iter().map(open).collect::<Result<Vec<_>, _>>()?)
    };
    let first = opened().await?;
    assert_eq!(first.len(), 1);
    // In the same microsecond: the instant names the secret, so the new one's is a later one.
    let new = world.accounts.rotate_webhook_secret(site_id, false).await?;
    assert_eq!(opened().await?, [new.expose_secret(), first[0].as_str()]);
    world.clock.advance(TimeDelta::hours(24));
    assert_eq!(opened().await?, [new.expose_secret()]);
    let newest = world.accounts.rotate_webhook_secret(site_id, true).await?;
    assert_eq!(opened().await?, [newest.expose_secret()]);
    Ok(())
}
