//! Where a JWKS comes from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use async_trait::async_trait;
use igny8_integration_api::auth::{JwksFile, JwksSource};
use igny8_integration_wordpress::guard::{
    AddressPolicy, AllowedRange, HttpSites, Outbound, OutboundOptions, Reading,
};
use reqwest::header::HeaderMap;
use url::Url;

/// A set of keys is small; more than this is something else.
const MAX_BODY: usize = 64 * 1024;

/// A set that is published at an address.
struct JwksAddress {
    outbound: Outbound,
    url: Url,
}

/// A URL or the path of a file.
pub fn source(place: &str) -> anyhow::Result<Arc<dyn JwksSource>> {
    let is_url = place.starts_with("https://") || place.starts_with("http://");
    if !is_url {
        ensure!(Path::new(place).is_file(), "IGNY8_JWT_JWKS: there is no file {place}");
        return Ok(Arc::new(JwksFile(PathBuf::from(place))));
    }
    let url = Url::parse(place).context("IGNY8_JWT_JWKS")?;
    // The operator chose the address, so it may be a private one.
    let anywhere: Vec<AllowedRange> = vec!["0.0.0.0/0".parse()?, "::/0".parse()?];
    let policy = Arc::new(AddressPolicy::new(anywhere, HttpSites::Allow));
    let outbound =
        Outbound::new(policy, OutboundOptions { max_body: MAX_BODY, ..OutboundOptions::default() })?;
    Ok(Arc::new(JwksAddress { outbound, url }))
}

#[async_trait]
impl JwksSource for JwksAddress {
    async fn fetch(&self) -> anyhow::Result<Vec<u8>> {
        let followed = self.outbound.follow(Reading::Get, self.url.clone(), &HeaderMap::default()).await?;
        ensure!(followed.answer.status.is_success(), "the JWKS answered {}", followed.answer.status);
        Ok(followed.answer.body)
    }
}
