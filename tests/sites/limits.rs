//! What the connected user, the site's tables and its host do not let through, on a real site.

use anyhow::Context as _;
use rstest::rstest;
use serde_json::{Value, json};

use super::Connected;
use super::cases::{bare, nothing_happened, post_of};
use crate::harness::small_site;

async fn events(connected: &Connected) -> anyhow::Result<String> {
    Ok(connected.owner()?.get(&format!("integrations/{}/events/", connected.integration)).await?.text)
}

fn article() -> Value {
    json!({
        "title": "Autumn", "html": "<p>x</p>", "status": "published",
        "terms": [
            { "taxonomy": "category", "name": "New series" }, { "taxonomy": "category", "name": "News" },
            { "taxonomy": "post_tag", "name": "autumn" },
        ],
    })
}

/// The names of a post's terms, sorted.
fn terms_of(connected: &Connected, post: i64) -> anyhow::Result<Value> {
    connected.site.eval(&format!(
        "$names = wp_list_pluck( wp_get_object_terms( {post}, array( 'category', 'post_tag' ) ), 'name' ); sort( $names ); return $names;"
    ))
}

#[tokio::test]
async fn an_authors_article_goes_out_without_the_category_it_may_not_make() -> anyhow::Result<()> {
    let site = small_site().await?;
    site.eval("wp_insert_term( 'News', 'category' );")?;
    let author = site.author.clone();
    let connected = bare(site, &author).await?;
    let content = connected.write(article()).await?;
    connected.synced("both").await?;
    let post = post_of(&connected, &content).await?;
    assert_eq!(connected.post_field(post, "post_status")?, "publish");
    assert_eq!(connected.post_field(post, "post_name")?, "autumn", "the mark is off");
    let terms = terms_of(&connected, post)?;
    assert_eq!(terms, json!(["News", "autumn"]));
    assert!(events(&connected).await?.contains("term_not_allowed"));
    nothing_happened(&connected.synced("both").await?);
    Ok(())
}

#[tokio::test]
async fn a_contributors_article_waits_on_the_site_and_is_not_tried_for_ever() -> anyhow::Result<()> {
    let site = small_site().await?;
    let contributor = site.contributor.clone();
    let connected = bare(site, &contributor).await?;
    let path = format!("integrations/{}/test_connection/", connected.integration);
    let tested = connected.owner()?.post(&path, &json!({})).await?;
    let limitations = tested.expect(200)?["limitations"].to_string();
    for word in ["pending", "categories", "pictures"] {
        assert!(limitations.contains(word), "{word}: {limitations}");
    }
    let content =
        connected.write(json!({ "title": "Waits", "html": "<p>x</p>", "status": "published" })).await?;
    connected.synced("both").await?;
    let post = post_of(&connected, &content).await?;
    assert_eq!(connected.post_field(post, "post_status")?, "pending");
    assert!(events(&connected).await?.contains("publish_not_allowed"));
    let asked = connected.site.requests()?.len();
    nothing_happened(&connected.synced("both").await?);
    let later = connected.site.requests()?.split_off(asked);
    assert!(!later.iter().any(|request| request.starts_with("POST ")), "{later:#?}");
    Ok(())
}

