//! Listing and reading posts.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use igny8_integration_domain::content::{ContentStatus, Term};
use igny8_integration_domain::ports::platform::{
    ListPage, ListQuery, Lookup, PlatformError, PlatformSession,
};
use rstest::rstest;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::fake::{FakeSite, answer, content_id, html, list, ok, parameter, post, recorded, wp_error};

const POSTS: &str = "/wp-json/wp/v2/posts";

fn everything() -> ListQuery {
    ListQuery {
        content_type: "post".to_owned(),
        modified_after: None,
        ids: None,
        cursor: None,
        metadata_only: false,
    }
}

/// A listing whose posts come and go.
#[derive(Clone, Default)]
struct Posts(Arc<Mutex<BTreeSet<u64>>>);

impl Posts {
    async fn on(site: &FakeSite, count: u64) -> Self {
        Self::limited(site, count, 100).await
    }

    /// Like a host that fails on pages of more than `limit` posts.
    async fn limited(site: &FakeSite, count: u64, limit: usize) -> Self {
        let posts = Self(Arc::new(Mutex::new((1..=count).collect())));
        let shown = posts.clone();
        let respond = move |request: &Request| {
            let number = |name| parameter(request, name).unwrap_or_default().parse::<usize>();
            let (offset, size) = (number("offset").unwrap_or(0), number("per_page").unwrap());
            if size > limit {
                return html(500, "<b>Fatal error</b>: Allowed memory size exhausted");
            }
            let ids = shown.0.lock().unwrap();
            let rows: Vec<Value> = ids.iter().skip(offset).take(size).map(|id| post(*id)).collect();
            let total = if offset >= ids.len() { 0 } else { ids.len() };
            list(&rows, total)
        };
        Mock::given(method("GET")).and(path(POSTS)).respond_with(respond).mount(&site.server).await;
        posts
    }

    fn remove(&self, ids: impl IntoIterator<Item = u64>) {
        let mut posts = self.0.lock().unwrap();
        ids.into_iter().for_each(|id| assert!(posts.remove(&id)));
    }
}

fn ids(page: &ListPage) -> Vec<u64> {
    page.items.iter().map(|item| item.external_id.parse().unwrap()).collect()
}

async fn walk(session: &dyn PlatformSession, mut after_page: impl FnMut(usize)) -> Vec<u64> {
    let (mut seen, mut query) = (Vec::new(), everything());
    for number in 0.. {
        let page = session.list(&query).await.unwrap();
        seen.extend(ids(&page));
        after_page(number);
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
        assert!(number < 100, "the walk ends");
    }
    seen
}

#[tokio::test]
async fn a_full_listing_shows_each_post_once_in_few_requests() {
    let site = FakeSite::with_plugin().await;
    Posts::on(&site, 250).await;
    let session = site.session().await;
    assert_eq!(walk(&*session, |_| {}).await, (1..=250).collect::<Vec<u64>>());
    assert_eq!(site.requests_to("GET", POSTS).await.len(), 3);
}

#[rstest]
#[case::one(vec![5])]
#[case::some(vec![98, 99, 100])]
#[case::a_whole_page((1..=100).collect())]
#[tokio::test]
async fn posts_deleted_while_they_are_listed_hide_no_others(#[case] deleted: Vec<u64>) {
    let site = FakeSite::with_plugin().await;
    let posts = Posts::on(&site, 250).await;
    let session = site.session().await;
    let seen = walk(&*session, |page| {
        if page == 0 {
            posts.remove(deleted.clone());
        }
    });
    assert_eq!(seen.await, (1..=250).collect::<Vec<u64>>());
}

/// Whatever a site counts, it is asked no longer than it shows something new.
#[rstest]
#[case::nothing(0)]
#[case::the_same_again_and_again(3)]
#[tokio::test]
async fn a_total_that_is_invented_ends_a_listing_soon(#[case] shown: u64) {
    let site = FakeSite::with_plugin().await;
    let rows: Vec<Value> = (1..=shown).map(post).collect();
    site.on("GET", POSTS, list(&rows, 1_000_000_000_000)).await;
    let session = site.session().await;
    assert_eq!(walk(&*session, |_| {}).await, (1..=shown).collect::<Vec<u64>>());
    let listing = session.list_ids("post").await.unwrap();
    assert_eq!(listing.stamps.len() as u64, shown);
    assert!(site.requests_to("GET", POSTS).await.len() < 100);
}

