//! What people who publish to WordPress really ran into, replayed on a real site.

use anyhow::Context as _;
use rstest::rstest;
use serde_json::{Value, json};

use super::Connected;
use crate::harness::{Backend, Person, Service, Site, WordPress, small_site};

/// A site without the plugin, reached as this person through plain REST.
pub(super) async fn bare(site: Site, person: &Person) -> anyhow::Result<Connected> {
    site.eval("deactivate_plugins( 'igny8-bridge/igny8-bridge.php' );")?;
    let service = Service::start(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", &site.url)?;
    let body = json!({
        "site_id": tenant.site_id, "platform": "wordpress",
        "credentials_json": {
            "api_key": "wp-key-0123456789", "username": person.user,
            "application_password": person.application_password,
        },
    });
    let made = tenant.owner.post("integrations/", &body).await?;
    let integration = made.expect(201)?["id"].as_i64().context("an id")?;
    Ok(Connected { service, site, tenant, integration })
}

async fn tested(connected: &Connected) -> anyhow::Result<Value> {
    let path = format!("integrations/{}/test_connection/", connected.integration);
    Ok(connected.owner()?.post(&path, &json!({})).await?.expect(200)?.clone())
}

pub(super) fn nothing_happened(run: &Value) {
    for counter in ["created", "updated", "conflicts", "failed", "deleted"] {
        assert_eq!(run["progress"][counter], 0, "{counter}: {run}");
    }
}

/// The one post of a content that was pushed.
pub(super) async fn post_of(connected: &Connected, content: &Value) -> anyhow::Result<i64> {
    let content = connected.content(&content["id"]).await?.body;
    let post = content["external_id"].as_str().with_context(|| content.to_string())?;
    Ok(post.parse()?)
}

#[tokio::test]
async fn an_address_as_user_name_spaces_and_letter_case_are_no_mistakes() -> anyhow::Result<()> {
    let site = small_site().await?;
    let editor = site.editor.clone();
    let connected = bare(site, &editor).await?;
    let password = &editor.application_password;
    let wrong_user = ("IGNY8", password.clone());
    let log_in_password = (&*editor.user, editor.password.clone());
    for (user, password, good) in [
        ("editor@example.test", password.clone(), true),
        (&*editor.user, format!(" {password}\n"), true),
        (&*editor.user.to_uppercase(), password.clone(), true),
        (wrong_user.0, wrong_user.1, false),
        (log_in_password.0, log_in_password.1, false),
    ] {
        let credentials =
            json!({ "credentials_json": { "username": user, "application_password": password } });
        let path = format!("integrations/{}/", connected.integration);
        connected.owner()?.patch(&path, &credentials).await?.expect(200)?;
        let tested = tested(&connected).await?;
        assert_eq!(tested["success"], good, "{user}: {tested}");
        if !good {
            let last = tested["checks"].as_array().and_then(|checks| checks.last()).context("checks")?;
            assert_eq!(last["name"], "authentication", "{tested}");
        }
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn a_term_with_an_ampersand_is_one_term_in_every_round(
    #[values(true, false)] with_plugin: bool,
) -> anyhow::Result<()> {
    let site = small_site().await?;
    let editor = site.editor.clone();
    let connected = if with_plugin { Connected::over(site).await? } else { bare(site, &editor).await? };
    let names = ["R&D", "AT&T", "Q&A", "Tom & Jerry's"];
    let content = connected
        .write(json!({
            "title": "One", "html": "<p>x</p>", "status": "published",
            "terms": [
                { "taxonomy": "category", "name": "R&D" }, { "taxonomy": "post_tag", "name": "Q&A" },
                { "taxonomy": "post_tag", "name": "AT&T" }, { "taxonomy": "post_tag", "name": "Tom & Jerry's" },
            ],
        }))
        .await?;
    connected.synced("both").await?;
    for _ in 0..2 {
        nothing_happened(&connected.synced("both").await?);
    }
    let content = connected.content(&content["id"]).await?.body;
    let mut seen: Vec<_> =
        content["terms"].as_array().into_iter().flatten().map(|term| &term["name"]).collect();
    seen.sort_by_key(ToString::to_string);
    assert_eq!(seen, ["AT&T", "Q&A", "R&D", "Tom & Jerry's"]);
    let on_site = connected.site.eval(
        "return array_map( 'html_entity_decode', wp_list_pluck( get_terms( array( 'taxonomy' => array( 'category', 'post_tag' ), 'hide_empty' => false ) ), 'name' ) );",
    )?;
    for name in names {
        let count = on_site.as_array().into_iter().flatten().filter(|term| *term == name).count();
        assert_eq!(count, 1, "{name}: {on_site}");
    }
    Ok(())
}

#[tokio::test]
async fn what_a_site_drops_from_a_body_is_no_edit_and_pushed_once() -> anyhow::Result<()> {
    let site = small_site().await?;
    let author = site.author.clone();
    let connected = bare(site, &author).await?;
    let html = "<p><a href=\"/x?a=1&b=2\">Fish</a></p><iframe src=\"https://video.example/1\"></iframe>";
    let content = connected
        .write(json!({ "title": "Fish & Chips", "excerpt": "Salt & vinegar", "html": html, "status": "published" }))
        .await?;
    connected.synced("both").await?;
    let post = post_of(&connected, &content).await?;
    assert!(!connected.post_field(post, "post_content")?.to_string().contains("iframe"), "the site drops it");
    let asked = connected.site.requests()?.len();
    nothing_happened(&connected.synced("both").await?);
    let writes = connected.site.requests()?.split_off(asked);
    assert!(
        writes.iter().all(|request| request.starts_with("GET ") || request.starts_with("HEAD ")),
        "{writes:#?}"
    );
    let content = connected.content(&content["id"]).await?.body;
    assert_eq!((&content["html"], &content["sync_state"]), (&json!(html), &json!("in_sync")));
    Ok(())
}

#[tokio::test]
async fn a_closed_list_of_users_is_no_wrong_password() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.site.must_use(
        "no-users",
        "add_filter( 'rest_endpoints', function ( $all ) {
            return array_filter( $all, function ( $route ) { return 0 !== strpos( $route, '/wp/v2/users' ); }, ARRAY_FILTER_USE_KEY );
        } );",
    )?;
    let tested = tested(&connected).await?;
    assert_eq!(tested["success"], true, "{tested}");
    assert_ne!(tested["limitations"], json!([]), "{tested}");
    Ok(())
}

