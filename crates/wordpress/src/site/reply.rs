//! A good answer of a site's API.

use igny8_integration_domain::time::Timestamp;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::answer::{Noise, date_of};

#[derive(Clone, Debug)]
pub struct Reply {
    pub value: Value,
    pub headers: HeaderMap,
    pub noise: Option<Noise>,
}

/// More posts than any site has; several of them add up to a number that still can be written down.
const MAX_TOTAL: u64 = u32::MAX as u64;

impl Reply {
    /// How many rows the site counts in all pages (`X-WP-Total`).
    pub fn total(&self) -> Option<u64> {
        let total: u64 = self.headers.get("x-wp-total")?.to_str().ok()?.trim().parse().ok()?;
        // What a site invents is added up like what it counts.
        Some(total.min(MAX_TOTAL))
    }

    /// The site's own clock.
    pub fn server_time(&self) -> Option<Timestamp> {
        date_of(&self.headers)
    }

    /// The rows of a listing. An object where a list should be is no listing.
    pub fn rows(&self) -> Option<&[Value]> {
        self.value.as_array().map(Vec::as_slice)
    }
}
