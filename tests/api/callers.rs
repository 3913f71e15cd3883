use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rstest::rstest;
use serde_json::{Value, json};

use super::made;
use crate::harness::{Backend, Client, JWT_SECRET, Service};

/// A service whose secret the tests know.
async fn service(backend: Backend) -> anyhow::Result<Service> {
    Service::on(backend).env("IGNY8_JWT_SECRETS", JWT_SECRET).start().await
}

fn claims(user: i64, expires_in: i64) -> Value {
    #[expect(clippy::disallowed_methods, reason = "a token is judged by the service's own clock")]
    let now = chrono::Utc::now().timestamp();
    json!({
        "sub": user.to_string(),
        "iss": "igny8",
        "aud": "igny8-integration",
        "exp": now + expires_in,
    })
}

fn signed(claims: &Value, algorithm: Algorithm, secret: &str) -> anyhow::Result<String> {
    Ok(encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes()))?)
}

#[rstest]
#[tokio::test]
async fn a_token_that_the_app_signed_is_taken(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = service(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let token = signed(&claims(tenant.user_id, 600), Algorithm::HS256, JWT_SECRET)?;
    service.anonymous()?.bearer(&token).get("integrations/").await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn nobody_is_let_in_without_credentials() -> anyhow::Result<()> {
    let service = service(Backend::Sqlite).await?;
    let answer = service.anonymous()?.get("integrations/").await?;
    answer.problem(401, "not_authenticated")?;
    assert_eq!(answer.header("www-authenticate")?, "Bearer");
    Ok(())
}

#[tokio::test]
async fn a_token_that_does_not_hold_is_refused() -> anyhow::Result<()> {
    let service = service(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let good = claims(tenant.user_id, 600);
    let with = |field: &str, value: Value| {
        let mut claims = good.clone();
        claims[field] = value;
        claims
    };
    let tokens = [
        ("garbage", "garbage".to_owned(), "not_authenticated"),
        (
            "other secret",
            signed(&good, Algorithm::HS256, "another-secret-of-thirty-two-bytes-0")?,
            "not_authenticated",
        ),
        ("other algorithm", signed(&good, Algorithm::HS512, JWT_SECRET)?, "not_authenticated"),
        (
            "other audience",
            signed(&with("aud", "x".into()), Algorithm::HS256, JWT_SECRET)?,
            "not_authenticated",
        ),
        (
            "other issuer",
            signed(&with("iss", "x".into()), Algorithm::HS256, JWT_SECRET)?,
            "not_authenticated",
        ),
        ("nobody", signed(&with("sub", "999".into()), Algorithm::HS256, JWT_SECRET)?, "not_authenticated"),
        ("expired", signed(&claims(tenant.user_id, -600), Algorithm::HS256, JWT_SECRET)?, "token_expired"),
    ];
    for (what, token, code) in tokens {
        let answer = service.anonymous()?.bearer(&token).get("integrations/").await?;
        answer.problem(401, code).map_err(|error| error.context(what))?;
        let challenge = answer.header("www-authenticate")?;
        assert!(challenge.contains("error=\"invalid_token\""), "{what}: {challenge}");
    }
    Ok(())
}

#[rstest]
#[tokio::test]
async fn who_is_switched_off_is_inactive(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = service(backend).await?;
    let one = service.bootstrap("one", "https://one.example")?;
    service.run(&["user", "set", &one.user_id.to_string(), "--active", "false", "--json"])?.json()?;
    one.owner.get("integrations/").await?.problem(403, "inactive")?;

    let two = service.bootstrap("two", "https://two.example")?;
    service.run(&["account", "set", &two.account_id.to_string(), "--active", "false", "--json"])?.json()?;
    two.owner.get("integrations/").await?.problem(403, "inactive")?;
    two.plugin.get("integrations/1/sync_status/").await?.problem(403, "inactive")?;
    Ok(())
}

#[tokio::test]
async fn a_viewer_reads_and_an_editor_changes() -> anyhow::Result<()> {
    let service = service(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let id = made(&tenant).await?.body["id"].clone();
    let viewer = service.member(&tenant, "viewer@acme.example", "viewer")?;
    let editor = service.member(&tenant, "editor@acme.example", "editor")?;
    viewer.get(&format!("integrations/{id}/sync_status/")).await?.expect(200)?;
    viewer.get(&format!("integrations/{id}/")).await?.problem(403, "insufficient_role")?;
    viewer.get("content/").await?.expect(200)?;
    viewer.delete(&format!("integrations/{id}/")).await?.problem(403, "insufficient_role")?;
    editor.get(&format!("integrations/{id}/")).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn an_editor_reaches_the_sites_it_is_a_member_of() -> anyhow::Result<()> {
    let service = service(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let other = service.bootstrap("acme", "https://other.example")?;
    let theirs = made(&other).await?.body["id"].clone();
    let editor = service.member(&tenant, "editor@acme.example", "editor")?;
    editor.get(&format!("integrations/{theirs}/")).await?.problem(404, "not_found")?;
    assert_eq!(editor.get("integrations/").await?.expect(200)?["count"], 0);
    other.owner.get(&format!("integrations/{theirs}/")).await?.expect(200)?;
    Ok(())
}

const EC_KEY: &[u8] = include_bytes!("../../crates/api/src/auth/testdata/ec.pem");

#[tokio::test]
async fn with_published_keys_alone_shared_secrets_are_off() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let key = EncodingKey::from_ec_pem(EC_KEY)?;
    let mut published = Jwk::from_encoding_key(&key, Algorithm::ES256)?;
    published.common.key_id = Some("2026-11".to_owned());
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, serde_json::to_vec(&JwkSet { keys: vec![published] })?)?;
    let service =
        Service::on(Backend::Sqlite).env("IGNY8_JWT_JWKS", &file.display().to_string()).start().await?;

    let made = service.run(&[
        "bootstrap",
        "--account",
        "acme",
        "--email",
        "ada@acme.example",
        "--site-url",
        "https://acme.example",
        "--json",
    ])?;
    let made = made.json()?;
    assert_eq!(made["token"], Value::Null, "the app issues tokens");
    let user = made["user_id"].to_string();
    assert!(service.run(&["token", "issue", "--user", &user])?.failure()?.contains("HS256 is off"));

    let claims = claims(made["user_id"].as_i64().unwrap_or_default(), 600);
    let header = Header { kid: Some("2026-11".to_owned()), ..Header::new(Algorithm::ES256) };
    let token = encode(&header, &claims, &key)?;
    service.anonymous()?.bearer(&token).get("integrations/").await?.expect(200)?;
    let shared = signed(&claims, Algorithm::HS256, JWT_SECRET)?;
    service.anonymous()?.bearer(&shared).get("integrations/").await?.problem(401, "not_authenticated")?;
    Ok(())
}

async fn status_with_key(client: &Client, header: &str, key: &str, id: &Value) -> anyhow::Result<u16> {
    let path = format!("integrations/{id}/sync_status/");
    let request = client.request(reqwest::Method::GET, &path).header(header, key);
    Ok(request.send().await?.status().as_u16())
}

#[rstest]
#[tokio::test]
async fn a_plugin_reaches_its_own_sites_integration_alone(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) -> anyhow::Result<()> {
    let service = service(backend).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let id = made(&tenant).await?.body["id"].clone();
    let anonymous = service.anonymous()?;
    let bearer = format!("Bearer {}", tenant.api_key);
    assert_eq!(status_with_key(&anonymous, "authorization", &bearer, &id).await?, 200);
    assert_eq!(status_with_key(&anonymous, "x-igny8-api-key", &tenant.api_key, &id).await?, 200);
    assert_eq!(status_with_key(&anonymous, "x-igny8-api-key", "no-such-key-0123", &id).await?, 401);

    tenant.plugin.get("integrations/").await?.problem(403, "not_for_this_caller")?;
    tenant.plugin.get(&format!("integrations/{id}/")).await?.problem(403, "not_for_this_caller")?;
    let other = service.bootstrap("other", "https://other.example")?;
    other.plugin.get(&format!("integrations/{id}/sync_status/")).await?.problem(404, "not_found")?;
    Ok(())
}

#[tokio::test]
async fn a_rotated_key_holds_for_a_day_unless_it_is_ended_at_once() -> anyhow::Result<()> {
    let service = service(Backend::Sqlite).await?;
    let tenant = service.bootstrap("acme", "https://acme.example")?;
    let id = made(&tenant).await?.body["id"].clone();
    let anonymous = service.anonymous()?;
    let site = tenant.site_id.to_string();
    let status = async |key: &str| status_with_key(&anonymous, "x-igny8-api-key", key, &id).await;

    let rotated = service.run(&["site", "rotate-key", &site, "--json"])?.json()?;
    let second = rotated["api_key"].as_str().unwrap_or_default().to_owned();
    assert_eq!((status(&tenant.api_key).await?, status(&second).await?), (200, 200));

    let rotated = service.run(&["site", "rotate-key", &site, "--now", "--json"])?.json()?;
    let third = rotated["api_key"].as_str().unwrap_or_default();
    assert_eq!(status(third).await?, 200);
    // Who calls is looked up again after 5 s at most.
    let deadline = Instant::now() + Duration::from_secs(7);
    for old in [&tenant.api_key, &second] {
        while status(old).await? != 401 {
            assert!(Instant::now() < deadline, "the old key still opens the site");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}
