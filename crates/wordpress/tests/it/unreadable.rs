//! Posts that a listing cannot show: each costs itself, and is named.

use std::collections::BTreeSet;

use igny8_integration_domain::ports::platform::{ListPage, ListQuery, PlatformError, PlatformSession};
use rstest::rstest;
use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::fake::{FakeSite, html, list, ok, parameter, post, wp_error};

const POSTS: &str = "/wp-json/wp/v2/posts";

fn fatal() -> ResponseTemplate {
    html(500, "<b>Fatal error</b>: Uncaught Error in a block")
}

/// Posts 1 to `count`, of which `broken` cannot be shown: a page with one of them fails, and so does the post by
/// itself with `single`. Their ids alone can be read.
async fn on(site: &FakeSite, count: u64, broken: &[u64], single: ResponseTemplate) {
    let broken: BTreeSet<u64> = broken.iter().copied().collect();
    let inside = broken.clone();
    let pages = move |request: &Request| {
        let number = |name| parameter(request, name).unwrap_or_default().parse::<u64>();
        let (offset, size) = (number("offset").unwrap_or(0), number("per_page").unwrap());
        let ids = offset + 1..=count.min(offset + size);
        let names_only = parameter(request, "_fields").unwrap().starts_with("id,_");
        if !names_only && ids.clone().any(|id| inside.contains(&id)) {
            return fatal();
        }
        let rows: Vec<Value> = ids.map(|id| if names_only { json!({"id": id}) } else { post(id) }).collect();
        list(&rows, usize::try_from(count).unwrap())
    };
    let by_itself = move |request: &Request| {
        let id = request.url.path().rsplit('/').next().unwrap().parse().unwrap();
        if broken.contains(&id) { single.clone() } else { ok(&post(id)) }
    };
    Mock::given(method("GET")).and(path(POSTS)).respond_with(pages).mount(&site.server).await;
    let item = path_regex(r"^/wp-json/wp/v2/posts/\d+$");
    Mock::given(method("GET")).and(item).respond_with(by_itself).mount(&site.server).await;
}

async fn walk(session: &dyn PlatformSession) -> Result<Vec<ListPage>, PlatformError> {
    let mut query = ListQuery {
        content_type: "post".to_owned(),
        modified_after: None,
        ids: None,
        cursor: None,
        metadata_only: false,
    };
    let mut pages = Vec::new();
    loop {
        let page = session.list(&query).await?;
        query.cursor.clone_from(&page.next);
        pages.push(page);
        if query.cursor.is_none() {
            return Ok(pages);
        }
        assert!(pages.len() < 100, "the walk ends");
    }
}

fn ids(pages: &[ListPage]) -> Vec<u64> {
    pages.iter().flat_map(|page| &page.items).map(|item| item.external_id.parse().unwrap()).collect()
}

/// Each post that could not be read, once, with its word.
fn unreadable(pages: &[ListPage]) -> BTreeSet<(String, String)> {
    let items: Vec<_> = pages.iter().flat_map(|page| &page.unreadable).collect();
    let named: BTreeSet<_> =
        items.iter().map(|item| (item.external_id.clone().unwrap(), item.code.clone())).collect();
    assert_eq!(items.len(), named.len(), "each is said once");
    named
}

#[rstest]
#[case::breaks(fatal(), "site_error")]
#[case::refused(wp_error(403, "rest_forbidden_context"), "missing_capability")]
#[case::no_post(ok(&json!({"id": 12})), "unreadable")]
#[tokio::test]
async fn a_post_that_breaks_even_the_smallest_page_costs_itself_alone(
    #[case] single: ResponseTemplate,
    #[case] code: &str,
) {
    let site = FakeSite::with_plugin().await;
    on(&site, 245, &[12], single).await;
    let pages = walk(&*site.session().await).await.unwrap();
    assert_eq!(ids(&pages), (1..=245).filter(|id| *id != 12).collect::<Vec<u64>>());
    assert_eq!(unreadable(&pages), BTreeSet::from([("12".to_owned(), code.to_owned())]));
    assert!(pages[0].server_time.is_some() && pages[0].total == Some(245));
    let requests = site.requests_to("GET", POSTS).await.len();
    assert!(requests < 20, "pages grow again behind it: {requests}");
}

