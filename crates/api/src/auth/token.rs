//! App sessions: JSON Web Tokens, issued (HS256) and checked.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use igny8_integration_domain::id::UserId;
use igny8_integration_domain::ports::Random;
use igny8_integration_domain::time::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Builder;

use super::jwks::RemoteKeys;

/// A shorter HS256 secret than the hash it keys is no secret.
const SHORTEST_SECRET: usize = 32;

/// How far clocks may be apart, in seconds.
const LEEWAY: u64 = 30;

/// What a token must say of itself.
#[derive(Clone, Debug)]
pub struct TokenTerms {
    pub issuer: String,
    pub audience: String,
}

impl TokenTerms {
    /// What a key's tokens are judged by. One for each key: the algorithm is the key's, never the token's.
    pub(super) fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation
    }
}

/// Why a token opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Its time is over; all else is right.
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid")]
    Invalid,
    /// The keys could not be fetched, so nobody can tell.
    #[error("the keys that tokens are signed with could not be fetched")]
    KeysUnavailable(#[source] anyhow::Error),
}

impl From<jsonwebtoken::errors::Error> for TokenError {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        match error.kind() {
            ErrorKind::ExpiredSignature => Self::Expired,
            _ => Self::Invalid,
        }
    }
}

/// A secret that can't be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an HS256 secret needs {SHORTEST_SECRET} bytes or more")]
pub struct SecretTooShort;

fn judge_secret(secret: &SecretString) -> Result<&[u8], SecretTooShort> {
    let bytes = secret.expose_secret().as_bytes();
    if bytes.len() < SHORTEST_SECRET { Err(SecretTooShort) } else { Ok(bytes) }
}

/// What is read of a token; all else of it is the library's to check.
#[derive(Deserialize)]
struct Subject {
    sub: String,
}

impl Subject {
    fn user(&self) -> Result<UserId, TokenError> {
        self.sub.parse().map_err(|_| TokenError::Invalid)
    }
}

/// Shared secrets, each tried: rotation has several at once.
pub struct HsKeys(Vec<(DecodingKey, Validation)>);

impl HsKeys {
    pub fn new(secrets: &[SecretString], terms: &TokenTerms) -> Result<Self, SecretTooShort> {
        let key = |secret| {
            Ok((DecodingKey::from_secret(judge_secret(secret)?), terms.validation(Algorithm::HS256)))
        };
        Ok(Self(secrets.iter().map(key).collect::<Result<_, _>>()?))
    }

    fn check(&self, token: &str) -> Result<UserId, TokenError> {
        check_any(token, self.0.iter().map(|(key, validation)| (key, validation)))
    }
}

/// Tries each key. The error of the key that fits (`Expired`) says more than that of one that does not.
pub(super) fn check_any<'k>(
    token: &str,
    keys: impl Iterator<Item = (&'k DecodingKey, &'k Validation)>,
) -> Result<UserId, TokenError> {
    let mut error = TokenError::Invalid;
    for (key, validation) in keys {
        match decode::<Subject>(token, key, validation) {
            Ok(token) => return token.claims.user(),
            Err(found) => {
                if let expired @ TokenError::Expired = found.into() {
                    error = expired;
                }
            }
        }
    }
    Err(error)
}

/// Checks tokens of every configured kind.
#[derive(Clone)]
pub struct TokenChecker {
    shared: Arc<HsKeys>,
    remote: Option<Arc<RemoteKeys>>,
}

impl TokenChecker {
    /// Without secrets HS256 is off; without remote keys nothing else is on.
    pub fn new(shared: HsKeys, remote: Option<RemoteKeys>) -> Self {
        Self { shared: Arc::new(shared), remote: remote.map(Arc::new) }
    }

    /// The person that a valid token names. The token's own `alg` only says which keys could fit: each of them is
    /// bound to its algorithm.
    pub async fn check(&self, token: &SecretString) -> Result<UserId, TokenError> {
        let token = token.expose_secret();
        let header = decode_header(token)?;
        match (&self.remote, header.alg) {
            (_, Algorithm::HS256) => self.shared.check(token),
            (Some(remote), _) => remote.check(token, header.kid.as_deref()).await,
            (None, _) => Err(TokenError::Invalid),
        }
    }
}

/// What an issued token says.
#[derive(Serialize)]
struct Claims<'a> {
    sub: String,
    iss: &'a str,
    aud: &'a str,
    exp: u64,
    iat: u64,
    /// Two tokens of one second are two.
    jti: String,
}

/// Issues tokens for operators and tests.
pub struct TokenIssuer {
    key: EncodingKey,
    terms: TokenTerms,
    random: Arc<dyn Random>,
}

impl TokenIssuer {
    pub fn new(
        secret: &SecretString,
        terms: TokenTerms,
        random: Arc<dyn Random>,
    ) -> Result<Self, SecretTooShort> {
        Ok(Self { key: EncodingKey::from_secret(judge_secret(secret)?), terms, random })
    }

    /// A token for this person, and when it ends.
    pub fn issue(
        &self,
        user: UserId,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<(SecretString, Timestamp), jsonwebtoken::errors::Error> {
        let expires_at = TimeDelta::from_std(ttl).ok().and_then(|ttl| now.checked_add_signed(ttl));
        let expires_at = expires_at.unwrap_or(Timestamp::MAX_UTC);
        let mut id = [0; 16];
        self.random.fill(&mut id);
        let claims = Claims {
            sub: user.to_string(),
            iss: &self.terms.issuer,
            aud: &self.terms.audience,
            exp: expires_at.timestamp().unsigned_abs(),
            iat: now.timestamp().unsigned_abs(),
            jti: Builder::from_random_bytes(id).into_uuid().to_string(),
        };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.key)?;
        Ok((token.into(), expires_at))
    }
}

