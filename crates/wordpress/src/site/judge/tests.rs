use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION};
use rstest::rstest;

use super::*;

const READ: Sent = Sent { write: false, bytes: 0 };
const WRITE: Sent = Sent { write: true, bytes: 300 };

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        url: "https://a.example/wp-json/wp/v2/posts".parse().unwrap(),
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec(),
        took: Duration::ZERO,
    }
}

fn wp(status: u16, code: &str) -> Answer {
    answer(status, &format!(r#"{{"code":"{code}","message":"Said.","data":{{"status":{status}}}}}"#))
}

fn judged(answer: &Answer, sent: Sent) -> (Kind, &'static str) {
    let failure = judge(answer, sent, &Redactor::default()).unwrap_err();
    (failure.kind, failure.code)
}

#[rstest]
#[case(401, "igny8_invalid_api_key", Kind::Unauthorized, "invalid_api_key")]
#[case(403, "igny8_connection_disabled", Kind::Unauthorized, "connection_disabled")]
#[case(403, "igny8_no_user", Kind::Unauthorized, "plugin_user_missing")]
#[case(412, "igny8_version_mismatch", Kind::Conflict, "version_mismatch")]
#[case(423, "igny8_post_locked", Kind::Locked, "post_locked")]
#[case(401, "rest_not_logged_in", Kind::Unauthorized, "invalid_credentials")]
#[case(500, "incorrect_password", Kind::Unauthorized, "invalid_credentials")]
#[case(500, "too_many_retries", Kind::Unauthorized, "invalid_credentials")]
#[case(401, "rest_maintenance", Kind::Unavailable, "maintenance")]
#[case(503, "wp_die", Kind::Unavailable, "maintenance")]
#[case(403, "rest_cannot_create", Kind::Forbidden, "missing_capability")]
#[case(404, "rest_post_invalid_id", Kind::NotFound, "not_found")]
#[case(404, "rest_term_invalid", Kind::NotFound, "not_found")]
#[case(404, "rest_no_route", Kind::Protocol, "route_missing")]
#[case(400, "rest_invalid_param", Kind::Rejected, "rejected")]
#[case(410, "rest_already_trashed", Kind::Rejected, "rejected")]
#[case(413, "rest_upload_file_too_big", Kind::Rejected, "too_large")]
#[case(429, "rest_too_many", Kind::RateLimited, "rate_limited")]
#[case(500, "db_insert_error", Kind::Rejected, "database_cannot_store")]
#[case(500, "internal_server_error", Kind::Uncertain, "site_error")]
#[case(501, "rest_trash_not_supported", Kind::Rejected, "not_supported")]
#[case(502, "bad_gateway", Kind::Uncertain, "site_error")]
fn an_error_of_wordpress_says_what_can_be_done(
    #[case] status: u16,
    #[case] code: &str,
    #[case] kind: Kind,
    #[case] word: &str,
) {
    assert_eq!(judged(&wp(status, code), WRITE), (kind, word));
}

#[rstest]
#[case::firewall_on_a_read(403, "<h1>Forbidden</h1>", READ, Kind::Unavailable, "firewall")]
#[case::firewall_on_a_write(403, "<h1>Forbidden</h1>", WRITE, Kind::Rejected, "firewall")]
#[case::page_for_a_read(200, "<h1>Home</h1>", READ, Kind::Protocol, "html_page")]
#[case::page_for_a_write(200, "<h1>Home</h1>", WRITE, Kind::Uncertain, "html_page")]
#[case::cut_off(200, "[{\"id\":1},{\"id\":", READ, Kind::Protocol, "html_page")]
#[case::login(200, "<form action=\"/wp-login.php\">", READ, Kind::Protocol, "login_page")]
#[case::maintenance(503, "<h1>Wartung</h1>", READ, Kind::Unavailable, "maintenance")]
#[case::fatal(500, "<b>Fatal error</b>", WRITE, Kind::Uncertain, "site_error")]
#[case::gateway(504, "<h1>504</h1>", WRITE, Kind::Uncertain, "site_error")]
#[case::gone_api(404, "<h1>Not found</h1>", READ, Kind::Protocol, "route_missing")]
#[case::too_large(413, "<h1>413</h1>", WRITE, Kind::Rejected, "too_large")]
#[case::empty(200, "", READ, Kind::Protocol, "html_page")]
#[case::odd_json(500, "[]", WRITE, Kind::Uncertain, "site_error")]
#[case::server_password(401, "<h1>401</h1>", READ, Kind::Unavailable, "firewall")]
fn a_page_says_what_can_be_done(
    #[case] status: u16,
    #[case] body: &str,
    #[case] sent: Sent,
    #[case] kind: Kind,
    #[case] word: &str,
) {
    assert_eq!(judged(&answer(status, body), sent), (kind, word));
}

#[test]
fn what_may_be_too_much_at_once_is_marked() {
    for (status, body) in [(500, "<b>Fatal error</b>"), (504, ""), (200, "[{\"id\":1},{")] {
        assert!(judge(&answer(status, body), READ, &Redactor::default()).unwrap_err().too_heavy);
    }
    assert!(!judge(&wp(401, "rest_not_logged_in"), READ, &Redactor::default()).unwrap_err().too_heavy);
    assert!(unreachable(OutboundError::TooLarge, 0).too_heavy);
    assert!(!unreachable(OutboundError::Dns, 0).too_heavy);
}

#[test]
fn a_redirect_names_its_target_without_its_query() {
    let mut moved = answer(301, "");
    moved
        .headers
        .insert(LOCATION, "https://maria:secret@www.a.example/wp-json/wp/v2/posts?secret=1".parse().unwrap());
    let failure = judge(&moved, WRITE, &Redactor::default()).unwrap_err();
    assert_eq!(failure.message(), "the site's API has moved to https://www.a.example/wp-json/wp/v2/posts");
}

#[test]
fn what_the_site_said_is_shown_redacted() {
    let body = r#"{"code":"internal_server_error","message":"<p>Fatal in /home/u1/public_html/x.php, key site-key-1234</p>","data":{"error":{"file":"/home/u1/x.php"}}}"#;
    let redactor = Redactor::new(["site-key-1234".to_owned()]);
    let message = judge(&answer(500, body), WRITE, &redactor).unwrap_err().message();
    assert_eq!(message, "the site failed with status 500: Fatal in […] key […]");
}

#[test]
fn an_answer_under_noise_is_good_and_remembered() {
    let reply = judge(&answer(200, "\u{feff}[]"), READ, &Redactor::default()).unwrap();
    assert!(reply.noise.is_some());
}