#[rstest]
#[case::at_the_ends(20, vec![1, 20])]
#[case::side_by_side(20, vec![9, 10, 11])]
#[case::where_pages_meet(12, vec![5, 6])]
#[case::the_only_one(1, vec![1])]
#[case::all_of_a_few(2, vec![1, 2])]
#[tokio::test]
async fn wherever_posts_break_the_others_come(#[case] count: u64, #[case] broken: Vec<u64>) {
    let site = FakeSite::with_plugin().await;
    on(&site, count, &broken, fatal()).await;
    let pages = walk(&*site.session().await).await.unwrap();
    assert_eq!(ids(&pages), (1..=count).filter(|id| !broken.contains(id)).collect::<Vec<u64>>());
    assert_eq!(unreadable(&pages).len(), broken.len());
}

#[tokio::test]
async fn a_post_that_is_deleted_meanwhile_is_not_said_to_be_broken() {
    let site = FakeSite::with_plugin().await;
    on(&site, 3, &[2], wp_error(404, "rest_post_invalid_id")).await;
    let pages = walk(&*site.session().await).await.unwrap();
    assert_eq!((ids(&pages), unreadable(&pages).len()), (vec![1, 3], 0));
}

#[tokio::test]
async fn a_site_that_names_a_full_page_and_serves_none_of_it_is_in_trouble_itself() {
    let site = FakeSite::with_plugin().await;
    on(&site, 50, &(1..=50).collect::<Vec<u64>>(), fatal()).await;
    let failure = walk(&*site.session().await).await.unwrap_err();
    assert!(matches!(failure, PlatformError::Uncertain(_)), "{failure:?}");
}

#[tokio::test]
async fn a_site_that_goes_away_in_between_parks_nothing() {
    let site = FakeSite::with_plugin().await;
    on(&site, 20, &[3], wp_error(503, "wp_die")).await;
    let failure = walk(&*site.session().await).await.unwrap_err();
    assert!(matches!(failure, PlatformError::Unavailable { .. }), "{failure:?}");
}

#[tokio::test]
async fn rows_of_every_odd_kind_are_read_and_the_one_that_cannot_be_is_named() {
    let site = FakeSite::with_plugin().await;
    let odd = [
        json!({"meta": []}),
        json!({"meta": {}}),
        json!({"meta": {"a": ""}}),
        json!({"acf": false}),
        json!({"acf": {"gallery": false}}),
        json!({"featured_media": "0"}),
        json!({"categories": false}),
        json!({"author": null}),
        json!({"yoast_head_json": [], "_links": []}),
        json!({"title": null, "content": null, "excerpt": null}),
    ];
    let mut rows: Vec<Value> = Vec::new();
    for (id, extra) in (1..).zip(odd) {
        let mut row = post(id);
        for (name, value) in extra.as_object().unwrap() {
            row[name] = value.clone();
        }
        rows.push(row);
    }
    rows.push(json!({"id": "55", "status": "publish"}));
    rows.push(json!({"id": 56, "status": {"odd": true}}));
    site.on("GET", POSTS, list(&rows, rows.len())).await;
    let pages = walk(&*site.session().await).await.unwrap();
    assert_eq!(ids(&pages), (1..=10).chain([55]).collect::<Vec<u64>>());
    assert_eq!(unreadable(&pages), BTreeSet::from([("56".to_owned(), "unreadable".to_owned())]));
}

#[tokio::test]
async fn a_listing_of_ids_holds_the_posts_that_cannot_be_read_too() {
    let site = FakeSite::with_plugin().await;
    on(&site, 30, &[12], fatal()).await;
    let listing = site.session().await.list_ids("post").await.unwrap();
    assert_eq!((listing.stamps.len(), listing.total, listing.complete), (30, 30, true));
}

#[tokio::test]
async fn a_taxonomy_that_is_closed_costs_its_terms_and_not_the_posts() {
    let site = FakeSite::with_plugin().await;
    let mut row = post(1);
    row["genres"] = json!([3]);
    site.on("GET", POSTS, list(&[row], 1)).await;
    site.on("GET", "/wp-json/wp/v2/genres", wp_error(403, "rest_forbidden")).await;
    let pages = walk(&*site.session().await).await.unwrap();
    assert_eq!(ids(&pages), [1]);
    assert_eq!(pages[0].items[0].fields.terms, None);
}
