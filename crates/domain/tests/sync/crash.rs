//! A process can die between any two lines. Whatever was committed stays, and the rest goes on elsewhere.

use chrono::TimeDelta;
use igny8_integration_domain::content::{ContentStatus, SyncState};
use igny8_integration_domain::ports::Clock as _;
use igny8_integration_domain::sync::{Direction, Progress, RunStatus};
use igny8_integration_domain::testing::CommitFault;
use igny8_integration_domain::testing::platform::{CallKind, Fault};

use crate::world::{LEASE, World};
use igny8_integration_domain::service::sync::StartSync;

/// A site and contents with something of everything to do.
async fn busy() -> anyhow::Result<World> {
    let world = World::new().await?;
    world.site.set_page_size(4);
    let ids = world.site.add_many("post", 9);
    world.sync_well(Direction::Both).await?;
    world.clock.advance(TimeDelta::hours(3));
    world.site.edit(&ids[0], |post| post.title = "Theirs".into());
    world.site.trash(&ids[1]);
    world.site.delete(&ids[2]);
    world.site.add_many("page", 5);
    let mine = world.of_post(&ids[3]).await?.id;
    world.retitle(mine, "Mine").await?;
    let both = world.of_post(&ids[4]).await?.id;
    world.retitle(both, "Mine too").await?;
    world.site.edit(&ids[4], |post| post.html = "<p>Theirs too</p>".into());
    for title in ["New one", "New two"] {
        world.write(title, ContentStatus::Published).await?;
    }
    Ok(world)
}

/// What must be the same however often the process died.
async fn picture(world: &World) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for content in [world.all().await?, world.list(true).await?].concat() {
        let post = content.link.as_ref().and_then(|link| world.site.post(&link.external_id));
        lines.push(format!(
            "{} {} {:?} {} | {:?}",
            content.fields.title,
            content.fields.html,
            content.sync_state,
            content.deleted_at.is_some(),
            post.map(|post| (post.title, post.html, post.status))
        ));
    }
    lines.push(format!("{} posts, {} pages", world.site.posts("post").len(), world.site.posts("page").len()));
    lines.sort();
    Ok(lines)
}

async fn undisturbed() -> anyhow::Result<(Vec<String>, Progress)> {
    let world = busy().await?;
    let run = world.sync_well(Direction::Both).await?;
    assert!(world.all().await?.iter().all(|content| content.sync_state == SyncState::InSync));
    Ok((picture(&world).await?, run.progress))
}

#[rstest::rstest]
#[case::nothing_of_the_commit_happened(CommitFault::Refused)]
#[case::the_answer_to_the_commit_was_lost(CommitFault::AnswerLost)]
#[tokio::test]
async fn a_run_killed_at_any_commit_ends_as_if_nothing_had_happened(
    #[case] fault: CommitFault,
) -> anyhow::Result<()> {
    let (expected, progress) = undisturbed().await?;
    for nth in 0..200 {
        let world = busy().await?;
        let id = world.start(StartSync::default()).await?;
        world.storage.fail_commit(nth, fault);
        let claimed = world.executor.claim("first", Some(id)).await;
        let died = match claimed {
            Ok(Some(run)) => world.executor.execute(run).await.is_err(),
            Ok(None) => anyhow::bail!("nothing to claim"),
            Err(_) => true,
        };
        if !died {
            assert!(nth > 20, "only {nth} commits were tried");
            return Ok(());
        }
        world.clock.advance(LEASE + TimeDelta::seconds(1));
        let run = world.work(id).await?;
        assert_eq!(run.status, RunStatus::Succeeded, "commit {nth}: {:?}", run.error);
        assert_eq!(picture(&world).await?, expected, "commit {nth}");
        assert_eq!(run.progress, progress, "commit {nth}");
    }
    anyhow::bail!("the run never ended")
}

#[rstest::rstest]
#[case::create(CallKind::Create)]
#[case::update(CallKind::Update)]
#[case::list(CallKind::List)]
#[case::get(CallKind::Get)]
#[case::find(CallKind::FindByMarker)]
#[case::ids(CallKind::ListIds)]
#[tokio::test]
async fn a_run_killed_while_it_waits_for_the_site_ends_as_if_nothing_had_happened(
    #[case] kind: CallKind,
    #[values(false, true)] happens: bool,
) -> anyhow::Result<()> {
    let (expected, progress) = undisturbed().await?;
    for nth in 1..50 {
        let world = busy().await?;
        let id = world.start(StartSync::default()).await?;
        let fault = if happens { Fault::silence_after() } else { Fault::silence_before() };
        world.site.fail_nth(kind, nth, fault);
        let run = world.executor.claim("first", Some(id)).await?.unwrap();
        let turn = tokio::time::timeout(std::time::Duration::from_millis(50), world.executor.execute(run));
        let killed = turn.await.is_err();
        world.site.heal();
        world.clock.advance(LEASE + TimeDelta::seconds(1));
        let run = world.work(id).await?;
        assert_eq!(run.status, RunStatus::Succeeded, "call {nth}: {:?}", run.error);
        assert_eq!(picture(&world).await?, expected, "call {nth}");
        assert_eq!(run.progress, progress, "call {nth}");
        if !killed {
            assert!(nth > 1, "no such call");
            return Ok(());
        }
    }
    anyhow::bail!("the run never ended")
}

#[tokio::test]
async fn a_node_that_lost_its_run_records_and_sends_nothing_more() -> anyhow::Result<()> {
    let world = World::new().await?;
    world.write("One", ContentStatus::Published).await?;
    let id = world.start(StartSync::default()).await?;
    let slow = world.executor.claim("slow", Some(id)).await?.unwrap();
    world.clock.advance(LEASE + TimeDelta::seconds(1));
    let quick = world.executor.claim("quick", Some(id)).await?.unwrap();
    assert!(quick.fence > slow.fence);
    world.executor.execute(quick).await?;
    let writes = world.site.writes();
    let turn = world.executor.execute(slow).await?;
    assert_eq!(turn, igny8_integration_domain::service::run::Turn::Lost);
    assert_eq!(world.site.writes(), writes);
    assert_eq!(world.site.posts("post").len(), 1);
    assert!(world.find_run(id).await?.finished_at.is_some_and(|at| at <= world.clock.now()));
    Ok(())
}
