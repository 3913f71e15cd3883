use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Connected;
use crate::harness::WordPress;

/// What the site has, by type.
const THOUSAND: [&str; 6] = ["--posts", "600", "--pages", "150", "--books", "250"];

#[tokio::test]
async fn a_thousand_posts_of_three_types_come_in_each_once_and_with_terms() -> anyhow::Result<()> {
    let mut site = WordPress::up(&THOUSAND)?;
    let connected = Connected::over(site.take()?).await?;
    let run = connected.synced("from_external").await?;
    assert_eq!(run["progress"]["created"], 1000, "{run}");
    assert_eq!(run["progress"]["done"], 1000, "{run}");

    let contents = connected.contents("").await?;
    assert_eq!(contents.len(), 1000);
    let posts: BTreeSet<_> = contents.iter().filter_map(|content| content["external_id"].as_str()).collect();
    assert_eq!(posts.len(), 1000, "each post is one content");
    for (content_type, count) in [("post", 600), ("page", 150), ("book", 250)] {
        let of_type = contents.iter().filter(|content| content["content_type"] == content_type);
        assert_eq!(of_type.count(), count, "{content_type}");
    }
    assert!(contents.iter().all(|content| content["sync_state"] == "in_sync"));

    let post = connected.content_of(connected.some_post(7)?).await?;
    let mut terms: Vec<_> =
        post["terms"].as_array().into_iter().flatten().map(|term| &term["name"]).collect();
    terms.sort_by_key(ToString::to_string);
    assert_eq!(terms, ["Root vegetables", "Tag 10", "Tag 8"], "{post}");

    a_second_sync_changes_nothing(&connected, &contents).await?;
    // As on a site that was filled or imported just now: all of it is within what is looked at again.
    connected.site.eval(
        "global $wpdb; $wpdb->query( \"UPDATE $wpdb->posts SET post_modified = NOW(), post_modified_gmt = UTC_TIMESTAMP()
            WHERE post_type IN ( 'post', 'page', 'book' )\" );",
    )?;
    connected.synced("from_external").await?;
    let contents = connected.contents("").await?;
    a_second_sync_changes_nothing(&connected, &contents).await
}

async fn a_second_sync_changes_nothing(connected: &Connected, before: &[Value]) -> anyhow::Result<()> {
    let asked = connected.site.requests()?.len();
    let run = connected.synced("both").await?;
    let requests = connected.site.requests()?.split_off(asked);
    assert!(requests.len() <= 10, "{} requests: {requests:#?}", requests.len());
    for counter in ["created", "updated", "conflicts", "failed", "deleted"] {
        assert_eq!(run["progress"][counter], 0, "{run}");
    }
    assert_eq!(connected.contents("").await?, before);
    Ok(())
}

#[tokio::test]
async fn what_was_edited_on_the_site_comes_in_and_nothing_else_moves() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.synced("from_external").await?;
    let post = connected.some_post(3)?;
    connected.edit_post(post, "post_title", "R&D in <em>2026</em> 🚀")?;
    let run = connected.synced("from_external").await?;
    assert_eq!((&run["progress"]["updated"], &run["progress"]["created"]), (&json!(1), &json!(0)), "{run}");
    let content = connected.content_of(post).await?;
    assert_eq!(content["title"], "R&D in <em>2026</em> 🚀");
    assert_eq!(content["sync_state"], "in_sync");
    Ok(())
}

#[tokio::test]
async fn a_dry_run_tells_what_it_would_do_and_does_not() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    let run = connected.sync(json!({ "direction": "from_external", "dry_run": true })).await?;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!(run["plan_count"], 15, "{run}");
    assert!(connected.contents("").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_trashed_post_is_deleted_here_and_comes_back_when_it_is_restored() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.synced("from_external").await?;
    let post = connected.some_post(5)?;
    connected.site.eval(&format!("wp_trash_post( {post} );"))?;
    connected.synced("from_external").await?;
    let deleted = connected.contents(&format!("external_id={post}&deleted=true")).await?;
    assert!(deleted.first().is_some_and(|content| content["deleted_at"].is_string()), "{deleted:?}");
    connected.site.eval(&format!("wp_untrash_post( {post} ); wp_publish_post( {post} );"))?;
    connected.synced("from_external").await?;
    assert_eq!(connected.content_of(post).await?["deleted_at"], Value::Null);
    Ok(())
}
