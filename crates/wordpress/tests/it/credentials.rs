//! Names and passwords: what people mix up, and what a site says of it.

use rstest::rstest;
use serde_json::json;
use wiremock::Mock;
use wiremock::matchers::path;

use crate::connection::{failed, passed};
use crate::fake::{FakeSite, answer, ok, recorded, wp_error};

#[rstest]
#[case::log_in_password("maria", "hunter22hunter22", false)]
#[case::mail_address("maria@shop.example", "abcd efgh ijkl mnop", true)]
#[case::label("IGNY8", "abcd efgh ijkl mnop", false)]
#[case::pasted("maria", "abcd efgh ijkl mnop \n", true)]
#[case::upper_case("MARIA", "abcd efgh ijkl mnop", true)]
#[tokio::test]
async fn what_people_type_for_name_and_password_is_the_sites_to_judge(
    #[case] name: &str,
    #[case] password: &str,
    #[case] works: bool,
) {
    let site = FakeSite::bare().await;
    // As WordPress: name or address in any letter case, and the application password.
    let knows = |request: &wiremock::Request| {
        use base64::Engine as _;
        let pair =
            request.headers.get("authorization").and_then(|it| it.to_str().ok()?.strip_prefix("Basic "));
        let pair = pair.map(|it| base64::engine::general_purpose::STANDARD.decode(it).unwrap());
        let pair = pair.map(|it| String::from_utf8(it).unwrap().to_lowercase().replace(' ', ""));
        let right = ["maria:abcdefghijklmnop", "maria@shop.example:abcdefghijklmnop"];
        if pair.is_some_and(|pair| right.contains(&pair.as_str())) {
            ok(&recorded("me_editor"))
        } else {
            answer(401, &recorded("not_logged_in"))
        }
    };
    let me = path("/wp-json/wp/v2/users/me");
    Mock::given(me).respond_with(knows).with_priority(2).mount(&site.server).await;
    site.on("GET", "/wp-json/wp/v2/posts", wp_error(401, "rest_forbidden_context")).await;
    let mut connection = site.connection_with_password();
    connection.credentials.username = Some(name.to_owned());
    connection.credentials.application_password = Some(password.into());
    let report = site.test(&connection).await;
    if works {
        passed(&report);
    } else {
        assert_eq!(failed(&report), ("authentication", "invalid_credentials"));
        assert!(report.message.contains("label") && report.message.contains("log-in password"));
    }
    let tries = site.requests().await.iter().filter(|it| it.headers.contains_key("authorization")).count();
    assert!(tries <= 2, "no account is locked out by us: {tries}");
}

#[tokio::test]
async fn a_wrong_password_fails_after_two_tries_at_most() {
    let site = FakeSite::bare().await;
    site.instead("GET", "/wp-json/wp/v2/users/me", answer(401, &recorded("not_logged_in"))).await;
    site.on("GET", "/wp-json/wp/v2/posts", wp_error(401, "rest_forbidden_context")).await;
    let report = site.test(&site.connection_with_password()).await;
    assert_eq!(failed(&report), ("authentication", "invalid_credentials"));
    assert!(report.message.contains("label") && report.message.contains("log-in password"));
    let requests = site.requests().await;
    let tries = requests.iter().filter(|request| request.headers.contains_key("authorization")).count();
    assert_eq!(tries, 2);
}

#[rstest]
#[case(500, "incorrect_password")]
#[case(500, "too_many_retries")]
#[case(401, "invalid_username")]
#[tokio::test]
async fn a_password_that_the_site_names_wrong_is_not_tried_again(#[case] status: u16, #[case] code: &str) {
    let site = FakeSite::bare().await;
    site.instead("GET", "/wp-json/wp/v2/users/me", wp_error(status, code)).await;
    let report = site.test(&site.connection_with_password()).await;
    assert_eq!(failed(&report), ("authentication", "invalid_credentials"));
    assert!(site.requests_to("GET", "/wp-json/wp/v2/posts").await.is_empty());
}

#[tokio::test]
async fn application_passwords_that_are_off_are_told_from_a_wrong_one() {
    let site = FakeSite::bare().await;
    let mut index = recorded("index");
    index["authentication"] = json!([]);
    site.instead("GET", "/wp-json/", ok(&index)).await;
    site.instead("GET", "/wp-json/wp/v2/users/me", answer(401, &recorded("not_logged_in"))).await;
    site.on("GET", "/wp-json/wp/v2/posts", wp_error(401, "rest_forbidden_context")).await;
    let report = site.test(&site.connection_with_password()).await;
    assert_eq!(failed(&report), ("authentication", "application_passwords_off"));
}