#[tokio::test]
async fn pages_shrink_until_the_site_can_serve_them_and_stay_so() {
    let site = FakeSite::with_plugin().await;
    Posts::limited(&site, 45, 20).await;
    let session = site.session().await;
    assert_eq!(walk(&*session, |_| {}).await, (1..=45).collect::<Vec<u64>>());
    let sizes: Vec<String> = site
        .requests_to("GET", POSTS)
        .await
        .iter()
        .map(|request| parameter(request, "per_page").unwrap())
        .collect();
    assert_eq!(sizes, ["100", "50", "20", "20", "20"]);
}

#[tokio::test]
async fn a_site_that_serves_no_page_at_all_is_an_error() {
    let site = FakeSite::with_plugin().await;
    Posts::limited(&site, 45, 1).await;
    let failure = site.session().await.list(&everything()).await.unwrap_err();
    assert!(matches!(failure, PlatformError::Uncertain(_)), "{failure:?}");
}

#[tokio::test]
async fn a_listing_asks_for_raw_texts_of_every_status_past_every_cache() {
    let site = FakeSite::with_plugin().await;
    Posts::on(&site, 1).await;
    let session = site.session().await;
    let query = ListQuery {
        modified_after: Some("2026-01-02T03:04:05Z".parse().unwrap()),
        metadata_only: true,
        ..everything()
    };
    session.list(&everything()).await.unwrap();
    session.list(&query).await.unwrap();
    let requests = site.requests_to("GET", POSTS).await;
    let asked = requests[1].url.query_pairs().into_owned().collect::<Vec<_>>();
    let has = |name: &str, value: &str| asked.iter().any(|(n, v)| n == name && v == value);
    assert!(has("context", "edit") && has("status[]", "any") && has("status[]", "trash"));
    assert!(has("orderby", "id") && has("order", "asc") && has("modified_after", "2026-01-02T03:04:05Z"));
    let fields: Vec<String> = requests.iter().map(|request| parameter(request, "_fields").unwrap()).collect();
    assert!(fields[0].contains("content.raw") && !fields[1].contains("content.raw"));
    for absent in ["rendered", "yoast", "acf", "author"] {
        assert!(!fields[0].contains(absent));
    }
    let fresh: BTreeSet<_> = requests.iter().map(|request| parameter(request, "_igny8").unwrap()).collect();
    assert_eq!(fresh.len(), 2);
    assert!(
        fields
            .iter()
            .zip(&requests)
            .all(|(fields, request)| fields.ends_with(&parameter(request, "_igny8").unwrap()))
    );
}

#[tokio::test]
async fn one_odd_row_does_not_cost_the_page() {
    let site = FakeSite::with_plugin().await;
    let mut rows = vec![post(1), json!({"id": 2}), json!("x"), post(4)];
    rows[0]["meta"] = json!([]);
    rows[3]["featured_media"] = json!("0");
    site.on("GET", POSTS, list(&rows, 4)).await;
    let page = site.session().await.list(&everything()).await.unwrap();
    assert_eq!(ids(&page), [1, 4]);
    let unreadable: Vec<_> = page.unreadable.iter().map(|item| item.external_id.as_deref()).collect();
    assert_eq!(unreadable, [Some("2"), None]);
}

#[tokio::test]
async fn a_page_under_noise_is_read() {
    let site = FakeSite::with_plugin().await;
    let body = format!("\u{feff}<br />\n<b>Notice</b>: $a[0]\n{}<!-- cached -->", json!([post(1)]));
    let noisy = ResponseTemplate::new(200).set_body_raw(body, "text/html").insert_header("x-wp-total", "1");
    site.on("GET", POSTS, noisy).await;
    assert_eq!(ids(&site.session().await.list(&everything()).await.unwrap()), [1]);
}

