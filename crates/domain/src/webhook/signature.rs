//! Signatures by the Standard Webhooks specification: HMAC-SHA256 over `id.timestamp.body`, the exact bytes.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::time::Timestamp;

/// How far a delivery's time may be from the service's clock.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// What a secret begins with in text.
const PREFIX: &str = "whsec_";

/// The least key that is taken: a shorter one could be guessed.
const LEAST_KEY_BYTES: usize = 16;

/// Base64 with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The three headers, where they were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignatureHeaders<'a> {
    /// `webhook-id`.
    pub id: Option<&'a str>,
    /// `webhook-timestamp`, in whole seconds.
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`: `v1,<base64>`, several parted by spaces.
    pub signature: Option<&'a str>,
}

/// A delivery whose headers were judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed {
    /// The signature holds.
    Yes {
        /// The delivery's id: the same for each attempt.
        id: String,
        /// How far the sender's clock is ahead of ours.
        skew: TimeDelta,
    },
    /// There is no signature at all.
    No,
}

/// Why a signature does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// One header without the others.
    #[error("the header {0} is missing")]
    MissingHeader(&'static str),
    /// The id is empty, too long or not visible ASCII.
    #[error("the header webhook-id is not 1 to 255 visible ASCII characters")]
    BadId,
    /// No number of seconds.
    #[error("the header webhook-timestamp is not a whole number of seconds since 1970")]
    BadTimestamp,
    /// The sender's clock is behind, or the delivery is old.
    #[error(
        "the time in webhook-timestamp is {0} seconds behind this service's clock; at most 300 are taken"
    )]
    TooOld(i64),
    /// The sender's clock is ahead.
    #[error(
        "the time in webhook-timestamp is {0} seconds ahead of this service's clock; at most 300 are taken"
    )]
    TooNew(i64),
    /// None of the signatures is one of this site's secrets over these bytes.
    #[error("no signature in webhook-signature matches this site's secret over the exact body")]
    NoMatch,
}

/// A secret as a key.
pub struct SigningSecret(Hmac<Sha256>);

impl SigningSecret {
    /// The key in a secret's text; none where it is empty, too short or no base64: nothing passes with such a one.
    pub fn parse(text: &SecretString) -> Option<Self> {
        let text = text.expose_secret().trim();
        let key = BASE64.decode(text.strip_prefix(PREFIX).unwrap_or(text)).ok()?;
        if key.len() < LEAST_KEY_BYTES {
            return None;
        }
        Hmac::new_from_slice(&key).ok().map(Self)
    }

    fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(id.as_bytes());
        mac.update(b".");
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac.finalize().into_bytes().into()
    }
}

/// Judges a delivery. Every secret that holds is tried against every signature, each in constant time.
pub fn verify(
    headers: SignatureHeaders<'_>,
    body: &[u8],
    secrets: &[SigningSecret],
    now: Timestamp,
) -> Result<Signed, SignatureError> {
    if headers == SignatureHeaders::default() {
        return Ok(Signed::No);
    }
    let id = headers.id.ok_or(SignatureError::MissingHeader("webhook-id"))?;
    let timestamp = headers.timestamp.ok_or(SignatureError::MissingHeader("webhook-timestamp"))?;
    let signature = headers.signature.ok_or(SignatureError::MissingHeader("webhook-signature"))?;
    if id.is_empty() || id.len() > 255 || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SignatureError::BadId);
    }
    let skew = skew(timestamp, now)?;
    let matches = signature
        .split_ascii_whitespace()
        .filter_map(|candidate| candidate.strip_prefix("v1,"))
        .filter_map(|candidate| BASE64.decode(candidate).ok())
        .fold(false, |found, candidate| {
            secrets.iter().fold(found, |found, secret| {
                let expected = secret.sign(id, timestamp, body);
                found | bool::from(expected.as_slice().ct_eq(candidate.as_slice()))
            })
        });
    if matches { Ok(Signed::Yes { id: id.to_owned(), skew }) } else { Err(SignatureError::NoMatch) }
}

fn skew(timestamp: &str, now: Timestamp) -> Result<TimeDelta, SignatureError> {
    if timestamp.is_empty() || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SignatureError::BadTimestamp);
    }
    let seconds: i64 = timestamp.parse().map_err(|_| SignatureError::BadTimestamp)?;
    let ahead = seconds.checked_sub(now.timestamp()).ok_or(SignatureError::BadTimestamp)?;
    if ahead > TOLERANCE.num_seconds() {
        return Err(SignatureError::TooNew(ahead));
    }
    if ahead < -TOLERANCE.num_seconds() {
        return Err(SignatureError::TooOld(-ahead));
    }
    Ok(TimeDelta::seconds(ahead))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the Standard Webhooks specification.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIME: &str = "1614265330";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn secret(text: &str) -> Option<SigningSecret> {
        SigningSecret::parse(&SecretString::from(text))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    fn judge(signature: &str, body: &[u8], now: i64) -> Result<Signed, SignatureError> {
        let headers = SignatureHeaders { id: Some(ID), timestamp: Some(TIME), signature: Some(signature) };
        verify(headers, body, &[secret(SECRET).unwrap()], at(now))
    }

    #[test]
    fn the_specifications_own_example_holds() {
        assert!(matches!(judge(SIGNATURE, BODY, 1_614_265_330), Ok(Signed::Yes { .. })));
    }

    #[rstest::rstest]
    #[case::second_of_three(&format!("v1,AAAA {SIGNATURE} v1,BBBB"))]
    #[case::unknown_version_beside(&format!("v1a,xyz {SIGNATURE}"))]
    #[case::without_padding(SIGNATURE.trim_end_matches('='))]
    fn one_good_signature_among_others_is_enough(#[case] signature: &str) {
        assert!(judge(signature, BODY, 1_614_265_330).is_ok());
    }

    #[rstest::rstest]
    #[case::other_body(SIGNATURE, b"{\"test\":2432232314}".as_slice())]
    #[case::truncated_body(SIGNATURE, b"{\"test\": 243223231".as_slice())]
    #[case::empty("", BODY)]
    #[case::other_version("v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", BODY)]
    #[case::truncated("v1,g0hM9SsE+OTPJTGt", BODY)]
    #[case::no_base64("v1,***", BODY)]
    fn anything_else_does_not_match(#[case] signature: &str, #[case] body: &[u8]) {
        assert_eq!(judge(signature, body, 1_614_265_330), Err(SignatureError::NoMatch));
    }

    #[rstest::rstest]
    #[case::ten_seconds_inside(1_614_265_330 + 290, None)]
    #[case::old(1_614_265_330 + 420, Some(SignatureError::TooOld(420)))]
    #[case::new(1_614_265_330 - 420, Some(SignatureError::TooNew(420)))]
    fn five_minutes_are_taken_either_way(#[case] now: i64, #[case] refused: Option<SignatureError>) {
        assert_eq!(judge(SIGNATURE, BODY, now).err(), refused);
    }

    #[rstest::rstest]
    #[case("abc")]
    #[case("-5")]
    #[case("1.5")]
    #[case("")]
    #[case("99999999999999999999")]
    fn an_odd_time_is_refused_without_a_panic(#[case] time: &str) {
        let headers = SignatureHeaders { id: Some(ID), timestamp: Some(time), signature: Some(SIGNATURE) };
        let judged = verify(headers, BODY, &[secret(SECRET).unwrap()], at(1_614_265_330));
        assert_eq!(judged, Err(SignatureError::BadTimestamp));
    }

    #[test]
    fn milliseconds_are_far_ahead() {
        let headers =
            SignatureHeaders { id: Some(ID), timestamp: Some("1614265330000"), signature: Some(SIGNATURE) };
        let judged = verify(headers, BODY, &[secret(SECRET).unwrap()], at(1_614_265_330));
        assert!(matches!(judged, Err(SignatureError::TooNew(_))));
    }

    #[test]
    fn one_header_without_the_others_is_refused() {
        let headers = SignatureHeaders { id: Some(ID), ..SignatureHeaders::default() };
        let judged = verify(headers, BODY, &[], at(0));
        assert_eq!(judged, Err(SignatureError::MissingHeader("webhook-timestamp")));
        assert_eq!(verify(SignatureHeaders::default(), BODY, &[], at(0)), Ok(Signed::No));
    }

    #[rstest::rstest]
    #[case("")]
    #[case("whsec_")]
    #[case("whsec_!!!")]
    #[case("whsec_AAAA")]
    fn nothing_passes_with_an_unusable_secret(#[case] text: &str) {
        assert!(secret(text).is_none());
    }

    #[rstest::rstest]
    #[case::bare("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    #[case::prefixed(SECRET)]
    fn a_secret_is_read_with_and_without_its_prefix(#[case] text: &str) {
        let headers = SignatureHeaders { id: Some(ID), timestamp: Some(TIME), signature: Some(SIGNATURE) };
        assert!(verify(headers, BODY, &[secret(text).unwrap()], at(1_614_265_330)).is_ok());
    }
}
