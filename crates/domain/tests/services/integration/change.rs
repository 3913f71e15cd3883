//! Changing them.

use anyhow::Context as _;
use chrono::TimeDelta;
use igny8_integration_domain::account::Role;
use igny8_integration_domain::event::Action;
use igny8_integration_domain::id::IntegrationId;
use igny8_integration_domain::integration::{
    ConflictPolicy, Credentials, CredentialsPatch, Integration, PlatformName, StatusError,
};
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::storage::Storage as _;
use igny8_integration_domain::service::ServiceError;
use igny8_integration_domain::service::integration::{PatchIntegration, ReplaceIntegration};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::world::{KEY, World, operator, problems, url};

fn replacement() -> ReplaceIntegration {
    ReplaceIntegration {
        site_id: None,
        platform: None,
        site_url: None,
        credentials: Credentials { api_key: Some(KEY.into()), ..Credentials::default() },
        is_active: true,
        sync_enabled: true,
        conflict_policy: None,
    }
}

fn new_key(key: &str) -> PatchIntegration {
    let credentials = CredentialsPatch { api_key: Some(Some(key.into())), ..CredentialsPatch::default() };
    PatchIntegration { credentials, ..PatchIntegration::default() }
}

/// An integration that has synced before.
async fn synced(world: &World) -> anyhow::Result<Integration> {
    let tenant = world.tenant("shop").await?;
    let id = world.integration(&tenant).await?.integration.id;
    let mut unit = world.storage.begin().await?;
    let mut integration = unit.lock_integration(id).await?.context("it was made")?;
    integration.platform_state = json!({"api": "https://shop.example/wp-json/"});
    integration.memory.audited_at = Some(world.clock.now());
    unit.update_integration(&integration).await?;
    unit.commit().await?;
    stored(world, id).await
}