#[tokio::test]
async fn capabilities_written_as_text_are_capabilities() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.site.eval(
        "update_user_meta( get_user_by( 'login', 'igny8_editor' )->ID, 'wp_capabilities', array( 'editor' => '1' ) );",
    )?;
    let tested = tested(&connected).await?;
    assert_eq!(tested["success"], true, "{tested}");
    Ok(())
}

#[tokio::test]
async fn a_site_in_maintenance_is_waited_for() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.site.must_use(
        "maintenance",
        "if ( file_exists( WP_CONTENT_DIR . '/maintenance' ) ) {
            header( 'Retry-After: 1' ); http_response_code( 503 ); header( 'Content-Type: text/html' );
            echo '<h1>Wartung</h1>'; exit;
        }",
    )?;
    let flag = connected.site.content().join("maintenance");
    std::fs::write(&flag, "")?;
    let id = connected.start(json!({ "direction": "from_external" })).await?;
    let waiting = connected.wait_for(&id, |run| run["next_attempt_at"].is_string()).await?;
    assert_eq!(waiting["status"], "running", "{waiting}");
    assert!(waiting["error"]["code"].is_string(), "{waiting}");
    std::fs::remove_file(&flag)?;
    let run = connected.ended(&id).await?;
    assert_eq!((&run["status"], &run["progress"]["created"]), (&json!("succeeded"), &json!(15)), "{run}");
    Ok(())
}

#[tokio::test]
async fn the_slug_that_is_live_is_shown_and_not_pushed_again() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    let mut pages = Vec::new();
    for slug in ["2026", "feed", "Über/Uns?x=1.html"] {
        let page = json!({
            "title": slug, "html": "<p>x</p>", "slug": slug, "content_type": "page", "status": "published",
        });
        pages.push(connected.write(page).await?);
    }
    connected.synced("both").await?;
    nothing_happened(&connected.synced("both").await?);
    for page in &pages {
        let post = post_of(&connected, page).await?;
        let live = connected.post_field(post, "post_name")?;
        let content = connected.content(&page["id"]).await?.body;
        assert_eq!((&content["slug"], &content["sync_state"]), (&live, &json!("in_sync")), "{content}");
    }
    Ok(())
}

#[rstest]
#[case("/wp-admin/")]
#[case("/wp-login.php?redirect_to=x")]
#[case("/wp-admin/post.php?post=5&action=edit")]
#[case("//")]
#[tokio::test]
async fn the_address_that_was_pasted_leads_to_the_site(#[case] tail: &str) -> anyhow::Result<()> {
    let site = small_site().await?;
    let editor = site.editor.clone();
    let connected = bare(site, &editor).await?;
    let path = format!("integrations/{}/", connected.integration);
    let pasted = json!({ "config_json": { "site_url": format!(" {}{tail}", connected.site.url) } });
    connected.owner()?.patch(&path, &pasted).await?.expect(200)?;
    let tested = tested(&connected).await?;
    assert_eq!(tested["success"], true, "{tested}");
    Ok(())
}