#[tokio::test]
async fn terms_and_the_picture_are_shown_as_people_know_them() {
    let site = FakeSite::with_plugin().await;
    let mut row = post(1);
    row["categories"] = json!([3]);
    row["tags"] = json!([]);
    row["featured_media"] = json!(9);
    site.on("GET", POSTS, list(&[row], 1)).await;
    let category = json!([{"id": 3, "name": "R&amp;D", "slug": "rd"}]);
    site.on("GET", "/wp-json/wp/v2/categories", ok(&category)).await;
    let picture = json!([{"id": 9, "source_url": "https://shop.example/a.png"}]);
    site.on("GET", "/wp-json/wp/v2/media", ok(&picture)).await;
    let session = site.session().await;
    let page = session.list(&everything()).await.unwrap();
    let fields = &page.items[0].fields;
    let rd = Term { taxonomy: "category".to_owned(), name: "R&D".to_owned(), slug: Some("rd".to_owned()) };
    assert_eq!(fields.terms, Some(vec![rd]));
    assert_eq!(fields.featured_image_url, Some(Some("https://shop.example/a.png".to_owned())));
    session.list(&everything()).await.unwrap();
    assert_eq!(site.requests_to("GET", "/wp-json/wp/v2/categories").await.len(), 1, "asked once a session");
}

#[tokio::test]
async fn terms_that_cannot_be_learnt_do_not_read_as_removed() {
    let site = FakeSite::with_plugin().await;
    let mut row = post(1);
    row["categories"] = json!([3, 4]);
    site.on("GET", POSTS, list(&[row], 1)).await;
    let half = json!([{"id": 3, "name": "R&amp;D", "slug": "rd"}]);
    site.on("GET", "/wp-json/wp/v2/categories", ok(&half)).await;
    let page = site.session().await.list(&everything()).await.unwrap();
    assert_eq!(page.items[0].fields.terms, None);
}

#[tokio::test]
async fn a_library_that_is_closed_leaves_the_picture_untouched() {
    let site = FakeSite::with_plugin().await;
    let mut row = post(1);
    row["featured_media"] = json!(9);
    site.on("GET", POSTS, list(&[row], 1)).await;
    site.on("GET", "/wp-json/wp/v2/media", wp_error(403, "rest_forbidden")).await;
    let page = site.session().await.list(&everything()).await.unwrap();
    assert_eq!(page.items[0].fields.featured_image_url, None);
}

#[tokio::test]
async fn an_id_listing_is_complete_only_while_the_total_stays() {
    let site = FakeSite::with_plugin().await;
    let posts = Posts::on(&site, 150).await;
    let session = site.session().await;
    let listing = session.list_ids("post").await.unwrap();
    assert_eq!((listing.stamps.len(), listing.total, listing.complete), (150, 150, true));
    let asked = parameter(&site.requests_to("GET", POSTS).await[0], "_fields").unwrap();
    assert!(asked.starts_with("id,status,modified_gmt,"));
    posts.remove([150]);
    assert_eq!(session.count("post").await.unwrap(), 149);
    let shrinking = |request: &Request| {
        let offset: u64 = parameter(request, "offset").unwrap().parse().unwrap();
        let rows: Vec<Value> = (offset + 1..150.min(offset + 100)).map(post).collect();
        list(&rows, 149 - usize::try_from(offset / 90).unwrap())
    };
    Mock::given(path(POSTS)).respond_with(shrinking).with_priority(1).mount(&site.server).await;
    assert!(!session.list_ids("post").await.unwrap().complete);
}

#[tokio::test]
async fn another_site_at_the_same_address_is_no_site_whose_posts_are_gone() {
    let site = FakeSite::with_plugin().await;
    Posts::on(&site, 0).await;
    let session = site.session().await;
    let mut index = recorded("index");
    index["url"] = json!("https://parked.example");
    site.instead("GET", "/wp-json/", ok(&index)).await;
    let failure = session.list_ids("post").await.unwrap_err();
    assert_eq!(failure.trouble().code, "site_changed");
}

