use anyhow::Context as _;
use serde_json::{Value, json};

use super::Connected;

/// The posts that carry this content's marker, whatever their status.
fn posts_marked(connected: &Connected, content: &Value) -> anyhow::Result<Value> {
    connected.site.eval(&format!(
        "return get_posts( array( 'post_type' => 'any', 'post_status' => array( 'publish', 'draft', 'trash', 'future' ),
            'fields' => 'ids', 'posts_per_page' => -1, 'meta_key' => 'igny8_content_id', 'meta_value' => '{content}' ) );"
    ))
}

#[tokio::test]
async fn an_article_that_was_edited_here_shows_its_new_text_on_the_site() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.synced("from_external").await?;
    let post = connected.some_post(2)?;
    let content = connected.content_of(post).await?;
    let html = "<p>New text with &amp; and <strong>mark-up</strong> 🚀</p>";
    let changed = connected.change(&content["id"], json!({ "html": html })).await?;
    assert_eq!(changed["sync_state"], "pending_push");
    connected.synced("to_external").await?;
    assert_eq!(connected.post_field(post, "post_content")?, html);
    assert_eq!(connected.content(&content["id"]).await?.body["sync_state"], "in_sync");
    Ok(())
}

#[tokio::test]
async fn a_new_approved_content_becomes_exactly_one_post() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    let content = connected
        .write(json!({
            "title": "Fish & Chips", "html": "<p>Salt & vinegar</p>", "status": "published",
            "terms": [{ "taxonomy": "category", "name": "R&D" }, { "taxonomy": "post_tag", "name": "Q&A" }],
        }))
        .await?;
    for _ in 0..3 {
        connected.synced("both").await?;
    }
    let posts = posts_marked(&connected, &content["id"])?;
    assert_eq!(posts.as_array().map(Vec::len), Some(1), "{posts}");
    let post = posts[0].as_i64().context("an id")?;
    assert_eq!(connected.post_field(post, "post_status")?, "publish");
    assert_eq!(connected.post_field(post, "post_content")?, "<p>Salt & vinegar</p>");
    let names = format!("return wp_list_pluck( get_the_category( {post} ), 'name' );");
    assert_eq!(connected.site.eval(&names)?, json!(["R&amp;D"]));
    let now = connected.content(&content["id"]).await?.body;
    assert_eq!((&now["sync_state"], &now["external_id"]), (&json!("in_sync"), &json!(post.to_string())));
    assert_eq!(now["terms"][0]["name"], "R&D", "{now}");
    Ok(())
}

#[tokio::test]
async fn a_draft_stays_here_until_it_is_approved() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    let content = connected.write(json!({ "title": "Draft", "html": "<p>x</p>" })).await?;
    connected.synced("both").await?;
    assert_eq!(posts_marked(&connected, &content["id"])?, json!([]));
    connected.change(&content["id"], json!({ "status": "approved" })).await?;
    connected.synced("both").await?;
    let posts = posts_marked(&connected, &content["id"])?;
    let post = posts[0].as_i64().context("an id")?;
    assert_eq!(connected.post_field(post, "post_status")?, "draft");
    Ok(())
}

#[tokio::test]
async fn one_field_edited_on_both_sides_is_a_conflict_and_neither_text_is_lost() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.synced("from_external").await?;
    let post = connected.some_post(4)?;
    let content = connected.content_of(post).await?;
    connected.change(&content["id"], json!({ "title": "Ours" })).await?;
    connected.edit_post(post, "post_title", "Theirs")?;
    let run = connected.sync(json!({ "direction": "both" })).await?;
    assert_eq!(run["progress"]["conflicts"], 1, "{run}");
    let conflict = connected.content(&content["id"]).await?.body;
    assert_eq!(conflict["sync_state"], "conflict");
    assert_eq!(conflict["conflict"]["title"]["local"], "Ours");
    assert_eq!(conflict["conflict"]["title"]["external"], "Theirs");
    assert_eq!(conflict["title"], "Ours");
    assert_eq!(connected.post_field(post, "post_title")?, "Theirs");

    let resolve = format!("content/{}/resolve/", content["id"]);
    connected.owner()?.post(&resolve, &json!({ "keep": "local" })).await?.expect(200)?;
    connected.synced("both").await?;
    assert_eq!(connected.post_field(post, "post_title")?, "Ours");
    assert_eq!(connected.content(&content["id"]).await?.body["sync_state"], "in_sync");
    Ok(())
}

#[tokio::test]
async fn different_fields_edited_on_the_two_sides_merge() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.synced("from_external").await?;
    let post = connected.some_post(6)?;
    let content = connected.content_of(post).await?;
    connected.change(&content["id"], json!({ "title": "Our title" })).await?;
    connected.edit_post(post, "post_excerpt", "Their excerpt")?;
    connected.synced("both").await?;
    let merged = connected.content(&content["id"]).await?.body;
    assert_eq!((&merged["title"], &merged["excerpt"]), (&json!("Our title"), &json!("Their excerpt")));
    assert_eq!(merged["sync_state"], "in_sync");
    assert_eq!(connected.post_field(post, "post_title")?, "Our title");
    assert_eq!(connected.post_field(post, "post_excerpt")?, "Their excerpt");
    Ok(())
}

#[tokio::test]
async fn a_content_deleted_here_goes_to_the_sites_trash() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.synced("from_external").await?;
    let post = connected.some_post(8)?;
    let content = connected.content_of(post).await?;
    connected.owner()?.delete(&format!("content/{}/", content["id"])).await?.expect(204)?;
    connected.synced("both").await?;
    assert_eq!(connected.post_field(post, "post_status")?, "trash");
    connected.change(&content["id"], json!({ "deleted_at": null })).await?;
    connected.synced("both").await?;
    assert_eq!(connected.post_field(post, "post_status")?, "publish");
    Ok(())
}
