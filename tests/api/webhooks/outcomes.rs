use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Pulled, at, outcome, status};
use crate::harness::{Answer, Backend, Message, Sender, Service, small_site};

#[rstest]
#[tokio::test]
async fn each_outcome_is_said_and_what_was_told_is_stored(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let pulled = Pulled::on(backend).await?;
    let post = pulled.connected.some_post(1)?;
    let told = Message::new("status", &status(post, "draft", -60)?);
    let first = pulled.sender.deliver(&told).await?;
    assert_eq!(outcome(&first)?, "applied");
    assert_eq!(first.header("ratelimit-policy")?, "\"webhooks\";q=1200;w=60");
    let content = pulled.connected.content_of(post).await?;
    assert_eq!((&content["status"], &content["external_status"]), (&json!("draft"), &json!("draft")));
    assert_eq!(content["id"], first.body["content_id"]);
    assert_eq!(content["sync_state"], "in_sync");

    let again = pulled.sender.deliver(&told).await?;
    assert_eq!(outcome(&again)?, "duplicate");
    assert_eq!(again.body["event_id"], first.body["event_id"]);
    assert_eq!(again.body["content_id"], first.body["content_id"]);

    assert_eq!(pulled.told("status", &status(post, "publish", -3_600)?).await?, "stale older");
    assert_eq!(pulled.told("status", &status(987_654, "trash", 0)?).await?, "ignored not_tracked");
    let mut foreign = status(post, "publish", 0)?;
    foreign["content_id"] = json!(987_654);
    assert_eq!(pulled.told("status", &foreign).await?, "ignored unknown_content");
    let mut foreign = status(post, "publish", 0)?;
    foreign["integration_id"] = json!(pulled.connected.integration + 1);
    assert_eq!(pulled.told("status", &foreign).await?, "ignored other_integration");
    let mut copy = status(post, "trash", 0)?;
    copy["post_url"] = json!("https://staging.live.example/hello/");
    assert_eq!(pulled.told("status", &copy).await?, "ignored site_copy");
    assert_eq!(pulled.connected.content_of(post).await?["status"], "draft");

    let events = format!("integrations/{}/events/?event_type=webhook", pulled.connected.integration);
    let events = pulled.connected.tenant.owner.get(&events).await?;
    let events = events.expect(200)?["results"].as_array().context("events")?;
    assert_eq!(events.len(), 6, "{events:?}");
    assert!(events.iter().any(|event| event["id"] == first.body["event_id"] && event["success"] == true));
    Ok(())
}

#[rstest]
#[tokio::test]
async fn metadata_is_stored_and_what_it_does_not_carry_stays(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let pulled = Pulled::on(backend).await?;
    let post = pulled.connected.some_post(1)?;
    let before = pulled.connected.content_of(post).await?;
    let categories = before["terms"].as_array().context("terms")?.clone();
    let carried = json!({
        "post_id": post, "post_type": "post", "modified_gmt": at(-30)?,
        "metadata": {
            "title": "Tom & Jerry's \"new\" 🚀", "excerpt": "a\\b", "seo": { "description": "50% off" },
            "tags": [{ "id": 7, "name": "R&D", "slug": "rd", "taxonomy": "post_tag" }],
            "author": { "id": 1, "name": "Maria" },
        },
    });
    assert_eq!(pulled.told("metadata", &carried).await?, "applied");
    let content = pulled.connected.content_of(post).await?;
    assert_eq!(content["title"], "Tom & Jerry's \"new\" 🚀");
    assert_eq!((&content["excerpt"], &content["seo"]["description"]), (&json!("a\\b"), &json!("50% off")));
    assert_eq!(content["slug"], before["slug"]);
    assert_eq!(content["html"], before["html"]);
    let terms = content["terms"].as_array().context("terms")?;
    assert!(terms.iter().any(|term| term["name"] == "R&D" && term["taxonomy"] == "post_tag"), "{terms:?}");
    for term in categories.iter().filter(|term| term["taxonomy"] == "category") {
        assert!(terms.contains(term), "{terms:?}");
    }
    let mut title = carried;
    title["modified_gmt"] = json!(at(-20)?);
    title["metadata"] = json!({ "seo": { "title": "Only this" }, "tags": [] });
    assert_eq!(pulled.told("metadata", &title).await?, "applied");
    let content = pulled.connected.content_of(post).await?;
    assert_eq!(content["seo"]["description"], "50% off");
    assert_eq!(content["seo"]["title"], "Only this");
    let terms = content["terms"].as_array().context("terms")?;
    assert!(terms.iter().all(|term| term["taxonomy"] != "post_tag"), "{terms:?}");
    Ok(())
}

