//! What hosts do between us and a site, from the adapter to the end of a run.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use igny8_integration_domain::content::{FieldPatch, SyncState};
use igny8_integration_domain::ports::platform::{Lookup, Platform as _};
use igny8_integration_domain::sync::{Direction, Progress, RunStatus};
use rstest::rstest;
use serde_json::json;
use wiremock::matchers::method;
use wiremock::{Mock, Request};

use crate::connection::{failed, passed};
use crate::fake::{FakeSite, content_id, html, platform};
use crate::gate::{Gate, Way, page};
use crate::library::{Library, POSTS};
use crate::shop::{Shop, body_of};

const LONG: Duration = Duration::from_mins(1);

fn address(site: &FakeSite) -> SocketAddr {
    *site.server.address()
}

/// What a host cuts off, and how: 413, a firewall's page, a reset.
fn too_big(limit: usize, kind: usize) -> impl FnMut(&crate::gate::Head) -> Way + Send + 'static {
    move |head| {
        if head.length <= limit {
            return Way::Pass;
        }
        match kind {
            0 => Way::Answer(page("413 Request Entity Too Large", "<h1>413</h1><hr>nginx")),
            1 => Way::Answer(page("403 Forbidden", "<h1>Forbidden</h1>")),
            _ => Way::Reset,
        }
    }
}

#[rstest]
#[case::too_large(0)]
#[case::firewall(1)]
#[case::reset(2)]
#[tokio::test]
async fn articles_that_a_host_cuts_off_fail_with_their_size_and_the_others_go_out(#[case] kind: usize) {
    let site = FakeSite::with_plugin().await;
    let library = Library::on(&site).await;
    let gate = Gate::start(address(&site), LONG, too_big(128 * 1_024, kind)).await;
    let shop = Shop::at(&gate.url()).await;
    let mut ids = Vec::new();
    for (title, kib) in [("One", 300), ("Two", 120), ("Three", 800), ("Four", 10)] {
        ids.push(shop.write(title, kib * 1_024).await);
    }
    let run = shop.sync(Direction::Both).await;
    assert_eq!((run.status, run.progress.created, run.progress.failed), (RunStatus::Partial, 2, 2));
    assert_eq!(library.titles(), ["Two", "Four"]);
    for (id, size) in [(ids[0], "300 KiB"), (ids[2], "800 KiB")] {
        let failure = shop.content(id).await.failure.unwrap();
        assert!(failure.message.contains(size) && failure.parked, "{failure:?}");
    }
    shop.patch(ids[0], FieldPatch { html: Some(body_of(1_024)), ..FieldPatch::default() }).await;
    let run = shop.sync(Direction::Both).await;
    assert_eq!((run.progress.created, run.progress.failed), (1, 1), "a smaller one goes out by itself");
    assert_eq!(library.titles(), ["Two", "Four", "One"]);
}

#[tokio::test]
async fn a_host_that_closes_idle_connections_costs_no_post_and_no_run() {
    let site = FakeSite::with_plugin().await;
    let library = Library::on(&site).await;
    let gate = Gate::start(address(&site), Duration::from_millis(1_200), |_| Way::Pass).await;
    let shop = Shop::at(&gate.url()).await;
    for number in 0..3 {
        shop.write(&format!("Post {number}"), 100).await;
        let run = shop.sync(Direction::ToExternal).await;
        assert_eq!((run.status, run.progress.created), (RunStatus::Succeeded, 1));
        // The next request goes out just as the host closes.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
    }
    assert_eq!(library.titles().len(), 3);
    assert!(gate.connections() >= 3);
}

#[rstest]
#[case::saved_and_unanswered(true)]
#[case::closed_before_a_byte_was_read(false)]
#[tokio::test]
async fn ten_contents_are_ten_posts_however_connections_break(#[case] saved: bool) {
    let site = FakeSite::with_plugin().await;
    let library = Library::on(&site).await;
    let mut creates = 0;
    let choose = move |head: &crate::gate::Head| {
        if head.method != "POST" || !head.target.starts_with(&format!("{POSTS}?")) {
            return Way::Pass;
        }
        creates += 1;
        match (creates > 10, saved) {
            (true, _) => Way::Pass,
            (_, true) => Way::LoseAnswer,
            (_, false) => Way::Reset,
        }
    };
    let gate = Gate::start(address(&site), LONG, choose).await;
    let shop = Shop::at(&gate.url()).await;
    for number in 0..10 {
        shop.write(&format!("Post {number}"), 100).await;
    }
    let run = shop.sync(Direction::Both).await;
    let expected = Progress { total: 10, done: 10, created: 10, ..Progress::default() };
    assert_eq!((run.status, run.progress), (RunStatus::Succeeded, expected));
    let mut titles = library.titles();
    titles.sort();
    assert_eq!(titles, (0..10).map(|number| format!("Post {number}")).collect::<Vec<String>>());
    assert!(shop.contents().await.iter().all(|content| content.sync_state == SyncState::InSync));
}