async fn stored(world: &World, id: IntegrationId) -> anyhow::Result<Integration> {
    world.storage.read().await?.find_integration(id).await?.context("it is there")
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_else() -> anyhow::Result<()> {
    let world = World::new();
    let before = synced(&world).await?;
    world.clock.advance(TimeDelta::seconds(5));
    let patch = PatchIntegration {
        site_id: Some(before.site_id),
        platform: Some(PlatformName::Wordpress),
        conflict_policy: Some(ConflictPolicy::PreferIgny8),
        ..PatchIntegration::default()
    };
    let after = world.integrations.patch(&operator(), before.id, Some(before.version), &patch).await?;
    let expected = Integration {
        conflict_policy: ConflictPolicy::PreferIgny8,
        version: before.version + 1,
        updated_at: world.clock.now(),
        ..before
    };
    assert_eq!(after.integration, expected);
    assert_eq!(stored(&world, expected.id).await?, expected);
    let events = world.events(expected.id).await?;
    let last = events.last().context("it left one")?;
    assert_eq!((last.action, &last.details), (Action::Updated, &json!({"changed": ["conflict_policy"]})));
    Ok(())
}

#[tokio::test]
async fn credentials_are_patched_key_by_key() -> anyhow::Result<()> {
    let world = World::new();
    let id = synced(&world).await?.id;
    let mut patch = PatchIntegration::default();
    patch.credentials.application_password = Some(Some("abcd efgh ijkl".into()));
    let refused = world.integrations.patch(&operator(), id, None, &patch).await;
    assert_eq!(problems(refused)?, ["credentials_json.username: required"]);
    patch.credentials.username = Some(Some("maria@shop.example".to_owned()));
    let view = world.integrations.patch(&operator(), id, None, &patch).await?;
    assert_eq!(view.api_key.as_ref().map(ExposeSecret::expose_secret), Some(KEY));
    assert_eq!(view.username.as_deref(), Some("maria@shop.example"));
    assert!(view.has_application_password);
    let mut removal = PatchIntegration::default();
    removal.credentials.application_password = Some(None);
    removal.credentials.username = Some(None);
    let view = world.integrations.patch(&operator(), id, None, &removal).await?;
    assert_eq!((view.username, view.has_application_password), (None, false));
    let mut removal = PatchIntegration::default();
    removal.credentials.api_key = Some(None);
    let refused = world.integrations.patch(&operator(), id, None, &removal).await;
    assert_eq!(problems(refused)?, ["credentials_json.api_key: required"]);
    Ok(())
}

#[tokio::test]
async fn another_address_forgets_what_was_learnt_of_the_old_one() -> anyhow::Result<()> {
    let world = World::new();
    let before = synced(&world).await?;
    let moved = PatchIntegration {
        site_url: Some(Some(url("https://elsewhere.example")?)),
        ..PatchIntegration::default()
    };
    let after = world.integrations.patch(&operator(), before.id, None, &moved).await?.integration;
    assert_eq!(after.platform_state, Value::Null);
    assert_eq!(after.memory.audited_at, None);
    let back = PatchIntegration { site_url: Some(None), ..PatchIntegration::default() };
    let after = world.integrations.patch(&operator(), before.id, None, &back).await?.integration;
    assert_eq!(after.site_url, before.site_url);
    Ok(())
}

#[tokio::test]
async fn another_spelling_of_the_address_keeps_what_pulling_remembers() -> anyhow::Result<()> {
    let world = World::new();
    let before = synced(&world).await?;
    let spelt = PatchIntegration {
        site_url: Some(Some(url("https://www.shop.example")?)),
        ..PatchIntegration::default()
    };
    let after = world.integrations.patch(&operator(), before.id, None, &spelt).await?.integration;
    assert_eq!((after.platform_state, after.memory), (Value::Null, before.memory));
    Ok(())
}

#[tokio::test]
async fn other_credentials_forget_how_the_site_was_entered_and_the_same_ones_do_not() -> anyhow::Result<()> {
    let world = World::new();
    let before = synced(&world).await?;
    let same = world.integrations.replace(&operator(), before.id, None, &replacement()).await?.integration;
    assert_eq!(same.platform_state, before.platform_state);
    assert_eq!(same.credentials, before.credentials);
    let other = world.integrations.patch(&operator(), before.id, None, &new_key("another-key")).await?;
    assert_eq!(other.integration.platform_state, Value::Null);
    assert_eq!(other.integration.memory, before.memory);
    Ok(())
}

#[tokio::test]
async fn a_replacement_puts_what_it_leaves_out_to_its_default() -> anyhow::Result<()> {
    let world = World::new();
    let id = synced(&world).await?.id;
    let mut patch = PatchIntegration {
        site_url: Some(Some(url("https://elsewhere.example")?)),
        conflict_policy: Some(ConflictPolicy::PreferIgny8),
        is_active: Some(false),
        ..PatchIntegration::default()
    };
    patch.credentials.username = Some(Some("maria".to_owned()));
    world.integrations.patch(&operator(), id, None, &patch).await?;
    let view = world.integrations.replace(&operator(), id, None, &replacement()).await?;
    assert_eq!(view.username, None);
    assert_eq!(view.integration.site_url.as_str(), "https://shop.example");
    assert_eq!(view.integration.conflict_policy, ConflictPolicy::Ask);
    assert!(view.integration.is_active);
    Ok(())
}

#[tokio::test]
async fn site_and_platform_stay() -> anyhow::Result<()> {
    let world = World::new();
    let before = synced(&world).await?;
    let other = ReplaceIntegration {
        site_id: Some(99.try_into()?),
        platform: Some(PlatformName::Custom),
        credentials: Credentials::default(),
        ..replacement()
    };
    let refused = world.integrations.replace(&operator(), before.id, Some(99), &other).await;
    assert_eq!(
        problems(refused)?,
        ["site_id: unchangeable", "platform: unchangeable", "credentials_json.api_key: required"]
    );
    assert_eq!(stored(&world, before.id).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_stale_version_changes_nothing() -> anyhow::Result<()> {
    let world = World::new();
    let before = synced(&world).await?;
    let stale = Some(before.version - 1);
    let outcomes = [
        world.integrations.patch(&operator(), before.id, stale, &new_key("another-key")).await.err(),
        world.integrations.replace(&operator(), before.id, stale, &replacement()).await.err(),
        world.integrations.delete(&operator(), before.id, stale).await.err(),
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Some(ServiceError::PreconditionFailed)), "{outcome:?}");
    }
    assert_eq!(stored(&world, before.id).await?, before);
    Ok(())
}

#[tokio::test]
async fn of_two_changes_of_one_version_one_is_refused() -> anyhow::Result<()> {
    let world = World::new();
    let before = synced(&world).await?;
    let (caller, version) = (operator(), Some(before.version));
    let (first, second) = (new_key("the-first-key"), new_key("the-second-key"));
    let (a, b) = tokio::join!(
        world.integrations.patch(&caller, before.id, version, &first),
        world.integrations.patch(&caller, before.id, version, &second),
    );
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1);
    Ok(())
}