#[rstest]
#[tokio::test]
async fn an_unknown_post_and_a_changed_body_are_pulled_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let pulled = Pulled::on(backend).await?;
    let site = &pulled.connected.site;
    let post = site.eval(
        "return wp_insert_post( array( 'post_title' => 'New here', 'post_status' => 'publish', 'post_content' => 'Its body' ) );",
    )?;
    let post = post.as_i64().context("an id")?;
    let modified = site.eval(&format!("return get_post( {post} )->post_modified_gmt;"))?;
    let mut told = status(post, "publish", 0)?;
    told["modified_gmt"] = modified;
    assert_eq!(pulled.told("status", &told).await?, "ignored pull_queued");
    let content = awaited(&pulled, post, |content| content["html"] == "Its body").await?;
    assert_eq!((&content["title"], &content["sync_state"]), (&json!("New here"), &json!("in_sync")));

    let edit = "global $wpdb; $wpdb->update( $wpdb->posts, array( 'post_content' => 'Another body' ), array( 'ID' => %d ) ); clean_post_cache( %d );";
    site.eval(&edit.replace("%d", &post.to_string()))?;
    told["content_hash"] = json!("0".repeat(64));
    assert_eq!(pulled.told("status", &told).await?, "applied");
    awaited(&pulled, post, |content| content["html"] == "Another body").await?;
    Ok(())
}

#[rstest]
#[tokio::test]
async fn only_a_sites_own_plugin_delivers_and_only_to_its_own(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = Service::start(backend).await?;
    let (mine, theirs) = (
        service.bootstrap("mine", "https://mine.example")?,
        service.bootstrap("theirs", "https://theirs.example")?,
    );
    let body = status(5, "publish", 0)?;
    for kind in ["status", "metadata"] {
        let path = format!("webhooks/wordpress/{kind}/");
        mine.owner.post(&path, &body).await?.problem(403, "not_for_this_caller")?;
        service.anonymous()?.post(&path, &body).await?.problem(401, "not_authenticated")?;
        service
            .anonymous()?
            .bearer("no-such-key-0123")
            .post(&path, &body)
            .await?
            .problem(401, "not_authenticated")?;
        Answer::of(mine.plugin.request(Method::GET, &path)).await?.problem(405, "method_not_allowed")?;
    }
    let sender = Sender::of(&service, &mine)?;
    let message = Message::new("status", &body);
    let ignored = sender.deliver(&message).await?;
    assert_eq!(outcome(&ignored)?, "ignored no_active_integration");
    assert_eq!((&ignored.body["event_id"], &ignored.body["content_id"]), (&Value::Null, &Value::Null));
    // Signed with another site's secret, and under another site's key.
    sender.under(&theirs.plugin).deliver(&message).await?.problem(401, "invalid_signature")?;
    service.run(&["account", "set", &mine.account_id.to_string(), "--active", "false", "--json"])?.json()?;
    let deadline = Instant::now() + Duration::from_secs(10);
    while mine.plugin.post("webhooks/wordpress/status/", &body).await?.status != 403 {
        ensure!(Instant::now() < deadline, "an inactive account still delivers");
    }
    mine.plugin.post("webhooks/wordpress/status/", &body).await?.problem(403, "inactive")?;
    Ok(())
}

#[tokio::test]
async fn a_slow_site_does_not_keep_back_the_pulls_of_another() -> anyhow::Result<()> {
    let quick = Pulled::on(Backend::Sqlite).await?;
    let (service, site) = (&quick.connected.service, small_site().await?);
    let tenant = service.bootstrap("slow", &site.url)?;
    let integration = site.connect(service.origin(), &tenant)?;
    let slow = Sender::of(service, &tenant)?;
    site.slow_down(Duration::from_secs(3))?;
    // More than are pulled at a time.
    for post in 900_001..900_041 {
        let told = slow.deliver(&Message::new("status", &status(post, "publish", 0)?)).await?;
        assert_eq!(outcome(&told)?, "ignored pull_queued");
    }
    let post = quick.connected.some_post(1)?;
    let modified = quick.connected.post_field(post, "post_modified_gmt")?;
    quick.connected.site.eval(&format!(
        "global $wpdb; $wpdb->update( $wpdb->posts, array( 'post_content' => 'Told' ), array( 'ID' => {post} ) );"
    ))?;
    let mut told = status(post, "publish", 0)?;
    told["modified_gmt"] = modified;
    told["content_hash"] = json!("0".repeat(64));
    assert_eq!(quick.told("status", &told).await?, "applied");
    awaited(&quick, post, |content| content["html"] == "Told").await?;
    let page = tenant.owner.get(&format!("integrations/{integration}/debug_status/")).await?;
    let waiting = page.expect(200)?["queue"]["waiting"].as_i64().context("a number")?;
    ensure!(waiting > 0, "the slow one was not slow: {}", page.text);
    site.full_speed()
}

/// The content of a post, once it is as it should be.
async fn awaited(pulled: &Pulled, post: i64, enough: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let content = pulled.connected.content_of(post).await;
        match content {
            Ok(content) if enough(&content) => return Ok(content),
            other => ensure!(Instant::now() < deadline, "{other:?}\n{}", pulled.connected.service.log()?),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
