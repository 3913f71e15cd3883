//! Names and passwords: what people mix up, and what a site says of it.

use rstest::rstest;
use serde_json::json;
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use crate::connection::{failed, passed};
use crate::fake::{FakeSite, answer, html, ok, recorded, wp_error};

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
    assert!(tries(&site).await <= 2, "no account is locked out by us");
}

/// How often the site saw a name and a password: in the header, or in the body of XML-RPC.
async fn tries(site: &FakeSite) -> usize {
    let requests = site.requests().await;
    let carries = |request: &&wiremock::Request| {
        request.headers.contains_key("authorization") || request.url.path().ends_with("/xmlrpc.php")
    };
    requests.iter().filter(carries).count()
}

/// A site without the plugin that takes us for a stranger, and what its XML-RPC says.
async fn refusing(xmlrpc: ResponseTemplate) -> FakeSite {
    let site = FakeSite::bare().await;
    site.instead("GET", "/wp-json/wp/v2/users/me", answer(401, &recorded("not_logged_in"))).await;
    site.on("POST", "/xmlrpc.php", xmlrpc).await;
    site
}

fn xml(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(text.to_owned(), "text/xml; charset=UTF-8")
}

fn switched_off() -> ResponseTemplate {
    ResponseTemplate::new(405).set_body_raw(OFF.to_owned(), "text/xml; charset=UTF-8")
}

const RIGHT: &str = include_str!("../fixtures/xmlrpc_right.xml");
const WRONG: &str = include_str!("../fixtures/xmlrpc_wrong.xml");
const OFF: &str = include_str!("../fixtures/xmlrpc_off.xml");
/// One of WordPress's making, and one of a person's.
const MADE: &str = "abcd EFGH ijkl MN0P qrst UVWX";
const CHOSEN: &str = "hunter22hunter22";

#[rstest]
#[case::stripped(xml(RIGHT), MADE, "authorization_stripped", "do not arrive")]
#[case::log_in_password(xml(RIGHT), CHOSEN, "login_password", "XML-RPC takes this password")]
#[case::wrong(xml(WRONG), MADE, "invalid_credentials", "XML-RPC refuses them as well")]
#[case::switched_off(switched_off(), MADE, "invalid_credentials", "is closed")]
#[case::blocked(html(403, "<h1>Forbidden</h1>"), MADE, "invalid_credentials", "is closed")]
#[case::a_page(html(200, "<h1>A shop</h1>"), MADE, "invalid_credentials", "is closed")]
#[tokio::test]
async fn a_stripped_header_is_told_from_a_wrong_password_where_xmlrpc_speaks(
    #[case] xmlrpc: ResponseTemplate,
    #[case] password: &str,
    #[case] code: &str,
    #[case] evidence: &str,
) {
    let site = refusing(xmlrpc).await;
    let mut connection = site.connection_with_password();
    connection.credentials.application_password = Some(password.into());
    let report = site.test(&connection).await;
    assert_eq!(failed(&report), ("authentication", code));
    assert!(report.findings[0].evidence.contains(evidence), "{}", report.message);
    assert!(!format!("{report:?}").contains(password), "no password is shown");
    assert_eq!(tries(&site).await, 2, "no account is locked out by us");
}

#[tokio::test]
async fn the_password_goes_to_xmlrpc_as_it_is_and_escaped() {
    let site = refusing(xml(WRONG)).await;
    let mut connection = site.connection_with_password();
    connection.credentials.username = Some(" <maria&co> ".to_owned());
    site.test(&connection).await;
    let sent = site.requests_to("POST", "/xmlrpc.php").await;
    let body = String::from_utf8(sent[0].body.clone()).unwrap();
    assert!(body.contains("<string>&lt;maria&amp;co&gt;</string>"), "{body}");
    assert!(body.contains("<string>abcd efgh ijkl mnop</string>"), "{body}");
}

#[tokio::test]
async fn with_the_plugin_xmlrpc_is_never_asked() {
    let site = FakeSite::with_plugin().await;
    let mut connection = site.connection_with_password();
    connection.credentials.api_key = Some("another-key-1".into());
    site.test(&connection).await;
    assert!(site.requests_to("POST", "/xmlrpc.php").await.is_empty());
}

#[rstest]
#[case(500, "incorrect_password", "wrong_password")]
#[case(401, "incorrect_password", "wrong_password")]
#[case(500, "too_many_retries", "locked_out")]
#[case(401, "invalid_username", "unknown_user")]
#[case(401, "invalid_email", "unknown_user")]
#[case(401, "application_passwords_disabled", "application_passwords_off")]
#[case(401, "application_passwords_disabled_for_user", "application_passwords_off")]
#[tokio::test]
async fn a_mistake_that_the_site_names_is_told_and_not_tried_again(
    #[case] status: u16,
    #[case] word: &str,
    #[case] code: &str,
) {
    let site = FakeSite::bare().await;
    site.instead("GET", "/wp-json/wp/v2/users/me", wp_error(status, word)).await;
    let report = site.test(&site.connection_with_password()).await;
    assert_eq!(failed(&report), ("authentication", code));
    assert!(report.findings[0].evidence.contains(word), "{}", report.message);
    assert_eq!(tries(&site).await, 1);
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
    assert!(report.findings[0].evidence.contains("not https"), "{}", report.message);
    assert!(site.requests_to("POST", "/xmlrpc.php").await.is_empty());
}
