use anyhow::ensure;
use serde_json::{Value, json};

use super::Connected;
use crate::harness::{Site, small_site};

impl Connected {
    pub async fn move_to(&self, site: &Site) -> anyhow::Result<()> {
        let body = json!({ "config_json": { "site_url": site.url } });
        self.owner()?.patch(&format!("integrations/{}/", self.integration), &body).await?.expect(200)?;
        Ok(())
    }
}

/// Everything that a site's posts up to an id are.
fn posts_up_to(site: &Site, last: &Value) -> anyhow::Result<Value> {
    site.eval(&format!(
        "global $wpdb; return $wpdb->get_results( \"SELECT ID, post_title, post_content, post_status, post_name, \
         post_modified_gmt FROM $wpdb->posts WHERE ID <= {last} ORDER BY ID\", ARRAY_N );"
    ))
}

/// The other one has posts of the same ids and names, as everything does that was made from one template.
#[tokio::test]
async fn a_site_is_left_for_another_and_found_again() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.synced("from_external").await?;
    let post = connected.some_post(1)?;
    let id = connected.content_of(post).await?["id"].clone();
    connected.change(&id, json!({ "title": "Edited here" })).await?;
    let ours = connected.contents("").await?.len();

    let other = small_site().await?;
    other.set_up_plugin(connected.service.origin(), &connected.tenant)?;
    other.eval(
        "global $wpdb; return $wpdb->query( \"UPDATE $wpdb->posts SET post_content = CONCAT( 'Theirs. ', \
         post_content ), post_modified = post_modified - INTERVAL 1 HOUR, post_modified_gmt = post_modified_gmt - \
         INTERVAL 1 HOUR\" );",
    )?;
    let last =
        other.eval("global $wpdb; return (int) $wpdb->get_var( \"SELECT MAX( ID ) FROM $wpdb->posts\" );")?;
    let theirs = posts_up_to(&other, &last)?;
    connected.move_to(&other).await?;
    let run = connected.synced("from_external").await?;
    ensure!(run["progress"]["created"] == json!(ours) && run["progress"]["deleted"] == 0, "{run}");
    ensure!(posts_up_to(&other, &last)? == theirs);
    ensure!(connected.contents("").await?.len() == 2 * ours);
    ensure!(connected.content(&id).await?.body["title"] == "Edited here");
    let run = connected.synced("both").await?;
    ensure!(run["progress"]["deleted"] == 0 && run["progress"]["conflicts"] == 0, "{run}");
    ensure!(posts_up_to(&other, &last)? == theirs, "a push wrote over the other site's posts");

    connected.move_to(&connected.site).await?;
    let run = connected.synced("both").await?;
    ensure!(run["progress"]["conflicts"] == 0 && run["progress"]["deleted"] == 0, "{run}");
    ensure!(connected.post_field(post, "post_title")? == "Edited here");
    ensure!(connected.content_of(post).await?["id"] == id, "the post is another content now");
    Ok(())
}