#[tokio::test]
async fn a_sign_that_the_tables_cannot_hold_fails_its_article_and_no_other() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.site.eval(
        "global $wpdb; foreach ( array( $wpdb->posts, $wpdb->terms ) as $table ) {
            $wpdb->query( \"ALTER TABLE $table CONVERT TO CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci\" ); }",
    )?;
    let mut refused = Vec::new();
    for (title, html) in [("Launch day 🚀", "<p>x</p>"), ("𠮷野家 opens", "<p>x</p>"), ("Body", "<p>🎉</p>")]
    {
        let body = json!({ "title": title, "html": html, "status": "published" });
        refused.push(connected.write(body).await?);
    }
    let tag = json!([{ "taxonomy": "post_tag", "name": "🎉 party" }]);
    let body = json!({ "title": "Tag", "html": "<p>x</p>", "status": "published", "terms": tag });
    refused.push(connected.write(body).await?);
    let plain =
        connected.write(json!({ "title": "Plain", "html": "<p>x</p>", "status": "published" })).await?;
    let run = connected.sync(json!({ "direction": "both" })).await?;
    assert_eq!((&run["status"], &run["attempt"]), (&json!("partial"), &json!(1)), "{run}");
    let post = post_of(&connected, &plain).await?;
    assert_eq!(connected.post_field(post, "post_status")?, "publish");
    for (content, named) in refused.iter().zip(["title", "title", "html", "🎉 party"]) {
        let content = connected.content(&content["id"]).await?.body;
        let error = &content["sync_error"];
        assert_eq!(error["code"], "database_cannot_store", "{content}");
        assert!(error["message"].as_str().is_some_and(|it| it.contains(named)), "{named}: {error}");
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn backslashes_arrive_as_they_were_written(
    #[values(true, false)] with_plugin: bool,
) -> anyhow::Result<()> {
    let site = small_site().await?;
    let editor = site.editor.clone();
    let connected = if with_plugin { Connected::over(site).await? } else { bare(site, &editor).await? };
    let html = r#"<!-- wp:html {"re":"\\d+","q":"\u0022x\u0022"} --><p>C:\temp\new \frac{1}{2} it\'s</p><!-- /wp:html -->"#;
    let mut body = json!({ "title": r"a\b", "html": html, "excerpt": r"a\b", "status": "published" });
    if with_plugin {
        body["seo"] = json!({ "description": r"50\50" });
    }
    let content = connected.write(body).await?;
    connected.synced("both").await?;
    let post = post_of(&connected, &content).await?;
    assert_eq!(connected.post_field(post, "post_content")?, html);
    assert_eq!(connected.post_field(post, "post_excerpt")?, r"a\b");
    nothing_happened(&connected.synced("both").await?);
    let now = connected.content(&content["id"]).await?.body;
    assert_eq!(
        (&now["html"], &now["excerpt"], &now["title"]),
        (&json!(html), &json!(r"a\b"), &json!(r"a\b"))
    );
    if with_plugin {
        assert_eq!(now["seo"]["description"], r"50\50");
    }
    Ok(())
}

#[tokio::test]
async fn posts_that_the_user_may_no_longer_edit_keep_their_text_here_and_there() -> anyhow::Result<()> {
    let site = small_site().await?;
    let (editor, author) = (site.editor.clone(), site.author.clone());
    let connected = bare(site, &editor).await?;
    connected.synced("from_external").await?;
    let post = connected.some_post(1)?;
    let before = connected.content_of(post).await?;
    connected
        .site
        .eval(&format!("wp_update_post( array( 'ID' => {post}, 'post_password' => 'letmein-42' ) );"))?;
    let credentials = json!({ "credentials_json": {
        "username": author.user, "application_password": author.application_password,
    } });
    let path = format!("integrations/{}/", connected.integration);
    connected.owner()?.patch(&path, &credentials).await?.expect(200)?;
    let run = connected.sync(json!({ "direction": "both", "full": true })).await?;
    assert_eq!(run["progress"]["deleted"], 0, "{run}");
    connected.change(&before["id"], json!({ "html": "<p>Changed here</p>" })).await?;
    let run = connected.sync(json!({ "direction": "both" })).await?;
    assert_eq!((&run["status"], &run["progress"]["failed"]), (&json!("partial"), &json!(1)), "{run}");
    let content = connected.content(&before["id"]).await?.body;
    assert_eq!((&content["sync_state"], &content["html"]), (&json!("failed"), &json!("<p>Changed here</p>")));
    assert_eq!(connected.post_field(post, "post_content")?, before["html"]);
    assert_eq!(connected.post_field(post, "post_password")?, "letmein-42");
    Ok(())
}

/// A host that keeps the first answer to each address, blind to a parameter that it does not know.
pub(super) const CACHE: &str = r"
    if ( 'GET' === ( $_SERVER['REQUEST_METHOD'] ?? '' ) && false !== strpos( $_SERVER['REQUEST_URI'], 'wp-json' ) ) {
        $igny8_test_uri = preg_replace( '/([?&])_igny8=[^&]*/', '$1', $_SERVER['REQUEST_URI'] );
        $igny8_test_file = WP_CONTENT_DIR . '/cache-' . md5( $igny8_test_uri );
        if ( file_exists( $igny8_test_file ) ) {
            header( 'Content-Type: application/json' ); header( 'x-litespeed-cache: hit' ); header( 'age: 812' );
            readfile( $igny8_test_file );
            exit;
        }
        ob_start( function ( $answer ) use ( $igny8_test_file ) {
            if ( 200 === http_response_code() ) { file_put_contents( $igny8_test_file, $answer ); }
            return $answer;
        } );
    }";

#[tokio::test]
async fn a_host_that_caches_the_api_shows_us_no_old_text() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.site.must_use("cache", CACHE)?;
    connected.synced("both").await?;
    let post = connected.some_post(1)?;
    let content = connected.content_of(post).await?;
    connected.change(&content["id"], json!({ "html": "<p>Version 2</p>" })).await?;
    for _ in 0..2 {
        let run = connected.synced("both").await?;
        assert_eq!(run["progress"]["conflicts"], 0, "{run}");
        assert_eq!(connected.content(&content["id"]).await?.body["html"], "<p>Version 2</p>");
        assert_eq!(connected.post_field(post, "post_content")?, "<p>Version 2</p>");
    }
    connected.edit_post(post, "post_content", "<p>Version 3</p>")?;
    connected.synced("both").await?;
    assert_eq!(connected.content(&content["id"]).await?.body["html"], "<p>Version 3</p>");
    let path = format!("integrations/{}/test_connection/", connected.integration);
    for _ in 0..2 {
        let tested = connected.owner()?.post(&path, &json!({})).await?;
        assert_eq!(tested.expect(200)?["success"], true, "{}", tested.text);
    }
    let kept = std::fs::read_dir(connected.site.content())?;
    let kept =
        kept.filter_map(Result::ok).filter(|it| it.file_name().to_string_lossy().starts_with("cache-"));
    kept.count().checked_sub(5).context("the cache was in the way")?;
    Ok(())
}
