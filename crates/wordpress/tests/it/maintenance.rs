//! A site in the middle of an update or closed for a while: it will be back by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use igny8_integration_domain::ports::platform::{Platform as _, PlatformError};
use igny8_integration_domain::sync::{Direction, RunStatus};
use rstest::rstest;
use serde_json::{Value, json};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::connection::failed;
use crate::fake::{FakeSite, html, platform, wp_error};
use crate::library::Library;
use crate::shop::Shop;

fn update() -> ResponseTemplate {
    wp_error(503, "wp_die").insert_header("retry-after", "600")
}

fn page() -> ResponseTemplate {
    html(503, "<h1>Wegen Wartungsarbeiten kurz nicht erreichbar</h1>")
}

fn coming_soon() -> ResponseTemplate {
    wp_error(401, "rest_maintenance")
}

fn broken() -> ResponseTemplate {
    wp_error(500, "internal_server_error")
}

/// Every request is answered so while `left` is not used up.
async fn away(site: &FakeSite, response: ResponseTemplate, left: &Arc<AtomicUsize>) {
    let left = Arc::clone(left);
    let is_away = move |_: &Request| {
        left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    };
    Mock::given(is_away).respond_with(response).with_priority(1).mount(&site.server).await;
}

#[rstest]
#[case::update(update(), "maintenance")]
#[case::page(page(), "maintenance")]
#[case::coming_soon(coming_soon(), "maintenance")]
#[case::broken(broken(), "site_error")]
#[tokio::test]
async fn a_session_with_a_site_that_is_away_for_a_while_is_not_refused(
    #[case] response: ResponseTemplate,
    #[case] code: &str,
    #[values(false, true)] known: bool,
    #[values(false, true)] password: bool,
) {
    let site = FakeSite::with_plugin().await;
    let mut connection = if password { site.connection_with_password() } else { site.connection() };
    if known {
        connection.state = platform().open(&connection).await.unwrap().state();
    }
    away(&site, response, &Arc::new(AtomicUsize::new(usize::MAX))).await;
    let failure = platform().open(&connection).await.err().unwrap();
    let passes = match &failure {
        PlatformError::Unavailable { .. } => true,
        PlatformError::Uncertain(_) => code == "site_error",
        _ => false,
    };
    assert!(passes && failure.trouble().code == code, "{failure:?}");
    assert!(!site.saw_the_key().await || known, "and no key is tried on it");
}

#[tokio::test]
async fn the_pause_that_a_site_asks_for_is_known_from_the_first_call_on() {
    let site = FakeSite::with_plugin().await;
    away(&site, update(), &Arc::new(AtomicUsize::new(usize::MAX))).await;
    let failure = platform().open(&site.connection()).await.err().unwrap();
    let PlatformError::Unavailable { retry_after: Some(wait), .. } = failure else { panic!("{failure:?}") };
    assert_eq!(wait.as_secs(), 600);
}

#[rstest]
#[case::update(update(), "rest_api", "maintenance")]
#[case::page(page(), "rest_api", "maintenance")]
#[case::coming_soon(coming_soon(), "rest_api", "maintenance")]
#[case::broken(broken(), "rest_api", "site_error")]
#[tokio::test]
async fn onboarding_with_a_site_that_is_away_says_to_try_again(
    #[case] response: ResponseTemplate,
    #[case] check: &str,
    #[case] code: &str,
) {
    let site = FakeSite::with_plugin().await;
    away(&site, response, &Arc::new(AtomicUsize::new(usize::MAX))).await;
    let report = site.onboard().await;
    assert_eq!(failed(&report), (check, code));
    assert!(report.message.contains("Try again"), "{}", report.message);
    assert_eq!(report.state, Value::Null);
}

#[rstest]
#[case::update(update())]
#[case::page(page())]
#[case::coming_soon(coming_soon())]
#[case::broken(broken())]
#[tokio::test]
async fn a_run_in_the_middle_of_an_update_ends_well_and_deletes_nothing(#[case] response: ResponseTemplate) {
    for calm in [0, 3, 6, 9, 12] {
        let site = FakeSite::with_plugin().await;
        let library = Library::on(&site).await;
        library.add(3);
        let shop = Shop::at(&site.server.uri()).await;
        shop.sync(Direction::Both).await;
        library.edit(2, &json!({"title": "Theirs too"}));
        shop.write("Ours", 100).await;
        // So many calls go well before the site is away for the next few.
        let (calm, left) = (Arc::new(AtomicUsize::new(calm)), Arc::new(AtomicUsize::new(3)));
        let begins = move |_: &Request| {
            calm.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |calm| calm.checked_sub(1)).is_err()
                && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
        };
        Mock::given(begins).respond_with(response.clone()).with_priority(1).mount(&site.server).await;
        let run = shop.sync(Direction::Both).await;
        assert_eq!((run.status, run.error), (RunStatus::Succeeded, None));
        assert_eq!((run.progress.created, run.progress.deleted, run.progress.failed), (1, 0, 0));
        assert_eq!(library.titles(), ["Theirs", "Theirs too", "Theirs", "Ours"]);
        assert_eq!(shop.contents().await.len(), 4);
    }
}
