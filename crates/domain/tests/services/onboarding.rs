//! A site connects itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::TimeDelta;
use igny8_integration_domain::account::{Caller, Denied, Role};
use igny8_integration_domain::event::Action;
use igny8_integration_domain::id::SiteKeyId;
use igny8_integration_domain::integration::{Integration, PlatformName, SyncStatus};
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::storage::Storage as _;
use igny8_integration_domain::service::account::AccountChange;
use igny8_integration_domain::service::integration::PatchIntegration;
use igny8_integration_domain::service::onboarding::OnboardSite;
use igny8_integration_domain::service::{Conflict, ServiceError};
use igny8_integration_domain::testing::CommitFault;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::platform::{failed, good};
use crate::world::{Tenant, World, operator, problems, url};

fn of(tenant: &Tenant) -> anyhow::Result<OnboardSite> {
    Ok(OnboardSite {
        site_id: tenant.site_id,
        api_key: tenant.site_key.clone(),
        site_url: url("https://shop.example")?,
    })
}

async fn stored(world: &World, tenant: &Tenant) -> anyhow::Result<Option<Integration>> {
    let mut unit = world.storage.read().await?;
    Ok(unit.find_integration_of_site(tenant.site_id, PlatformName::Wordpress).await?)
}

#[tokio::test]
async fn a_site_that_proves_its_key_is_connected_with_it() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let onboarded = world.onboarding.onboard(None, &of(&shop)?).await?;
    assert!(onboarded.created);
    assert_eq!(onboarded.checks, good().checks);
    let secrets = world.storage.read().await?.list_webhook_secrets(shop.site_id, world.clock.now()).await?;
    assert_eq!(
        onboarded.webhook_secret.as_ref().map(ExposeSecret::expose_secret),
        Some(secrets[0].open(&*world.cipher)?.expose_secret())
    );
    let view = world.integrations.get(&operator(), onboarded.integration_id).await?;
    assert_eq!(view.api_key.as_ref().map(ExposeSecret::expose_secret), Some(shop.site_key.expose_secret()));
    assert_eq!(view.integration.platform_state, good().state);
    assert_eq!(view.integration.sync_status, SyncStatus::Never);
    assert!(view.integration.is_active && view.integration.sync_enabled);
    assert!(view.integration.next_sync_at.is_some());
    let events = world.events(onboarded.integration_id).await?;
    let actions: Vec<_> = events.iter().map(|event| (event.action, event.success)).collect();
    assert_eq!(actions, [(Action::Created, true), (Action::Onboarding, true)]);
    assert_eq!(events[0].actor, world.plugin(&shop).await?.actor());
    Ok(())
}

#[tokio::test]
async fn every_challenge_has_a_nonce_of_its_own() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    world.onboarding.onboard(None, &of(&shop)?).await?;
    world.onboarding.onboard(None, &of(&shop)?).await?;
    let challenges = world.platform.challenges();
    assert_ne!(challenges[0].nonce, challenges[1].nonce);
    assert_eq!(challenges[0].nonce.len(), 43);
    Ok(())
}

#[tokio::test]
async fn a_repeat_finds_the_integration_and_switches_it_on_with_the_proved_key() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let id = world.integration(&shop).await?.integration.id;
    let off =
        PatchIntegration { is_active: Some(false), sync_enabled: Some(false), ..PatchIntegration::default() };
    world.integrations.patch(&operator(), id, None, &off).await?;
    let onboarded = world.onboarding.onboard(None, &of(&shop)?).await?;
    assert_eq!((onboarded.integration_id, onboarded.created), (id, false));
    let view = world.integrations.get(&operator(), id).await?;
    assert_eq!(view.api_key.as_ref().map(ExposeSecret::expose_secret), Some(shop.site_key.expose_secret()));
    assert_eq!((view.integration.is_active, view.integration.sync_enabled), (true, false));
    let credentials = view.integration.credentials;
    world.onboarding.onboard(None, &of(&shop)?).await?;
    assert_eq!(stored(&world, &shop).await?.context("there")?.credentials, credentials);
    let actions: Vec<_> = world.events(id).await?.iter().map(|event| event.action).collect();
    let expected =
        [Action::Created, Action::Updated, Action::Updated, Action::Onboarding, Action::Onboarding];
    assert_eq!(actions, expected);
    Ok(())
}

#[tokio::test]
async fn several_at_once_are_each_answered_and_one_says_created() -> anyhow::Result<()> {
    let world = Arc::new(World::new());
    let command = of(&world.tenant("shop").await?)?;
    let tries: Vec<_> = (0..4)
        .map(|_| {
            let (world, command) = (world.clone(), command.clone());
            tokio::spawn(async move { world.onboarding.onboard(None, &command).await })
        })
        .collect();
    let mut ids = BTreeSet::new();
    let mut created = 0;
    for one in tries {
        let onboarded = one.await??;
        ids.insert(onboarded.integration_id);
        created += usize::from(onboarded.created);
    }
    assert_eq!((ids.len(), created), (1, 1));
    Ok(())
}