#[rstest]
#[case::gone(wp_error(404, "rest_post_invalid_id"), true)]
#[case::page(html(404, "<h1>404</h1>"), false)]
#[case::no_route(answer(404, &recorded("no_route")), false)]
#[tokio::test]
async fn only_the_apis_own_word_proves_that_a_post_is_gone(
    #[case] response: ResponseTemplate,
    #[case] gone: bool,
) {
    let site = FakeSite::with_plugin().await;
    site.on("GET", "/wp-json/wp/v2/posts/5", response).await;
    let found = site.session().await.get("post", "5").await;
    assert_eq!(matches!(found, Ok(Lookup::Gone)), gone, "{found:?}");
    assert_eq!(found.is_err(), !gone);
}

#[tokio::test]
async fn a_post_is_read_whole() {
    let site = FakeSite::with_plugin().await;
    site.on("GET", "/wp-json/wp/v2/posts/5", ok(&post(5))).await;
    let found = site.session().await.get("post", "5").await.unwrap();
    let Lookup::Found(item) = found else { panic!("{found:?}") };
    assert_eq!(
        (item.external_id.as_str(), item.content_type.as_str(), item.status.as_str()),
        ("5", "post", "publish")
    );
    assert_eq!(item.fields.status, Some(ContentStatus::Published));
    assert_eq!(item.version, "v5");
    assert!(item.fields.html.unwrap().starts_with("<!-- wp:heading -->"));
}

#[tokio::test]
async fn an_id_that_is_no_number_never_becomes_a_part_of_a_route() {
    let site = FakeSite::with_plugin().await;
    let failure = site.session().await.get("post", "5/../../users").await.unwrap_err();
    assert_eq!(failure.trouble().code, "invalid_external_id");
}

#[tokio::test]
async fn the_marker_finds_its_post_and_a_site_that_ignores_it_finds_none() {
    let site = FakeSite::with_plugin().await;
    let (mut marked, other) = (post(8), post(5));
    marked["meta"] = json!({"igny8_content_id": "77"});
    site.on("GET", POSTS, list(&[other, marked], 2)).await;
    let session = site.session().await;
    let found = session.find_by_marker("post", content_id(77)).await.unwrap().unwrap();
    assert_eq!((found.external_id.as_str(), found.marker), ("8", Some(content_id(77))));
    assert_eq!(session.find_by_marker("post", content_id(78)).await.unwrap(), None);
    let asked = &site.requests_to("GET", POSTS).await[0];
    assert_eq!(parameter(asked, "igny8_content_id").as_deref(), Some("77"));
}

#[tokio::test]
async fn on_a_bare_site_the_marker_is_the_slug_of_the_draft() {
    let site = FakeSite::bare().await;
    let mut draft = post(8);
    draft["slug"] = json!("igny8-3-77");
    draft["status"] = json!("draft");
    site.on("GET", POSTS, list(&[draft], 1)).await;
    let found = site.bare_session().await.find_by_marker("post", content_id(77)).await.unwrap().unwrap();
    assert_eq!(found.external_id, "8");
    let asked = &site.requests_to("GET", POSTS).await[0];
    assert_eq!(parameter(asked, "slug").as_deref(), Some("igny8-3-77,igny8-3-77__trashed"));
}

#[tokio::test]
async fn the_types_that_sync_are_the_public_ones_that_people_write() {
    let site = FakeSite::with_plugin().await;
    let types = site.session().await.content_types().await.unwrap();
    let names: Vec<&str> = types.iter().map(|kind| kind.name.as_str()).collect();
    assert_eq!(names, ["post", "page", "book"]);
}

#[tokio::test]
async fn a_type_that_is_not_shown_is_refused_by_name() {
    let site = FakeSite::with_plugin().await;
    let failure = site.session().await.count("recipe").await.unwrap_err();
    assert!(matches!(&failure, PlatformError::Forbidden(trouble) if trouble.code == "type_not_available"));
}