#[rstest]
#[case(301)]
#[case(302)]
#[case(303)]
#[case(307)]
#[case(308)]
#[tokio::test]
async fn writes_that_are_sent_to_the_sites_other_name_make_one_post(#[case] status: u16) {
    let site = FakeSite::with_plugin().await;
    let library = Library::on(&site).await;
    let port = address(&site).port();
    // The first of each pair is redirected: the other name leads to the same server here.
    let redirected = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&redirected);
    let first = move |request: &Request| {
        request.method == "POST" && seen.fetch_add(1, Ordering::SeqCst).is_multiple_of(2)
    };
    let redirect = move |request: &Request| {
        let there =
            format!("http://localhost.:{port}{}?{}", request.url.path(), request.url.query().unwrap());
        html(status, "moved").insert_header("location", there.as_str())
    };
    Mock::given(first).respond_with(redirect).with_priority(1).mount(&site.server).await;
    let shop = Shop::at(&format!("http://localhost:{port}")).await;
    shop.write("Once", 100).await;
    let run = shop.sync(Direction::Both).await;
    assert_eq!((run.status, run.progress.created), (RunStatus::Succeeded, 1), "{:?}", run.error);
    assert_eq!(library.titles(), ["Once"]);
    let writes = site.requests_to("POST", POSTS).await;
    assert_eq!(writes.len(), 2);
    assert_eq!(writes[0].body, writes[1].body);
}

#[tokio::test]
async fn a_host_that_wants_a_name_gets_the_same_one_with_every_request() {
    let site = FakeSite::with_plugin().await;
    let library = Library::on(&site).await;
    let nameless = |request: &Request| {
        let name = request.headers.get("user-agent").and_then(|name| name.to_str().ok()).unwrap_or_default();
        let refused = ["reqwest", "python", "curl", "Go-http"];
        name.is_empty() || name.len() > 256 || refused.iter().any(|word| name.contains(word))
    };
    Mock::given(nameless)
        .respond_with(html(403, "<h1>Forbidden</h1>"))
        .with_priority(1)
        .mount(&site.server)
        .await;
    passed(&site.test(&site.connection()).await);
    library.add(3);
    let shop = Shop::at(&site.server.uri()).await;
    shop.write("Ours", 100).await;
    assert_eq!(shop.sync(Direction::Both).await.progress.created, 4);
    let session = site.session().await;
    let Lookup::Found(item) = session.get("post", "1").await.unwrap() else { panic!("it is there") };
    session.trash("post", "1", &item.version).await.unwrap();
    session.list_ids("post").await.unwrap();
    let names: Vec<String> = site
        .requests()
        .await
        .iter()
        .map(|request| request.headers["user-agent"].to_str().unwrap().to_owned())
        .collect();
    assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
}

#[tokio::test]
async fn a_host_that_refuses_us_is_told_what_to_allow() {
    let site = FakeSite::with_plugin().await;
    Mock::given(method("GET"))
        .respond_with(html(403, "<h1>Forbidden</h1>"))
        .with_priority(1)
        .mount(&site.server)
        .await;
    let report = site.test(&site.connection()).await;
    assert_eq!(failed(&report), ("rest_api", "firewall"));
    assert!(report.message.contains("User-Agent begins with igny8-integration"), "{}", report.message);
}

/// A cache in front of the site that keeps the first answer to each address, whatever the site says.
fn caching(
    ignores_unknown: bool,
    server: String,
) -> impl Fn(&Request) -> Option<(String, String)> + Send + Sync + 'static {
    move |request| {
        if request.method != "GET" {
            return None;
        }
        let kept: Vec<(String, String)> = request
            .url
            .query_pairs()
            .into_owned()
            .filter(|(name, _)| !(ignores_unknown && name == "_igny8"))
            .collect();
        Some((format!("{server}{}", request.url.path()), format!("{kept:?}")))
    }
}

#[rstest]
#[case::keyed_by_the_full_address(false)]
#[case::blind_to_an_unknown_parameter(true)]
#[tokio::test]
async fn a_host_that_caches_reads_never_shows_us_an_old_text(#[case] ignores_unknown: bool) {
    let site = FakeSite::with_plugin().await;
    let library = Library::on(&site).await;
    library.add(2);
    let hits = Arc::new(Mutex::new(std::collections::HashSet::new()));
    let (seen, key) = (Arc::clone(&hits), caching(ignores_unknown, site.server.uri()));
    // Posts alone: what would be a hit fails the test by answering an outdated page.
    let would_hit = move |request: &Request| {
        request.url.path().starts_with(POSTS)
            && key(request).is_some_and(|address| !seen.lock().unwrap().insert(address))
    };
    let stale =
        crate::fake::list(&[], 0).insert_header("x-litespeed-cache", "hit").insert_header("age", "812");
    Mock::given(would_hit).respond_with(stale).with_priority(1).mount(&site.server).await;
    let shop = Shop::at(&site.server.uri()).await;
    assert_eq!(shop.sync(Direction::Both).await.progress.created, 2);
    let mine = shop.contents().await[0].id;
    shop.patch(mine, FieldPatch { title: Some("Version 2".to_owned()), ..FieldPatch::default() }).await;
    for _ in 0..2 {
        let run = shop.sync(Direction::Both).await;
        assert_eq!((run.status, run.progress.conflicts), (RunStatus::Succeeded, 0));
        assert_eq!(shop.content(mine).await.fields.title, "Version 2");
    }
    library.edit(1, &json!({"title": "Version 3"}));
    shop.sync(Direction::Both).await;
    assert_eq!(shop.content(mine).await.fields.title, "Version 3");
    assert!(hits.lock().unwrap().len() > 5, "the cache was in the way");
}

#[tokio::test]
async fn a_mark_is_looked_for_even_after_a_create_that_left_no_trace() {
    let site = FakeSite::with_plugin().await;
    let library = Library::on(&site).await;
    let session = platform().open(&site.connection()).await.unwrap();
    assert_eq!(session.find_by_marker("post", content_id(77)).await.unwrap(), None);
    let fields = FieldPatch { title: Some("Once".to_owned()), ..FieldPatch::default() };
    session.create("post", content_id(77), &fields).await.unwrap();
    assert!(session.find_by_marker("post", content_id(77)).await.unwrap().is_some());
    assert_eq!(library.titles(), ["Once"]);
}
