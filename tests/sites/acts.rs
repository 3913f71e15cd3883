//! What happens on a real WordPress arrives at once, once, and is right here, through its plugin.

use anyhow::{Context as _, ensure};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::telling::Telling;
use crate::harness::{Answer, Client};

/// How something is done on the site.
#[derive(Clone, Copy)]
enum Way {
    /// As the block editor does it.
    Rest,
    /// As a plugin or a script does it.
    Php,
}

/// One thing that is done to a post. In its path and in its code `{id}` stands for the post.
struct Act {
    method: Method,
    path: &'static str,
    body: Value,
    php: String,
    /// Whether the content is as it should be then.
    right: Box<dyn Fn(&Value) -> bool>,
}

/// A change of some fields.
fn change(body: Value, php: impl Into<String>, right: impl Fn(&Value) -> bool + 'static) -> Act {
    Act { method: Method::POST, path: "posts/{id}", body, php: php.into(), right: Box::new(right) }
}

/// A deletion; with `?force=true` for good.
fn delete(path: &'static str, php: impl Into<String>, right: impl Fn(&Value) -> bool + 'static) -> Act {
    Act { method: Method::DELETE, path, ..change(Value::Null, php, right) }
}

impl Telling {
    /// Does one thing after another to a post. Exactly one delivery comes of each, and the content is right then.
    async fn does(&self, way: Way, post: i64, acts: impl IntoIterator<Item = Act>) -> anyhow::Result<()> {
        for Act { method, path, body, php, right } in acts {
            let (made, came) = (self.made(post)?, self.came(post).await?.len());
            let named = |text: &str| text.replace("{id}", &post.to_string());
            match way {
                Way::Rest => self.edit(method, &named(path), &body).await.map(drop)?,
                Way::Php => self.connected.site.eval(&named(&php)).map(drop)?,
            }
            self.content_is(&php, post, right).await?;
            ensure!(self.made(post)? == made + 1, "{php}: deliveries made");
            let events = self.came(post).await?;
            ensure!(events.len() == came + 1, "{php}: {events:?}");
            let outcome = events.last().map(|event| &event["details"]["outcome"]);
            ensure!(outcome == Some(&json!("applied")), "{php}: {events:?}");
        }
        Ok(())
    }
}

fn names(content: &Value, taxonomy: &str) -> Vec<String> {
    let terms = content["terms"].as_array().cloned().unwrap_or_default();
    let of_taxonomy = terms.iter().filter(|term| term["taxonomy"] == taxonomy);
    of_taxonomy.filter_map(|term| term["name"].as_str().map(str::to_owned)).collect()
}

#[rstest]
#[case::rest(Way::Rest)]
#[case::php(Way::Php)]
#[tokio::test]
async fn each_edit_on_the_site_is_one_delivery_and_right_here(#[case] way: Way) -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let post = telling.connected.some_post(1)?;
    let site = &telling.connected.site;
    let image = site.eval(
        "return wp_insert_attachment( array( 'post_title' => 'i', 'post_mime_type' => 'image/png' ), '2026/01/i.png' );",
    )?;
    let term = site.eval("return wp_insert_term( 'R&D', 'category' )['term_id'];")?;
    let acts = [
        change(
            json!({ "content": "<p>C:\\temp & more</p>" }),
            "wp_update_post( wp_slash( array( 'ID' => {id}, 'post_content' => '<p>C:\\temp & more</p>' ) ) );",
            |content| content["html"] == "<p>C:\\temp & more</p>",
        ),
        change(
            json!({ "categories": [term] }),
            "wp_set_object_terms( {id}, 'R&D', 'category' );",
            |content| names(content, "category") == ["R&D"],
        ),
        change(
            json!({ "igny8_seo": { "title": "%%title%% 50\\50" } }),
            "update_post_meta( {id}, '_igny8_seo_title', wp_slash( '%%title%% 50\\50' ) );",
            |content| content["seo"]["title"] == "%%title%% 50\\50",
        ),
        change(
            json!({ "slug": "another-slug" }),
            "wp_update_post( array( 'ID' => {id}, 'post_name' => 'another-slug' ) );",
            |content| content["slug"] == "another-slug",
        ),
        change(
            json!({ "featured_media": image }),
            format!("set_post_thumbnail( {{id}}, {image} );"),
            |content| {
                content["featured_image_url"].as_str().is_some_and(|url| url.ends_with("/2026/01/i.png"))
            },
        ),
    ];
    telling.does(way, post, acts).await
}