#[tokio::test]
async fn a_category_below_another_or_in_other_letters_is_not_made_again() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.site.eval(
        "$media = wp_insert_term( 'Media', 'category' ); wp_insert_term( 'CDs', 'category', array( 'parent' => $media['term_id'] ) );
         wp_insert_term( 'Cafe', 'post_tag' ); wp_insert_term( 'Café', 'post_tag', array( 'slug' => 'cafe-2' ) );",
    )?;
    for (title, taxonomy, name) in
        [("a", "category", "CDs"), ("b", "category", "cds"), ("c", "post_tag", "Café")]
    {
        let terms = json!([{ "taxonomy": taxonomy, "name": name }]);
        connected
            .write(json!({ "title": title, "html": "x", "status": "published", "terms": terms }))
            .await?;
    }
    connected.synced("both").await?;
    nothing_happened(&connected.synced("both").await?);
    let count = connected.site.eval(
        "return array( count( get_terms( array( 'taxonomy' => 'category', 'hide_empty' => false, 'search' => 'cds' ) ) ),
                       get_term_by( 'slug', 'cafe-2', 'post_tag' )->count, get_term_by( 'slug', 'cafe', 'post_tag' )->count );",
    )?;
    assert_eq!(count, json!([1, 1, 0]));
    Ok(())
}

#[tokio::test]
async fn a_protected_post_keeps_its_password_and_its_body() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    let post = connected.some_post(1)?;
    let body = "<p>One</p>\n<p>Two</p>";
    connected.site.eval(&format!(
        "wp_update_post( array( 'ID' => {post}, 'post_password' => 'letmein-42', 'post_content' => \"<p>One</p>\\n<p>Two</p>\" ) );"
    ))?;
    connected.synced("from_external").await?;
    let content = connected.content_of(post).await?;
    assert_eq!(content["html"], body);
    connected.change(&content["id"], json!({ "title": "Changed here" })).await?;
    connected.synced("both").await?;
    assert_eq!(connected.post_field(post, "post_title")?, "Changed here");
    assert_eq!(connected.post_field(post, "post_password")?, "letmein-42");
    assert_eq!(connected.post_field(post, "post_content")?, body);
    assert!(!connected.service.log()?.contains("letmein-42"));
    Ok(())
}

#[tokio::test]
async fn an_edit_sends_what_belongs_to_it_and_nothing_else() -> anyhow::Result<()> {
    let connected = Connected::small().await?;
    connected.synced("from_external").await?;
    let page = connected.site.eval("return get_page_by_path( 'page-1' )->ID;")?.as_i64().context("a page")?;
    connected.site.eval(&format!(
        "update_post_meta( {page}, '_wp_page_template', 'tpl-wide.php' );
         $GLOBALS['wpdb']->update( $GLOBALS['wpdb']->posts, array( 'post_author' => 999999 ), array( 'ID' => {page} ) ); clean_post_cache( {page} );"
    ))?;
    let content = connected.content_of(page).await?;
    connected.change(&content["id"], json!({ "title": "New title" })).await?;
    connected.synced("to_external").await?;
    assert_eq!(connected.post_field(page, "post_title")?, "New title");
    let template =
        connected.site.eval(&format!("return get_post_meta( {page}, '_wp_page_template', true );"))?;
    assert_eq!(template, "tpl-wide.php");
    Ok(())
}

#[rstest]
#[case("America/New_York")]
#[case("UTC+5.5")]
#[tokio::test]
async fn what_is_published_now_is_public_at_once_in_every_zone(#[case] zone: &str) -> anyhow::Result<()> {
    let mut sites = WordPress::up(&["--tz", zone])?;
    let connected = Connected::over(sites.take()?).await?;
    let content = connected
        .write(json!({ "title": "Spring opening hours", "html": "<p>x</p>", "status": "published" }))
        .await?;
    connected.synced("to_external").await?;
    let post = post_of(&connected, &content).await?;
    assert_eq!(connected.post_field(post, "post_status")?, "publish");
    let date = connected.post_field(post, "post_date_gmt")?;
    connected.change(&content["id"], json!({ "html": "<p>y</p>" })).await?;
    connected.synced("to_external").await?;
    assert_eq!(connected.post_field(post, "post_content")?, "<p>y</p>");
    assert_eq!(connected.post_field(post, "post_date_gmt")?, date, "an edit does not move the date");

    let planned = json!({
        "title": "Later", "html": "<p>z</p>", "status": "published", "publish_at": "2036-03-09T07:30:00Z",
    });
    let later = connected.write(planned).await?;
    connected.synced("to_external").await?;
    let post = post_of(&connected, &later).await?;
    assert_eq!(connected.post_field(post, "post_status")?, "future");
    assert_eq!(connected.post_field(post, "post_date_gmt")?, "2036-03-09 07:30:00");
    Ok(())
}
