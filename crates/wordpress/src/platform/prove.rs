//! Onboarding's proof: a site shows that it holds its key by what it makes of a fresh nonce.

use hmac::{Hmac, KeyInit as _, Mac as _};
use igny8_integration_domain::ports::platform::OnboardingChallenge;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sha2::Sha256;

use super::checks::Fault;
use crate::site::SiteClient;

const ROUTE: &str = "igny8/v1/prove";
const DOMAIN: &str = "igny8-onboarding-v1";

/// Asks for the proof and verifies it. The key itself is not sent.
pub(super) async fn prove(stranger: &SiteClient, challenge: &OnboardingChallenge) -> Result<(), Fault> {
    let body = json!({
        "nonce": challenge.nonce,
        "site_id": challenge.site_id.get(),
        "site_url": challenge.site_url.as_str(),
    });
    let reply = stranger.post(ROUTE, Vec::new(), &body, &[]).await.map_err(|failure| {
        let refused = [
            ("igny8_other_site", "other_site", "the site is set up as another igny8 site"),
            ("igny8_other_address", "other_address", "the site is reached under another address"),
            ("igny8_not_configured", "plugin_not_configured", "the plugin has no site id and key yet"),
        ];
        let known = refused.iter().find(|(word, ..)| failure.is_wp(word));
        known.map_or_else(|| failure.clone().into(), |(_, code, seen)| Fault::new(code, *seen))
    })?;
    let proof = reply.value.get("proof").and_then(Value::as_str).unwrap_or_default();
    if holds(challenge, proof) {
        return Ok(());
    }
    Err(Fault::new("proof_failed", "the site could not prove that it holds the API key"))
}

/// Compares in constant time.
fn holds(challenge: &OnboardingChallenge, proof: &str) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(challenge.api_key.expose_secret().as_bytes()) else {
        return false;
    };
    let message =
        format!("{DOMAIN}\n{}\n{}\n{}", challenge.nonce, challenge.site_id, challenge.site_url.as_str());
    mac.update(message.as_bytes());
    from_hex(proof).is_some_and(|proof| mac.verify_slice(&proof).is_ok())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use igny8_integration_domain::id::SiteId;
    use igny8_integration_domain::integration::SiteUrl;
    use rstest::rstest;

    fn challenge() -> OnboardingChallenge {
        OnboardingChallenge {
            site_id: SiteId::new(7).unwrap(),
            site_url: SiteUrl::parse("site_url", "https://shop.example").unwrap(),
            api_key: "test-key-12345678".into(),
            nonce: "abcdefghijklmnop".to_owned(),
        }
    }

    // printf 'igny8-onboarding-v1\nabcdefghijklmnop\n7\nhttps://shop.example' | openssl dgst -sha256 -hmac test-key-12345678
    const PROOF: &str = "4d7978f5151dc12b871b3f85e0d3bd7485658b759e5441f6770d7454fa221970";

    #[test]
    fn the_right_proof_holds() {
        assert!(holds(&challenge(), PROOF));
    }

    #[rstest]
    #[case::empty("")]
    #[case::short("0f")]
    #[case::odd("0")]
    #[case::not_hex("zz")]
    fn anything_else_does_not(#[case] proof: &str) {
        assert!(!holds(&challenge(), proof));
        assert!(!holds(&challenge(), &PROOF.to_uppercase()));
        assert!(!holds(&OnboardingChallenge { nonce: "ponmlkjihgfedcba".to_owned(), ..challenge() }, PROOF));
    }
}
