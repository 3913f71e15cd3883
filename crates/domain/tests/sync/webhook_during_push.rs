//! What is told while a write of ours is on its way.

use std::sync::Arc;

use anyhow::Context as _;
use chrono::TimeDelta;
use igny8_integration_domain::content::{FieldPatch, SyncState};
use igny8_integration_domain::id::{ContentId, RunId};
use igny8_integration_domain::service::run::Turn;
use igny8_integration_domain::service::sync::StartSync;
use igny8_integration_domain::sync::Direction;
use igny8_integration_domain::testing::platform::{CallKind, Fault};
use igny8_integration_domain::webhook::Outcome;
use tokio::runtime::Handle;

use crate::world::{World, lost};

/// A write of ours is on its way, and nobody can say yet whether it arrived.
async fn pushing() -> anyhow::Result<(World, String, ContentId, RunId)> {
    let (world, ids) = World::pulled(1).await?;
    let content = world.of_post(&ids[0]).await?.id;
    world.retitle(content, "Mine").await?;
    world.site.fail_next(CallKind::Update, Fault::before(lost()));
    let run = world.start(StartSync { direction: Direction::ToExternal, ..StartSync::default() }).await?;
    let claimed = world.executor.claim("node", Some(run)).await?.context("it is due")?;
    assert_eq!(world.executor.execute(claimed).await?, Turn::Waiting);
    assert!(world.content(content).await?.intent.is_some(), "it is not known whether it arrived");
    Ok((world, ids[0].clone(), content, run))
}

#[tokio::test]
async fn an_edit_that_is_told_during_a_push_is_not_taken_for_the_pushs_own() -> anyhow::Result<()> {
    let (world, post, content, run) = pushing().await?;
    world.site.edit(&post, |post| post.title = "Theirs".into());
    assert_eq!(world.deliver(&world.told(&post, 1)).await?.outcome, Outcome::Applied);
    world.work(run).await?;
    let after = world.content(content).await?;
    assert_eq!((after.sync_state, after.fields.title.as_str()), (SyncState::Conflict, "Mine"));
    assert_eq!(world.site.post(&post).expect("the post").title, "Theirs");
    Ok(())
}

#[tokio::test]
async fn a_body_that_is_told_during_a_push_of_the_body_is_not_taken_for_the_pushs_own() -> anyhow::Result<()>
{
    let (world, ids) = World::pulled(1).await?;
    let content = world.of_post(&ids[0]).await?.id;
    world.patch(content, FieldPatch { html: Some("<p>Mine</p>".into()), ..FieldPatch::default() }).await?;
    world.site.fail_next(CallKind::Update, Fault::before(lost()));
    let run = world.start(StartSync { direction: Direction::ToExternal, ..StartSync::default() }).await?;
    let claimed = world.executor.claim("node", Some(run)).await?.context("it is due")?;
    world.executor.execute(claimed).await?;
    world.site.edit(&ids[0], |post| post.html = "<p>Theirs</p>".into());
    world.deliver(&world.told(&ids[0], 1)).await?;
    world.pull_singles().await?;
    world.work(run).await?;
    let after = world.content(content).await?;
    assert_eq!((after.sync_state, after.fields.html.as_str()), (SyncState::Conflict, "<p>Mine</p>"));
    assert_eq!(world.site.post(&ids[0]).expect("the post").html, "<p>Theirs</p>");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_is_told_before_the_pushs_answer_is_recorded_is_not_undone() -> anyhow::Result<()> {
    let (world, ids) = World::pulled(1).await?;
    let world = Arc::new(world);
    let content = world.of_post(&ids[0]).await?.id;
    world.retitle(content, "Mine").await?;
    let (meanwhile, post) = (world.clone(), ids[0].clone());
    world.site.after_next(CallKind::Update, move |site| {
        meanwhile.clock.advance(TimeDelta::seconds(2));
        site.edit(&post, |post| post.title = "Theirs".into());
        let told = meanwhile.told(&post, 1);
        tokio::task::block_in_place(|| Handle::current().block_on(meanwhile.deliver(&told)))
            .expect("taken in");
    });
    world.sync_well(Direction::ToExternal).await?;
    world.pull_singles().await?;
    let after = world.content(content).await?;
    assert_eq!(world.site.post(&ids[0]).expect("the post").title, "Theirs");
    let known = after.link.as_ref().and_then(|link| link.external_modified_at);
    assert_eq!(known, world.site.post(&ids[0]).map(|post| post.modified_at), "the newest is known");
    assert!(after.sync_state != SyncState::InSync || after.fields.title == "Theirs", "{after:?}");
    Ok(())
}
