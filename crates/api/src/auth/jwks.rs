//! Keys that somebody else publishes (RFC 7517): fetched, kept for a while, fetched again when a token names one that
//! is not known.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, ensure};
use async_trait::async_trait;
use chrono::TimeDelta;
use igny8_integration_domain::id::UserId;
use igny8_integration_domain::ports::Clock;
use igny8_integration_domain::time::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use tokio::sync::Mutex;

use super::token::{TokenError, TokenTerms, check_any};

/// How long fetched keys are taken as they are.
const FRESH: TimeDelta = TimeDelta::minutes(10);
/// How long they serve while newer ones can't be had.
const USABLE: TimeDelta = TimeDelta::hours(1);
/// The least time between two fetches; a token can name any key it likes.
const PAUSE: TimeDelta = TimeDelta::seconds(60);
/// The same where nothing is known yet.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
const MAX_KEYS: usize = 64;
const MAX_BYTES: usize = 64 * 1024;

/// Where the set is published. An address is fetched by whoever owns the guarded client.
#[async_trait]
pub trait JwksSource: Send + Sync {
    /// The JSON text of the set, bounded in size and time. Safe to repeat.
    async fn fetch(&self) -> anyhow::Result<Vec<u8>>;
}

/// A set in a file, read again like any other.
pub struct JwksFile(pub PathBuf);

#[async_trait]
impl JwksSource for JwksFile {
    async fn fetch(&self) -> anyhow::Result<Vec<u8>> {
        let name = self.0.display();
        tokio::fs::read(&self.0).await.with_context(|| format!("reading the JWKS file {name}"))
    }
}

struct RemoteKey {
    id: Option<String>,
    key: DecodingKey,
    validation: Validation,
}

struct KeySet {
    keys: Vec<RemoteKey>,
    fetched_at: Timestamp,
}

impl KeySet {
    fn is_younger(&self, than: TimeDelta, now: Timestamp) -> bool {
        now - self.fetched_at < than
    }

    /// The keys that a token could be signed with: the one it names, or where it names none, all.
    fn candidates<'k>(&'k self, id: Option<&'k str>) -> impl Iterator<Item = &'k RemoteKey> {
        self.keys.iter().filter(move |key| id.is_none() || key.id.as_deref() == id)
    }
}

/// Published keys, cached.
pub struct RemoteKeys {
    source: Arc<dyn JwksSource>,
    terms: TokenTerms,
    clock: Arc<dyn Clock>,
    current: RwLock<Option<Arc<KeySet>>>,
    /// When a fetch was last tried; held while one is under way.
    tried_at: Mutex<Option<Timestamp>>,
}

impl RemoteKeys {
    pub fn new(source: Arc<dyn JwksSource>, terms: TokenTerms, clock: Arc<dyn Clock>) -> Self {
        Self { source, terms, clock, current: RwLock::default(), tried_at: Mutex::default() }
    }

    pub(super) async fn check(&self, token: &str, id: Option<&str>) -> Result<UserId, TokenError> {
        let mut set = self.fresh().await?;
        if set.candidates(id).next().is_none() {
            set = self.newer_than(&set).await;
        }
        check_any(token, set.candidates(id).map(|key| (&key.key, &key.validation)))
    }

    fn cached(&self) -> Option<Arc<KeySet>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn fresh(&self) -> Result<Arc<KeySet>, TokenError> {
        let now = self.clock.now();
        let cached = self.cached();
        if let Some(set) = cached.as_ref().filter(|set| set.is_younger(FRESH, now)) {
            return Ok(Arc::clone(set));
        }
        let fetched = self.refresh(cached.as_ref()).await;
        let usable = cached.filter(|set| set.is_younger(USABLE, now));
        fetched.or_else(|error| usable.ok_or(TokenError::KeysUnavailable(error)))
    }

    /// A newer set where one can be had now, else the same.
    async fn newer_than(&self, set: &Arc<KeySet>) -> Arc<KeySet> {
        self.refresh(Some(set)).await.unwrap_or_else(|_| Arc::clone(set))
    }

