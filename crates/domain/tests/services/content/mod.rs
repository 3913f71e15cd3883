//! The writer's side.

mod access;
mod deletion;
mod resolve;
mod write;

use anyhow::Context as _;
use igny8_integration_domain::content::{
    Content, ContentFields, ContentStatus, FieldPatch, NewContent, Reach, Received,
};
use igny8_integration_domain::id::{ContentId, SiteId};
use igny8_integration_domain::integration::ConflictPolicy;
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::ports::platform::ExternalItem;
use igny8_integration_domain::ports::storage::Storage as _;
use igny8_integration_domain::service::content::{CreateContent, PatchContent};

use crate::world::{Tenant, World};

fn draft(site_id: SiteId) -> anyhow::Result<CreateContent> {
    let fields = ContentFields {
        title: "Ten lamps".to_owned(),
        html: "<p>Light</p>".to_owned(),
        ..ContentFields::default()
    };
    Ok(CreateContent::new(site_id, "post".to_owned(), fields)?)
}

fn titled(title: &str) -> anyhow::Result<PatchContent> {
    Ok(PatchContent::new(FieldPatch { title: Some(title.to_owned()), ..FieldPatch::default() })?)
}

/// The post as its site shows it.
fn post(title: &str, html: &str) -> ExternalItem {
    let fields = ContentFields {
        title: title.to_owned(),
        html: html.to_owned(),
        status: ContentStatus::Published,
        ..ContentFields::default()
    };
    ExternalItem {
        external_id: "12".to_owned(),
        content_type: "post".to_owned(),
        marker: None,
        url: Some("https://shop.example/ten-lamps/".to_owned()),
        status: "publish".to_owned(),
        trashed: false,
        modified_at: None,
        version: format!("{title}/{html}"),
        fields: FieldPatch::from(&fields),
    }
}

/// A post that its site has removed, and no longer shows.
fn removed(status: &str) -> ExternalItem {
    ExternalItem {
        trashed: true,
        url: None,
        status: status.to_owned(),
        fields: FieldPatch::default(),
        ..post("", "")
    }
}

/// A content whose post is `post("T", "B")`, and both agree.
async fn linked(world: &World, tenant: &Tenant) -> anyhow::Result<Content> {
    let integration = world.integration(tenant).await?.integration;
    let now = world.clock.now();
    let new =
        NewContent::from_external(tenant.account_id, tenant.site_id, integration.id, &post("T", "B"), now);
    let mut unit = world.storage.begin().await?;
    let content = unit.insert_content(&new).await?;
    unit.commit().await?;
    Ok(content)
}

async fn stored(world: &World, id: ContentId) -> anyhow::Result<Content> {
    world.storage.read().await?.find_content(id).await?.context("it is there")
}

/// What a run does with what the site shows, and keeps.
async fn receive(world: &World, id: ContentId, item: &ExternalItem) -> anyhow::Result<Received> {
    let mut unit = world.storage.begin().await?;
    let mut content = unit.lock_content(id).await?.context("it is there")?;
    let reach = Reach { pull: true, metadata_only: false, defer_deletes: false, policy: ConflictPolicy::Ask };
    let received = content.receive(item, reach, world.clock.now());
    unit.update_content(&content).await?;
    unit.commit().await?;
    Ok(received)
}