#[rstest]
#[case::wrong_key(answer(401, &recorded("invalid_api_key")), "invalid_api_key")]
#[case::too_many(wp_error(429, "slow_down").insert_header("retry-after", "7"), "rate_limited")]
#[case::update(wp_error(503, "wp_die").insert_header("retry-after", "600"), "maintenance")]
#[case::moved(html(301, "").insert_header("location", "https://www.shop.example/wp-json/"), "redirected")]
#[case::not_a_list(ok(&json!({"a": 1})), "unexpected_answer")]
#[case::firewall(html(403, "<h1>Forbidden</h1>"), "firewall")]
#[case::login(html(200, "<form action=\"/wp-login.php\">"), "login_page")]
#[tokio::test]
async fn a_listing_that_fails_says_why(#[case] response: ResponseTemplate, #[case] code: &str) {
    let site = FakeSite::with_plugin().await;
    site.on("GET", POSTS, response).await;
    let failure = site.session().await.list(&everything()).await.unwrap_err();
    assert_eq!(failure.trouble().code, code);
    let kind_fits = match code {
        "invalid_api_key" => matches!(failure, PlatformError::Unauthorized(_)),
        "rate_limited" => {
            matches!(&failure, PlatformError::RateLimited { retry_after: Some(wait), .. } if wait.as_secs() == 7)
        }
        "maintenance" => {
            matches!(&failure, PlatformError::Unavailable { retry_after: Some(wait), .. } if wait.as_secs() == 600)
        }
        "firewall" => matches!(failure, PlatformError::Unavailable { .. }),
        _ => matches!(failure, PlatformError::Protocol(_)),
    };
    assert!(kind_fits, "{failure:?}");
}

const CHANGES: &str = "/wp-json/igny8/v1/changes";

#[tokio::test]
async fn what_changed_is_asked_for_all_types_at_once() {
    let site = FakeSite::with_plugin().await;
    let told = json!({"complete": true, "posts": [{"id": 7, "type": "page", "version": "v7"}]});
    site.on("GET", CHANGES, ok(&told)).await;
    let types = ["post".to_owned(), "page".to_owned()];
    let after = "2026-01-31T08:00:00Z".parse().unwrap();
    let changes = site.session().await.changes(&types, after).await.unwrap().unwrap();
    let told: Vec<_> = changes.posts.iter().map(|post| (post.external_id.as_str(), &*post.version)).collect();
    assert_eq!(told, [("7", "v7")]);
    let asked = site.requests_to("GET", CHANGES).await;
    assert_eq!(parameter(&asked[0], "types").as_deref(), Some("post,page"));
    assert_eq!(parameter(&asked[0], "after").as_deref(), Some("2026-01-31T08:00:00Z"));
}

#[rstest]
#[case::an_older_plugin(answer(404, &recorded("no_route")))]
#[case::not_all_of_it(ok(&json!({"complete": false, "posts": []})))]
#[case::a_route_that_is_closed(wp_error(403, "rest_forbidden"))]
#[case::a_page(html(200, "<p>Hello</p>"))]
#[case::a_host_that_gives_up(html(500, "<b>Fatal error</b>"))]
#[tokio::test]
async fn what_changed_is_listed_where_it_is_not_told(#[case] response: ResponseTemplate) {
    let site = FakeSite::with_plugin().await;
    site.on("GET", CHANGES, response).await;
    let after = "2026-01-31T08:00:00Z".parse().unwrap();
    let told = site.session().await.changes(&["post".to_owned()], after).await;
    assert_eq!(told.unwrap(), None);
}

#[tokio::test]
async fn a_key_that_is_refused_ends_the_asking_and_a_bare_site_is_not_asked() {
    let site = FakeSite::with_plugin().await;
    site.on("GET", CHANGES, answer(401, &recorded("invalid_api_key"))).await;
    let after = "2026-01-31T08:00:00Z".parse().unwrap();
    let told = site.session().await.changes(&["post".to_owned()], after).await;
    assert!(matches!(told, Err(PlatformError::Unauthorized(_))), "{told:?}");
    let bare = FakeSite::bare().await;
    let told = bare.bare_session().await.changes(&["post".to_owned()], after).await;
    assert_eq!(told.unwrap(), None);
    assert!(bare.requests_to("GET", CHANGES).await.is_empty());
}