#[tokio::test]
async fn switching_sync_on_gives_it_a_time_and_off_takes_it() -> anyhow::Result<()> {
    let world = World::new();
    let before = synced(&world).await?;
    let now = world.clock.now();
    let next = before.next_sync_at.context("it syncs by itself")?;
    assert!(next > now && next <= now + TimeDelta::minutes(15));
    let off = PatchIntegration { sync_enabled: Some(false), ..PatchIntegration::default() };
    let after = world.integrations.patch(&operator(), before.id, None, &off).await?.integration;
    assert_eq!(after.next_sync_at, None);
    let on = PatchIntegration { sync_enabled: Some(true), ..PatchIntegration::default() };
    let after = world.integrations.patch(&operator(), before.id, None, &on).await?.integration;
    assert_eq!(after.next_sync_at, Some(next));
    Ok(())
}

#[tokio::test]
async fn credentials_that_cannot_be_opened_stay_until_whole_new_ones_come() -> anyhow::Result<()> {
    let world = World::new();
    let before = synced(&world).await?;
    let mut unit = world.storage.begin().await?;
    let mut integration = unit.lock_integration(before.id).await?.context("it was made")?;
    integration.sync_error = Some(StatusError::new("credentials_unreadable", "a run could not open them"));
    unit.update_integration(&integration).await?;
    unit.commit().await?;
    world.cipher.rotate();
    world.cipher.forget_older_keys();
    let off = PatchIntegration { is_active: Some(false), ..PatchIntegration::default() };
    let view = world.integrations.patch(&operator(), before.id, None, &off).await?;
    assert!(view.unreadable);
    assert_eq!(stored(&world, before.id).await?.credentials, before.credentials);
    let mut half = PatchIntegration::default();
    half.credentials.username = Some(Some("maria".to_owned()));
    let refused = world.integrations.patch(&operator(), before.id, None, &half).await;
    assert_eq!(problems(refused)?, ["credentials_json.api_key: required"]);
    let view = world.integrations.patch(&operator(), before.id, None, &new_key("another-key")).await?;
    assert_eq!(view.api_key.as_ref().map(ExposeSecret::expose_secret), Some("another-key"));
    assert!(!view.unreadable);
    assert!(view.integration.sync_error.is_none());
    Ok(())
}

#[tokio::test]
async fn an_editor_changes_what_it_is_a_member_of() -> anyhow::Result<()> {
    let world = World::new();
    let tenant = world.tenant("shop").await?;
    let id = world.integration(&tenant).await?.integration.id;
    let editor = world.person(&tenant, Role::Editor).await?;
    world.integrations.patch(&editor, id, None, &new_key("another-key")).await?;
    let events = world.events(id).await?;
    assert_eq!(events.last().map(|event| event.actor), Some(editor.actor()));
    assert!(!format!("{events:?}").contains("another-key"));
    Ok(())
}