#[cfg(test)]
mod tests {
    use igny8_integration_domain::testing::SequentialRandom;

    use super::*;

    const OLD: &str = "an old secret of thirty-two bytes, at the least";
    const NEW: &str = "a new secret of thirty-two bytes, at the least!";

    fn terms() -> TokenTerms {
        TokenTerms { issuer: "igny8".into(), audience: "igny8-integration".into() }
    }

    fn checker(secrets: &[&str]) -> TokenChecker {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| (*secret).into()).collect();
        TokenChecker::new(HsKeys::new(&secrets, &terms()).unwrap(), None)
    }

    fn now() -> Timestamp {
        let seconds = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap();
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    fn issuer(secret: &str) -> Result<TokenIssuer, SecretTooShort> {
        TokenIssuer::new(&secret.into(), terms(), Arc::new(SequentialRandom::default()))
    }

    fn issued(secret: &str, at: Timestamp) -> SecretString {
        issuer(secret).unwrap().issue(UserId::new(42).unwrap(), at, Duration::from_mins(10)).unwrap().0
    }

    /// Signs any claims with any algorithm that takes a secret.
    fn signed(algorithm: Algorithm, claims: &serde_json::Value) -> SecretString {
        encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(NEW.as_bytes())).unwrap().into()
    }

    fn claims(change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>)) -> serde_json::Value {
        let mut claims = serde_json::json!({
            "sub": "42", "iss": "igny8", "aud": "igny8-integration", "exp": now().timestamp() + 600,
        });
        change(claims.as_object_mut().unwrap());
        claims
    }

    async fn outcome(token: &SecretString, secrets: &[&str]) -> Result<i64, String> {
        checker(secrets).check(token).await.map(UserId::get).map_err(|error| format!("{error:?}"))
    }

    #[tokio::test]
    async fn a_token_of_any_configured_secret_names_its_person() {
        assert_eq!(outcome(&issued(NEW, now()), &[NEW, OLD]).await, Ok(42));
        assert_eq!(outcome(&issued(OLD, now()), &[NEW, OLD]).await, Ok(42));
        assert_eq!(outcome(&issued(OLD, now()), &[NEW]).await, Err("Invalid".into()));
    }

    #[tokio::test]
    async fn an_expired_token_is_told_from_a_bad_one_whichever_secret_signed_it() {
        let past = now() - TimeDelta::seconds(600 + 31);
        assert_eq!(outcome(&issued(OLD, past), &[NEW, OLD]).await, Err("Expired".into()));
        assert_eq!(outcome(&issued(OLD, past), &[OLD, NEW]).await, Err("Expired".into()));
        let within_leeway = now() - TimeDelta::seconds(600 + 20);
        assert_eq!(outcome(&issued(OLD, within_leeway), &[OLD]).await, Ok(42));
    }

    #[tokio::test]
    async fn a_time_may_have_a_fraction() {
        let exp: serde_json::Value = format!("{}.5", now().timestamp() + 60).parse().unwrap();
        let token = signed(Algorithm::HS256, &claims(|map| drop(map.insert("exp".into(), exp))));
        assert_eq!(outcome(&token, &[NEW]).await, Ok(42));
    }

    #[test]
    fn each_token_is_another_one() {
        let (issuer, user, at) = (issuer(NEW).unwrap(), UserId::new(42).unwrap(), now());
        let token = || issuer.issue(user, at, Duration::from_mins(10)).unwrap().0;
        assert_ne!(token().expose_secret(), token().expose_secret());
    }

    #[rstest::rstest]
    #[case::issuer("iss", serde_json::json!("somebody"))]
    #[case::audience("aud", serde_json::json!("another"))]
    #[case::not_yet("nbf", serde_json::json!(now().timestamp() + 3600))]
    #[case::no_user("sub", serde_json::json!("maria"))]
    #[case::zero("sub", serde_json::json!("0"))]
    #[case::number("sub", serde_json::json!(42))]
    #[case::far_expiry("exp", serde_json::json!("never"))]
    #[tokio::test]
    async fn a_token_with_a_wrong_claim_is_invalid(#[case] claim: &str, #[case] value: serde_json::Value) {
        let token = signed(Algorithm::HS256, &claims(|map| drop(map.insert(claim.to_owned(), value))));
        assert_eq!(outcome(&token, &[NEW]).await, Err("Invalid".into()));
    }

    #[rstest::rstest]
    #[case("iss")]
    #[case("aud")]
    #[case("exp")]
    #[case("sub")]
    #[tokio::test]
    async fn a_token_without_a_required_claim_is_invalid(#[case] claim: &str) {
        let token = signed(Algorithm::HS256, &claims(|map| drop(map.shift_remove(claim))));
        assert_eq!(outcome(&token, &[NEW]).await, Err("Invalid".into()));
    }

    #[tokio::test]
    async fn the_algorithm_is_pinned() {
        let token = signed(Algorithm::HS512, &claims(|_| ()));
        assert_eq!(outcome(&token, &[NEW]).await, Err("Invalid".into()));
        let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9.".into();
        assert_eq!(outcome(&unsigned, &[NEW]).await, Err("Invalid".into()));
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(HsKeys::new(&["".into()], &terms()).is_err());
        assert!(issuer(&"x".repeat(31)).is_err());
    }
}