#[tokio::test]
async fn a_wrong_key_and_an_unknown_site_are_refused_alike_and_call_nobody() -> anyhow::Result<()> {
    let world = World::new();
    let (shop, agency) = (world.tenant("shop").await?, world.tenant("agency").await?);
    let wrong = OnboardSite { api_key: "igny8_wrong".into(), ..of(&shop)? };
    let foreign = OnboardSite { api_key: agency.site_key.clone(), ..of(&shop)? };
    let unknown = OnboardSite { site_id: 999.try_into()?, ..wrong.clone() };
    let viewer = world.person(&shop, Role::Viewer).await?;
    let plugin = world.plugin(&agency).await?;
    for command in [&wrong, &foreign, &unknown] {
        for caller in [None, Some(&viewer), Some(&plugin)] {
            let outcome = world.onboarding.onboard(caller, command).await;
            assert!(matches!(outcome, Err(ServiceError::ApiKeyMismatch)), "{outcome:?}");
        }
    }
    assert!(world.platform.challenges().is_empty());
    assert!(stored(&world, &shop).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn fields_are_judged_before_anybody_is() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let bad = OnboardSite { api_key: "short".into(), ..of(&shop)? };
    assert_eq!(problems(world.onboarding.onboard(None, &bad).await)?, ["api_key: invalid_api_key"]);
    Ok(())
}

#[tokio::test]
async fn a_key_that_has_ended_is_a_wrong_one_even_if_it_ends_during_the_test() -> anyhow::Result<()> {
    let world = Arc::new(World::new());
    let shop = world.tenant("shop").await?;
    let (there, site) = (world.clone(), shop.site_id);
    world.platform.meanwhile(async move {
        there.accounts.rotate_site_key(site, true).await?;
        Ok(())
    });
    for _ in 0..2 {
        let outcome = world.onboarding.onboard(None, &of(&shop)?).await;
        assert!(matches!(outcome, Err(ServiceError::ApiKeyMismatch)), "{outcome:?}");
    }
    assert!(stored(&world, &shop).await?.is_none());
    assert_eq!(world.platform.challenges().len(), 1);
    Ok(())
}

#[tokio::test]
async fn the_key_of_an_account_that_is_switched_off_is_told_so() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let off = AccountChange { is_active: Some(false), conflict_policy: None };
    world.accounts.set_account(shop.account_id, off).await?;
    let outcome = world.onboarding.onboard(None, &of(&shop)?).await;
    assert!(matches!(outcome, Err(ServiceError::Inactive)));
    Ok(())
}

