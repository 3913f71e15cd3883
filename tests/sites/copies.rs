//! Another site with the same key: a copy, or the site that an integration has left. What it tells changes nothing.

use anyhow::ensure;
use serde_json::{Value, json};

use super::telling::Telling;
use crate::harness::{Site, small_site};

/// A language plugin that gives a language a domain of its own, which may hold for everything that is done here.
const LANGUAGES: &str = "
function igny8_test_german( $url ) { return str_replace( 'http://127.0.0.1', 'http://auf-deutsch.example', $url ); }
add_filter( 'post_link', 'igny8_test_german' );
if ( 'cli' === PHP_SAPI ) { add_filter( 'home_url', 'igny8_test_german' ); }";

impl Telling {
    /// A site that has all options of this one, as its copy in another place would.
    async fn copied(&self) -> anyhow::Result<Site> {
        let copy = small_site().await?;
        let options = self.connected.site.eval(
            "global $wpdb; return $wpdb->get_results( \"SELECT option_name, option_value FROM $wpdb->options WHERE option_name LIKE 'igny8_bridge_%'\" );",
        )?;
        copy.eval(&format!(
            "foreach ( json_decode( {}, true ) as $row ) {{ update_option( $row['option_name'], maybe_unserialize( $row['option_value'] ) ); }}",
            php_text(&options.to_string())
        ))?;
        Ok(copy)
    }

    async fn came_of_copies(&self, post: i64) -> anyhow::Result<usize> {
        let came = self.came(post).await?;
        ensure!(came.iter().all(|event| event["error_code"] == "site_copy"), "{came:?}");
        Ok(came.len())
    }
}

/// Does not know that it is one. Its structure is taken for told: it would be told first, and nothing after that.
fn forget_the_address(copy: &Site) -> anyhow::Result<Value> {
    copy.eval(
        "delete_option( Igny8_Bridge_Options::CONNECTED_AS ); update_option( Igny8_Bridge_Structure::TOLD, 'told' );",
    )
}

#[tokio::test]
async fn a_copy_of_the_site_changes_nothing_and_is_shown() -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let copy = telling.copied().await?;
    let (post, edited) = (telling.connected.some_post(6)?, telling.connected.some_post(7)?);
    let before = telling.connected.contents("").await?;
    let trash = format!("wp_trash_post( {post} );");
    copy.eval(&trash)?;
    let rows = "global $wpdb; return (int) $wpdb->get_var( 'SELECT COUNT(*) FROM ' . Igny8_Bridge_Outbox::table() );";
    assert_eq!(
        (copy.eval(rows)?, copy.eval("return Igny8_Bridge_Options::is_copy();")?),
        (json!(0), json!(true))
    );

    // Even where the copy does not know that it is one.
    forget_the_address(&copy)?;
    copy.eval(&format!("wp_untrash_post( {post} );"))?;
    copy.eval(&trash)?;
    copy.eval(&format!("wp_delete_post( {post}, true );"))?;
    copy.eval(&format!(
        "wp_update_post( array( 'ID' => {edited}, 'post_title' => 'Edited on the copy' ) );"
    ))?;
    copy.eval("deactivate_plugins( 'igny8-bridge/igny8-bridge.php' );")?;
    telling.says("site_copy", true).await?;
    // Once it was told that it is one, it waits with the rest.
    let came = telling.came_of_copies(post).await?;
    ensure!((1..3).contains(&came), "{came} of the three came");
    assert_eq!(telling.came_of_copies(edited).await?, 0);
    let structures = telling.events("event_type=structure&success=false").await?;
    ensure!(structures.iter().any(|event| event["error_code"] == "site_copy"), "{structures:?}");
    let reasons = telling.reasons().await?;
    ensure!(!reasons.iter().any(|reason| reason == "plugin_disconnected"), "{reasons:?}");
    assert_eq!(telling.connected.contents("").await?, before);

    telling.titled(post, "Edited on the site").await?;
    telling.arrives(post, "Edited on the site").await
}

#[tokio::test]
async fn a_post_whose_language_has_a_domain_of_its_own_arrives() -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let (site, post) = (&telling.connected.site, telling.connected.some_post(8)?);
    site.must_use("languages", LANGUAGES)?;
    site.eval(&format!("wp_update_post( array( 'ID' => {post}, 'post_status' => 'draft' ) );"))?;
    telling.titled(post, "Hallo").await?;
    site.eval(&format!("wp_publish_post( {post} );"))?;
    let content =
        telling.content_is("a publication", post, |content| content["status"] == "published").await?;
    assert_eq!(content["title"], "Hallo");
    ensure!(
        content["external_url"].as_str().is_some_and(|url| url.starts_with("http://auf-deutsch.example")),
        "{content}"
    );
    // Whatever the language of whoever presses the button.
    let report = site.eval("return array( home_url(), Igny8_Bridge_Onboarding::connect() );")?;
    ensure!(report[0].as_str().is_some_and(|home| home.starts_with("http://auf-deutsch.example")));
    ensure!(report[1]["outcome"] == "connected", "{report}");
    telling.says("site_copy", false).await
}

#[tokio::test]
async fn the_site_that_was_left_tells_nothing_of_the_new_ones_posts() -> anyhow::Result<()> {
    let telling = Telling::start().await?;
    let (left, post) = (&telling.connected.site, telling.connected.some_post(9)?);
    let new = small_site().await?;
    new.set_up_plugin(telling.connected.service.origin(), &telling.connected.tenant)?;
    telling.connected.move_to(&new).await?;
    telling.connected.synced("from_external").await?;
    let of_post = telling.connected.contents(&format!("external_id={post}")).await?;
    assert_eq!(of_post.len(), 1, "both sites have a post of this id");
    left.eval(&format!("wp_trash_post( {post} ); "))?;
    left.eval(&format!("wp_delete_post( {post}, true ); "))?;
    telling.says("site_copy", true).await?;
    ensure!(telling.came_of_copies(post).await? > 0, "what was left has told something");
    assert_eq!(telling.connected.contents(&format!("external_id={post}")).await?, of_post);
    Ok(())
}

/// A text as PHP writes it.
fn php_text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
