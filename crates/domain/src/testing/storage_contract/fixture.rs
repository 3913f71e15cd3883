//! The rows that cases begin with.

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta};
use serde_json::json;

use crate::account::{Account, Site};
use crate::content::{Base, Content, ContentFields, ContentStatus, Link, NewContent};
use crate::event::{Action, Actor, EventType, NewEvent};
use crate::integration::{ConflictPolicy, Integration, NewIntegration, PlatformName, SiteUrl};
use crate::ports::storage::{NewSite, Queued, Storage};
use crate::sync::{Direction, NewRun, RunOptions, SyncRun, Trigger};
use crate::time::Timestamp;

/// So many seconds after a fixed instant that has microseconds.
pub(super) fn at(seconds: i64) -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::microseconds(1_767_268_800_123_456) + TimeDelta::seconds(seconds)
}

pub(super) fn url(text: &str) -> anyhow::Result<SiteUrl> {
    SiteUrl::parse("url", text).map_err(|error| anyhow::anyhow!("{text}: {}", error.message))
}

/// An account with one site and its WordPress integration.
pub(super) struct World {
    pub(super) account: Account,
    pub(super) site: Site,
    pub(super) integration: Integration,
}

impl World {
    /// A new one beside whatever is there; `name` tells it from others.
    pub(super) async fn make(storage: &dyn Storage, name: &str) -> anyhow::Result<Self> {
        let mut unit = storage.begin().await?;
        let account = unit.insert_account(name, ConflictPolicy::Ask, at(0)).await?;
        let site = unit.insert_site(new_site(&account, name)?).await?;
        let integration = unit.insert_integration(&new_integration(&site)).await?;
        unit.commit().await?;
        Ok(Self { account, site, integration })
    }

    /// One more site of the account with its integration.
    pub(super) async fn add_site(
        &self,
        storage: &dyn Storage,
        name: &str,
    ) -> anyhow::Result<(Site, Integration)> {
        let mut unit = storage.begin().await?;
        let site = unit.insert_site(new_site(&self.account, name)?).await?;
        let integration = unit.insert_integration(&new_integration(&site)).await?;
        unit.commit().await?;
        Ok((site, integration))
    }

    /// A draft that is not stored yet.
    pub(super) fn new_content(&self, title: &str) -> NewContent {
        NewContent {
            account_id: self.account.id,
            site_id: self.site.id,
            content_type: "post".to_owned(),
            fields: ContentFields { title: title.to_owned(), ..ContentFields::default() },
            deleted_at: None,
            link: None,
            created_at: at(1),
        }
    }

    /// A published one that is a post of the site, not stored yet.
    pub(super) fn new_linked(&self, external_id: &str) -> NewContent {
        let mut content = self.new_content(&format!("Post {external_id}"));
        content.fields.status = ContentStatus::Published;
        content.link = Some(self.link(external_id));
        content
    }

    pub(super) fn link(&self, external_id: &str) -> Link {
        Link {
            integration_id: self.integration.id,
            external_id: external_id.to_owned(),
            external_url: Some(format!("https://shop.example/?p={external_id}")),
            external_status: "publish".to_owned(),
            external_modified_at: Some(at(-60)),
            external_sequence: Some(12),
            external_version: format!("v{external_id}"),
            base: Base::default(),
        }
    }

    pub(super) fn new_run(&self, dry_run: bool, queued_at: Timestamp) -> NewRun {
        NewRun {
            account_id: self.account.id,
            site_id: self.site.id,
            integration_id: self.integration.id,
            direction: Direction::Both,
            trigger: Trigger::Api,
            actor: Actor::SERVICE,
            options: RunOptions { dry_run, ..RunOptions::default() },
            queued_at,
        }
    }

    pub(super) fn new_event(&self, action: Action, created_at: Timestamp) -> NewEvent {
        NewEvent {
            account_id: self.account.id,
            site_id: self.site.id,
            integration_id: self.integration.id,
            event_type: EventType::Content,
            action,
            success: true,
            content_id: None,
            external_id: None,
            run_id: None,
            actor: Actor::SERVICE,
            details: json!({}),
            error_code: None,
            error_message: None,
            duration_ms: None,
            created_at,
        }
    }
}

pub(super) fn new_site(account: &Account, name: &str) -> anyhow::Result<NewSite> {
    Ok(NewSite {
        account_id: account.id,
        name: name.to_owned(),
        url: url("https://shop.example")?,
        created_at: at(0),
    })
}

pub(super) fn new_integration(site: &Site) -> NewIntegration {
    NewIntegration {
        account_id: site.account_id,
        site_id: site.id,
        platform: PlatformName::Wordpress,
        site_url: site.url.clone(),
        is_active: true,
        sync_enabled: true,
        conflict_policy: ConflictPolicy::Ask,
        platform_state: json!(null),
        next_sync_at: None,
        created_at: at(0),
    }
}

/// Stores a content.
pub(super) async fn store(storage: &dyn Storage, content: &NewContent) -> anyhow::Result<Content> {
    let mut unit = storage.begin().await?;
    let content = unit.insert_content(content).await?;
    unit.commit().await?;
    Ok(content)
}

/// Changes a content, settles it and stores it; gives it as it is stored.
pub(super) async fn change(
    storage: &dyn Storage,
    content: &Content,
    change: impl FnOnce(&mut Content) + Send,
) -> anyhow::Result<Content> {
    let mut content = content.clone();
    change(&mut content);
    content.settle();
    let mut unit = storage.begin().await?;
    content.version = unit.update_content(&content).await?;
    unit.commit().await?;
    Ok(content)
}

/// Changes an integration and stores it; gives it as it is stored.
pub(super) async fn change_integration(
    storage: &dyn Storage,
    integration: &Integration,
    change: impl FnOnce(&mut Integration) + Send,
) -> anyhow::Result<Integration> {
    let mut integration = integration.clone();
    change(&mut integration);
    let mut unit = storage.begin().await?;
    integration.version = unit.update_integration(&integration).await?;
    unit.commit().await?;
    Ok(integration)
}

/// Queues a run that must be a new one.
pub(super) async fn queue(storage: &dyn Storage, run: &NewRun) -> anyhow::Result<SyncRun> {
    let mut unit = storage.begin().await?;
    let queued = unit.insert_run(run).await?;
    unit.commit().await?;
    match queued {
        Queued::New(run) => Ok(*run),
        Queued::Active(id) => anyhow::bail!("run {id} is active already"),
    }
}

/// Claims whatever is claimable.
pub(super) async fn claim(
    storage: &dyn Storage,
    owner: &str,
    now: Timestamp,
    lease_until: Timestamp,
) -> anyhow::Result<Option<SyncRun>> {
    let mut unit = storage.begin().await?;
    let run = unit.claim_run(None, owner, now, lease_until).await?;
    unit.commit().await?;
    Ok(run)
}

/// Claims a run that must be there.
pub(super) async fn claim_some(
    storage: &dyn Storage,
    owner: &str,
    now: Timestamp,
    lease_until: Timestamp,
) -> anyhow::Result<SyncRun> {
    claim(storage, owner, now, lease_until).await?.context("nothing was claimable")
}