#[rstest]
#[case::rest(Way::Rest)]
#[case::php(Way::Php)]
#[tokio::test]
async fn each_status_on_the_site_is_one_delivery_and_right_here(#[case] way: Way) -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let post = telling.connected.some_post(1)?;
    let before = telling.connected.content_of(post).await?;
    let acts = [
        change(
            json!({ "status": "draft" }),
            "wp_update_post( array( 'ID' => {id}, 'post_status' => 'draft' ) );",
            |content| content["status"] == "draft" && content["external_status"] == "draft",
        ),
        change(
            json!({ "status": "publish" }),
            "wp_update_post( array( 'ID' => {id}, 'post_status' => 'publish' ) );",
            |content| content["status"] == "published",
        ),
        change(
            json!({ "status": "future", "date_gmt": "2040-01-02T03:04:05" }),
            "wp_update_post( array( 'ID' => {id}, 'post_status' => 'future', 'edit_date' => true,
                'post_date' => '2040-01-02 03:04:05', 'post_date_gmt' => '2040-01-02 03:04:05' ) );",
            |content| content["status"] == "approved" && content["publish_at"] == "2040-01-02T03:04:05Z",
        ),
        delete("posts/{id}", "wp_trash_post( {id} );", |content| {
            content["deleted_at"].is_string() && content["external_url"].is_null()
        }),
        change(json!({ "status": "draft" }), "wp_untrash_post( {id} );", move |content| {
            content["deleted_at"].is_null()
                && content["external_status"] == "draft"
                && content["slug"] == before["slug"]
                && content["html"] == before["html"]
        }),
        delete("posts/{id}?force=true", "wp_delete_post( {id}, true );", |content| {
            content["deleted_at"].is_string() && content["external_status"] == "deleted"
        }),
    ];
    telling.does(way, post, acts).await
}

#[rstest]
#[case::rest(Way::Rest)]
#[case::php(Way::Php)]
#[tokio::test]
async fn a_new_post_is_one_delivery_and_brings_its_whole_text(#[case] way: Way) -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let post = match way {
        Way::Rest => {
            let body = json!({ "title": "Tom & Jerry's", "content": "<p>New</p>", "status": "publish" });
            telling.edit(Method::POST, "books", &body).await?.body["id"].as_i64()
        }
        Way::Php => telling
            .connected
            .site
            .eval(
                "return wp_insert_post( wp_slash( array( 'post_type' => 'book', 'post_title' => 'Tom & Jerry\\'s',
                    'post_content' => '<p>New</p>', 'post_status' => 'publish' ) ) );",
            )?
            .as_i64(),
    };
    let post = post.context("an id")?;
    let content = telling.content_is("a new post", post, |content| content["html"] == "<p>New</p>").await?;
    assert_eq!((&content["title"], &content["content_type"]), (&json!("Tom & Jerry's"), &json!("book")));
    assert_eq!(content["status"], "published");
    assert_eq!(telling.made(post)?, 1);
    let came = telling.came(post).await?;
    assert_eq!(came.len(), 1, "{came:?}");
    assert_eq!(came[0]["error_code"], "pull_queued");
    Ok(())
}

#[tokio::test]
async fn a_post_that_wp_cron_publishes_is_one_delivery_and_published_here() -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let site = &telling.connected.site;
    let post = site.eval(
        "return wp_insert_post( array( 'post_title' => 'Soon', 'post_content' => 'a', 'post_status' => 'future',
            'post_date' => '2040-01-01 00:00:00' ) );",
    )?;
    let post = post.as_i64().context("an id")?;
    telling.content_is("a scheduled post", post, |content| content["status"] == "approved").await?;
    // Its time comes: past all hooks, as time passes.
    site.eval(&format!(
        "global $wpdb; $wpdb->update( $wpdb->posts, array( 'post_date' => '2026-01-01 00:00:00', 'post_date_gmt' => '2026-01-01 00:00:00' ), array( 'ID' => {post} ) );
         wp_clear_scheduled_hook( 'publish_future_post', array( {post} ) );
         wp_schedule_single_event( time() - 1, 'publish_future_post', array( {post} ) );"
    ))?;
    let made = telling.made(post)?;
    Answer::of(Client::anonymous(&site.url)?.request(Method::GET, "/wp-cron.php")).await?;
    let content =
        telling.content_is("its time has come", post, |content| content["status"] == "published").await?;
    assert_eq!((&content["external_status"], telling.made(post)?), (&json!("publish"), made + 1));
    Ok(())
}

#[tokio::test]
async fn what_igny8_itself_pushed_is_not_told_back() -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let connected = &telling.connected;
    let written = json!({
        "title": "Ours", "html": "<p>Ours</p>", "status": "published", "seo": { "title": "S" },
        "terms": [{ "taxonomy": "category", "name": "Ours" }],
    });
    let content = connected.write(written).await?;
    connected.synced("to_external").await?;
    connected.change(&content["id"], json!({ "html": "<p>Ours, better</p>" })).await?;
    connected.synced("both").await?;
    let content = connected.content(&content["id"]).await?.body;
    let post: i64 = content["external_id"].as_str().context("a post")?.parse()?;
    assert_eq!((telling.made(post)?, &content["sync_state"]), (0, &json!("in_sync")));
    let edited = json!({ "title": "Theirs" });
    telling.edit(Method::POST, &format!("posts/{post}"), &edited).await?;
    telling.content_is("an edit on the site", post, |content| content["title"] == "Theirs").await?;
    assert_eq!(telling.made(post)?, 1);
    Ok(())
}