    /// Fetches the set, one caller for all that wait, and not too often. Failing is logged once for each try.
    async fn refresh(&self, seen: Option<&Arc<KeySet>>) -> anyhow::Result<Arc<KeySet>> {
        let mut tried_at = self.tried_at.lock().await;
        if let Some(set) = self.cached().filter(|set| seen.is_none_or(|seen| !Arc::ptr_eq(seen, set))) {
            return Ok(set);
        }
        let now = self.clock.now();
        let pause = if seen.is_some() { PAUSE } else { FIRST_PAUSE };
        ensure!(tried_at.is_none_or(|at| now - at >= pause), "the last try was less than a moment ago");
        *tried_at = Some(now);
        let set = self.fetch(now).await.inspect_err(|error| {
            tracing::warn!(error = format!("{error:#}"), "the token keys could not be fetched");
        })?;
        let set = Arc::new(set);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&set));
        Ok(set)
    }

    async fn fetch(&self, now: Timestamp) -> anyhow::Result<KeySet> {
        let text = self.source.fetch().await?;
        ensure!(text.len() <= MAX_BYTES, "the JWKS has more than {MAX_BYTES} bytes");
        let set: JwkSet = serde_json::from_slice(&text).context("the JWKS is not a set of keys")?;
        let keys: Vec<RemoteKey> = set.keys.iter().filter_map(|jwk| self.key(jwk)).take(MAX_KEYS).collect();
        ensure!(!keys.is_empty(), "the JWKS has no key for RS256, ES256 or EdDSA signatures");
        Ok(KeySet { keys, fetched_at: now })
    }

    fn key(&self, jwk: &Jwk) -> Option<RemoteKey> {
        let algorithm = algorithm(jwk)?;
        let key = DecodingKey::from_jwk(jwk).ok()?;
        Some(RemoteKey { id: jwk.common.key_id.clone(), key, validation: self.terms.validation(algorithm) })
    }
}