#[tokio::test]
async fn who_is_signed_in_needs_no_site_key_and_gets_no_webhook_secret_without_it() -> anyhow::Result<()> {
    let world = World::new();
    let (shop, agency) = (world.tenant("shop").await?, world.tenant("agency").await?);
    let editor = world.person(&shop, Role::Editor).await?;
    let other_key = OnboardSite { api_key: "a-key-of-its-own".into(), ..of(&shop)? };
    let onboarded = world.onboarding.onboard(Some(&editor), &other_key).await?;
    assert!(onboarded.webhook_secret.is_none());
    assert_eq!(world.events(onboarded.integration_id).await?[0].actor, editor.actor());
    assert!(world.onboarding.onboard(Some(&editor), &of(&shop)?).await?.webhook_secret.is_some());
    for site_id in [agency.site_id, 999.try_into()?] {
        let command = OnboardSite { site_id, api_key: agency.site_key.clone(), ..of(&shop)? };
        let outcome = world.onboarding.onboard(Some(&editor), &command).await;
        assert!(matches!(outcome, Err(ServiceError::Denied(Denied::NotFound))), "{outcome:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_viewer_may_with_the_sites_key() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let viewer = world.person(&shop, Role::Viewer).await?;
    let onboarded = world.onboarding.onboard(Some(&viewer), &of(&shop)?).await?;
    assert_eq!(world.events(onboarded.integration_id).await?[0].actor, world.plugin(&shop).await?.actor());
    Ok(())
}

#[tokio::test]
async fn a_site_that_fails_is_not_connected_and_tells_every_check() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    world.platform.answer(failed("the name can't be found"));
    let outcome = world.onboarding.onboard(None, &of(&shop)?).await;
    let Err(ServiceError::ConnectionFailed(report)) = outcome else { anyhow::bail!("{outcome:?}") };
    assert_eq!(*report, failed("the name can't be found"));
    assert!(stored(&world, &shop).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn an_integration_that_was_there_is_untouched_by_a_failed_try() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let before = world.integration(&shop).await?.integration;
    world.platform.answer(failed("the name can't be found"));
    let outcome = world.onboarding.onboard(None, &of(&shop)?).await;
    assert!(matches!(outcome, Err(ServiceError::ConnectionFailed(_))));
    assert_eq!(stored(&world, &shop).await?, Some(before.clone()));
    let events = world.events(before.id).await?;
    let last = events.last().context("it left one")?;
    assert_eq!((last.action, last.success), (Action::Onboarding, false));
    Ok(())
}

#[tokio::test]
async fn a_copy_at_another_address_is_refused_only_after_a_good_test() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let before = world.integration(&shop).await?.integration;
    let staging = OnboardSite { site_url: url("https://staging.shop.example")?, ..of(&shop)? };
    world.platform.answer(failed("the name can't be found"));
    let outcome = world.onboarding.onboard(None, &staging).await;
    assert!(matches!(outcome, Err(ServiceError::ConnectionFailed(_))));
    let outcome = world.onboarding.onboard(None, &staging).await;
    assert!(matches!(outcome, Err(ServiceError::Conflict(Conflict::SiteMoved))));
    assert_eq!(stored(&world, &shop).await?, Some(before.clone()));
    let codes: Vec<_> = world.events(before.id).await?.into_iter().filter_map(|e| e.error_code).collect();
    assert_eq!(codes, ["dns_not_found", "site_moved"]);
    Ok(())
}

#[tokio::test]
async fn another_spelling_of_the_address_is_the_same_site_and_keeps_it() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let before = world.integration(&shop).await?.integration;
    let spelt = OnboardSite { site_url: url("http://www.shop.example/")?, ..of(&shop)? };
    world.onboarding.onboard(None, &spelt).await?;
    let after = stored(&world, &shop).await?.context("there")?;
    assert_eq!((after.site_url, after.platform_state), (before.site_url, Value::Null));
    Ok(())
}

#[tokio::test]
async fn a_commit_that_fails_leaves_nothing_and_a_lost_answer_is_repeated_without_harm() -> anyhow::Result<()>
{
    let world = World::new();
    let shop = world.tenant("shop").await?;
    world.storage.fail_next_commit(CommitFault::Refused);
    assert!(matches!(world.onboarding.onboard(None, &of(&shop)?).await, Err(ServiceError::Unavailable(_))));
    assert!(stored(&world, &shop).await?.is_none());
    world.storage.fail_next_commit(CommitFault::AnswerLost);
    assert!(world.onboarding.onboard(None, &of(&shop)?).await.is_err());
    assert!(!world.onboarding.onboard(None, &of(&shop)?).await?.created);
    Ok(())
}

#[tokio::test]
async fn a_webhook_secret_that_cannot_be_opened_is_replaced() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    world.cipher.rotate();
    world.cipher.forget_older_keys();
    let first = world.onboarding.onboard(None, &of(&shop)?).await?.webhook_secret.context("a secret")?;
    let second = world.onboarding.onboard(None, &of(&shop)?).await?.webhook_secret.context("a secret")?;
    assert_eq!(first.expose_secret(), second.expose_secret());
    Ok(())
}

#[tokio::test]
async fn only_an_onboarding_with_a_later_key_lifts_the_demand_for_signatures() -> anyhow::Result<()> {
    let world = World::new();
    let shop = world.tenant("shop").await?;
    let old = key_id(&world, &shop.site_key).await?;
    let mut unit = world.storage.begin().await?;
    unit.require_signatures(old, world.clock.now()).await?;
    unit.commit().await?;
    world.clock.advance(TimeDelta::minutes(1));
    world.onboarding.onboard(None, &of(&shop)?).await?;
    assert!(world.storage.read().await?.must_sign(old).await?);
    let api_key = world.accounts.rotate_site_key(shop.site_id, false).await?.api_key;
    let new = key_id(&world, &api_key).await?;
    assert!(world.storage.read().await?.must_sign(new).await?);
    world.clock.advance(TimeDelta::minutes(1));
    world.onboarding.onboard(None, &OnboardSite { api_key, ..of(&shop)? }).await?;
    assert!(!world.storage.read().await?.must_sign(new).await?);
    assert!(world.storage.read().await?.must_sign(old).await?);
    Ok(())
}

async fn key_id(world: &World, key: &SecretString) -> anyhow::Result<SiteKeyId> {
    match world.sessions.site_key_caller(key).await? {
        Caller::SiteKey { key_id, .. } => Ok(key_id),
        other => anyhow::bail!("{other:?} is no plugin"),
    }
}
