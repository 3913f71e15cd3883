//! Kill -9 in the middle: the run ends by itself and the counts are as if nothing had happened.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::Connected;
use crate::harness::WordPress;

fn in_the_middle(run: &Value) -> bool {
    let done = |counter: &str| run["progress"][counter].as_u64().unwrap_or(0);
    done("done") > 0 && run["finished_at"].is_null()
}

#[tokio::test]
async fn a_pull_that_was_killed_goes_on_from_its_checkpoint() -> anyhow::Result<()> {
    let mut sites = WordPress::up(&["--posts", "300", "--pages", "50", "--books", "50"])?;
    let mut connected = Connected::over(sites.take()?).await?;
    connected.site.slow_down(Duration::from_millis(150))?;
    let id = connected.start(json!({ "direction": "from_external" })).await?;
    let killed = connected.wait_for(&id, in_the_middle).await?;
    connected.service.kill()?;
    connected.site.full_speed()?;
    connected.service.restart()?;

    let run = connected.ended(&id).await?;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!(run["progress"]["created"], 400, "killed at {killed}: {run}");
    assert!(run["attempt"].as_u64() > killed["attempt"].as_u64(), "{run}");
    let contents = connected.contents("").await?;
    let posts: BTreeSet<_> = contents.iter().filter_map(|content| content["external_id"].as_str()).collect();
    assert_eq!((contents.len(), posts.len()), (400, 400));
    Ok(())
}

#[tokio::test]
async fn a_push_that_was_killed_makes_no_post_twice() -> anyhow::Result<()> {
    let mut connected = Connected::small().await?;
    for number in 0..20 {
        let body = json!({ "title": format!("Article {number}"), "html": "<p>x</p>", "status": "published" });
        connected.write(body).await?;
    }
    connected.site.slow_down(Duration::from_millis(40))?;
    let id = connected.start(json!({ "direction": "to_external" })).await?;
    let killed = connected.wait_for(&id, in_the_middle).await?;
    connected.service.kill()?;
    connected.site.full_speed()?;
    connected.service.restart()?;

    let run = connected.ended(&id).await?;
    assert_eq!(run["status"], "succeeded", "killed at {killed}: {run}");
    assert_eq!(run["progress"]["created"], 20, "killed at {killed}: {run}");
    let count = connected.site.eval(
        "return count( get_posts( array( 'post_status' => 'any', 'posts_per_page' => -1, 'fields' => 'ids',
            'meta_key' => 'igny8_content_id' ) ) );",
    )?;
    assert_eq!(count, 20);
    assert_eq!(connected.contents("sync_state=in_sync").await?.len(), 20);
    Ok(())
}

#[tokio::test]
async fn asked_to_end_in_the_middle_of_a_run_it_ends_and_another_goes_on_at_once() -> anyhow::Result<()> {
    let mut sites = WordPress::up(&["--posts", "300"])?;
    let mut connected = Connected::over(sites.take()?).await?;
    connected.site.slow_down(Duration::from_millis(150))?;
    let id = connected.start(json!({ "direction": "from_external" })).await?;
    connected.wait_for(&id, in_the_middle).await?;
    assert_eq!(connected.service.terminate()?.code(), Some(0));
    connected.site.full_speed()?;
    connected.service.restart()?;
    let run = connected.ended(&id).await?;
    assert_eq!((&run["status"], &run["progress"]["created"]), (&json!("succeeded"), &json!(300)), "{run}");
    Ok(())
}