/// The one algorithm that a key is for; none for keys of other uses and kinds. A shared secret has no business in a
/// published set.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    jwk.common.key_algorithm.is_none_or(|given| given == named).then_some(algorithm)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
    use serde_json::{Value, json};

    use super::*;

    const RSA: &[u8] = include_bytes!("testdata/rsa.pem");
    const EC: &[u8] = include_bytes!("testdata/ec.pem");
    const ED: &[u8] = include_bytes!("testdata/ed25519.pem");

    struct TestClock(StdMutex<Timestamp>);

    impl Clock for TestClock {
        fn now(&self) -> Timestamp {
            *self.0.lock().unwrap()
        }
    }

    struct Published {
        answer: StdMutex<Option<Value>>,
        fetches: AtomicUsize,
    }

    #[async_trait]
    impl JwksSource for Published {
        async fn fetch(&self) -> anyhow::Result<Vec<u8>> {
            self.fetches.fetch_add(1, Ordering::SeqCst);
            let answer = self.answer.lock().unwrap().clone();
            answer.map(|answer| answer.to_string().into_bytes()).context("the publisher is away")
        }
    }

    struct World {
        published: Arc<Published>,
        clock: Arc<TestClock>,
        keys: RemoteKeys,
    }

    impl World {
        fn new(keys: &[Value]) -> Self {
            let published = Arc::new(Published {
                answer: StdMutex::new(Some(json!({"keys": keys}))),
                fetches: AtomicUsize::new(0),
            });
            let clock = Arc::new(TestClock(StdMutex::new(Timestamp::UNIX_EPOCH)));
            let terms = TokenTerms { issuer: "igny8".into(), audience: "igny8-integration".into() };
            let keys = RemoteKeys::new(published.clone(), terms, clock.clone());
            Self { published, clock, keys }
        }

        fn publish(&self, keys: Option<&[Value]>) {
            *self.published.answer.lock().unwrap() = keys.map(|keys| json!({"keys": keys}));
        }

        fn pass(&self, time: TimeDelta) {
            *self.clock.0.lock().unwrap() += time;
        }

        fn fetches(&self) -> usize {
            self.published.fetches.load(Ordering::SeqCst)
        }

        async fn check(&self, token: &str, id: Option<&str>) -> Result<i64, String> {
            let outcome = self.keys.check(token, id).await;
            outcome.map(UserId::get).map_err(|error| match error {
                TokenError::KeysUnavailable(_) => "unavailable".to_owned(),
                error => format!("{error:?}"),
            })
        }
    }

    fn key(algorithm: Algorithm) -> EncodingKey {
        match algorithm {
            Algorithm::RS256 => EncodingKey::from_rsa_pem(RSA),
            Algorithm::ES256 => EncodingKey::from_ec_pem(EC),
            _ => EncodingKey::from_ed_pem(ED),
        }
        .unwrap()
    }

    fn jwk(algorithm: Algorithm, id: &str) -> Value {
        let mut jwk = json!(Jwk::from_encoding_key(&key(algorithm), algorithm).unwrap());
        jwk["kid"] = id.into();
        jwk["use"] = "sig".into();
        jwk
    }

    fn token(algorithm: Algorithm) -> String {
        let claims = json!({"sub": "42", "iss": "igny8", "aud": ["x", "igny8-integration"], "exp": get_current_timestamp() + 60});
        encode(&Header::new(algorithm), &claims, &key(algorithm)).unwrap()
    }

    #[rstest::rstest]
    #[case(Algorithm::RS256)]
    #[case(Algorithm::ES256)]
    #[case(Algorithm::EdDSA)]
    #[tokio::test]
    async fn a_token_of_a_published_key_names_its_person(#[case] algorithm: Algorithm) {
        let odd = json!({"kty": "quantum", "kid": "q"});
        let world = World::new(&[odd, jwk(algorithm, "a")]);
        assert_eq!(world.check(&token(algorithm), Some("a")).await, Ok(42));
        assert_eq!(world.check(&token(algorithm), None).await, Ok(42));
        assert_eq!(world.fetches(), 1);
    }

    #[tokio::test]
    async fn a_key_opens_only_its_own_algorithm() {
        let world = World::new(&[jwk(Algorithm::RS256, "a")]);
        let public = jwk(Algorithm::RS256, "a")["n"].as_str().unwrap().to_owned();
        let forged = encode(
            &Header::new(Algorithm::HS256),
            &json!({"sub": "42", "iss": "igny8", "aud": "igny8-integration", "exp": get_current_timestamp() + 60}),
            &EncodingKey::from_secret(public.as_bytes()),
        )
        .unwrap();
        assert_eq!(world.check(&forged, Some("a")).await, Err("Invalid".into()));
        assert_eq!(world.check(&token(Algorithm::EdDSA), Some("a")).await, Err("Invalid".into()));
    }

    #[rstest::rstest]
    #[case::for_encryption("use", json!("enc"))]
    #[case::other_algorithm("alg", json!("RS512"))]
    #[tokio::test]
    async fn keys_of_another_use_are_ignored(#[case] member: &str, #[case] value: Value) {
        let mut other = jwk(Algorithm::RS256, "a");
        other[member] = value;
        let world = World::new(&[other, jwk(Algorithm::EdDSA, "b")]);
        assert_eq!(world.check(&token(Algorithm::RS256), Some("a")).await, Err("Invalid".into()));
    }

    #[tokio::test]
    async fn an_unknown_key_is_asked_for_once_a_minute() {
        let world = World::new(&[jwk(Algorithm::RS256, "a")]);
        assert_eq!(world.check(&token(Algorithm::RS256), Some("a")).await, Ok(42));
        world.publish(Some(&[jwk(Algorithm::RS256, "a"), jwk(Algorithm::EdDSA, "b")]));
        assert_eq!(world.check(&token(Algorithm::EdDSA), Some("b")).await, Err("Invalid".into()));
        world.pass(PAUSE);
        assert_eq!(world.check(&token(Algorithm::EdDSA), Some("b")).await, Ok(42));
        for _ in 0..5 {
            assert_eq!(world.check(&token(Algorithm::EdDSA), Some("c")).await, Err("Invalid".into()));
        }
        assert_eq!(world.fetches(), 2);
    }

    #[tokio::test]
    async fn old_keys_serve_for_an_hour_while_the_publisher_is_away() {
        let world = World::new(&[jwk(Algorithm::RS256, "a")]);
        assert_eq!(world.check(&token(Algorithm::RS256), Some("a")).await, Ok(42));
        world.publish(None);
        world.pass(TimeDelta::minutes(59));
        assert_eq!(world.check(&token(Algorithm::RS256), Some("a")).await, Ok(42));
        world.pass(TimeDelta::minutes(2));
        assert_eq!(world.check(&token(Algorithm::RS256), Some("a")).await, Err("unavailable".into()));
        world.publish(Some(&[jwk(Algorithm::RS256, "a")]));
        world.pass(PAUSE);
        assert_eq!(world.check(&token(Algorithm::RS256), Some("a")).await, Ok(42));
    }

    #[tokio::test]
    async fn many_at_once_fetch_once() {
        let world = World::new(&[jwk(Algorithm::EdDSA, "a")]);
        let token = token(Algorithm::EdDSA);
        let checks = (0..20).map(|_| world.check(&token, Some("a")));
        let outcomes = futures_util::future::join_all(checks).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Ok(42)));
        assert_eq!(world.fetches(), 1);
    }
}
