//! A site that connects itself proves its key first.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use rstest::rstest;
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::matchers::{method, path};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::connection::{failed, passed};
use crate::fake::{FakeSite, KEY, ok, wp_error};

fn prover(key: &'static str) -> impl Fn(&Request) -> ResponseTemplate {
    move |request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        let message =
            format!("igny8-onboarding-v1\n{}\n{}\n{}", text("nonce"), body["site_id"], text("site_url"));
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        let mut proof = String::new();
        for byte in mac.finalize().into_bytes() {
            write!(proof, "{byte:02x}").unwrap();
        }
        ok(&json!({ "proof": proof }))
    }
}

async fn proving(site: &FakeSite, key: &'static str) {
    Mock::given(method("POST"))
        .and(path("/wp-json/igny8/v1/prove"))
        .respond_with(prover(key))
        .mount(&site.server)
        .await;
}

#[tokio::test]
async fn a_site_that_proves_its_key_is_tested_with_it() {
    let site = FakeSite::with_plugin().await;
    proving(&site, KEY).await;
    passed(&site.onboard().await);
    let requests = site.requests().await;
    let proof = requests.iter().position(|request| request.url.path().ends_with("/prove")).unwrap();
    let first_key =
        requests.iter().position(|request| request.headers.contains_key("x-igny8-api-key")).unwrap();
    assert!(proof < first_key, "the key is sent only after the proof");
}

#[tokio::test]
async fn a_site_that_cannot_prove_its_key_never_sees_ours() {
    let site = FakeSite::with_plugin().await;
    proving(&site, "another-key-1").await;
    assert_eq!(failed(&site.onboard().await), ("authentication", "proof_failed"));
    assert!(!site.saw_the_key().await);
}

#[rstest]
#[case(403, "igny8_other_site", "other_site")]
#[case(409, "igny8_other_address", "other_address")]
#[case(403, "igny8_not_configured", "plugin_not_configured")]
#[tokio::test]
async fn a_site_that_refuses_to_prove_says_why(#[case] status: u16, #[case] word: &str, #[case] code: &str) {
    let site = FakeSite::with_plugin().await;
    site.on("POST", "/wp-json/igny8/v1/prove", wp_error(status, word)).await;
    assert_eq!(failed(&site.onboard().await), ("authentication", code));
    assert!(!site.saw_the_key().await);
}

#[tokio::test]
async fn a_site_without_the_plugin_cannot_onboard() {
    let site = FakeSite::bare().await;
    assert_eq!(failed(&site.onboard().await), ("plugin", "plugin_missing"));
    assert!(!site.saw_the_key().await);
}
