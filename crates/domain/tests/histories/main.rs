//! Random histories: people write and delete on both sides, runs come and go, answers are lost and nodes die. Whatever
//! happens, no text is lost, nothing is doubled, and both sides agree in the end.

mod step;
mod watch;
mod world;

use proptest::prelude::*;

use step::{Step, steps};
use watch::Watch;
use world::World;

async fn live(steps: &[Step]) -> anyhow::Result<()> {
    let mut world = World::new().await?;
    let mut watch = Watch::default();
    for step in steps {
        let before = watch.look(&world).await?;
        Box::pin(world.take(step, &mut watch)).await?;
        if matches!(step, Step::Sync { .. } | Step::Pull(_) | Step::Reconnect) {
            watch.nothing_is_lost(&before, &world).await?;
            Watch::nothing_is_doubled(&world)?;
        }
    }
    world.come_to_rest(&mut watch).await?;
    watch.both_sides_agree(&world).await
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 4000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_text_is_lost_and_nothing_is_doubled(history in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        if let Err(error) = runtime.block_on(live(&history)) {
            return Err(TestCaseError::fail(format!("{error:#}")));
        }
    }
}
