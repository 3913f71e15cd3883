//! The checks of a connection test up to the API: address, name, connection, TLS, home page, index.

use std::time::Instant;

use igny8_integration_domain::integration::SiteUrl;
use igny8_integration_domain::ports::platform::MAINTENANCE;
use url::Url;

use super::checks::{Finding, Journal};
use super::plugin::{Plugin, look_for_plugin};
use crate::answer::{PageKind, Redactor, shorten, shown_url};
use crate::discovery::{Attempt, Discovery, HomePage, NotFound, Outcome, find_api, open_home};
use crate::guard::{Outbound, OutboundError, Scheme, Target};
use crate::site::{SiteClient, unreachable};

/// Every check of the way to the API. One that is closed to strangers is no use but to the plugin, or to
/// somebody with a password.
pub(super) async fn reach(
    outbound: &Outbound,
    site_url: &SiteUrl,
    has_password: bool,
    journal: &mut Journal,
) -> Result<Discovery, Finding> {
    let url = site_url.url();
    let target = check_url(outbound, url, journal)?;
    check_transport(outbound, &target, journal).await?;
    let started = Instant::now();
    let home = open_home(outbound, url).await.map_err(finding_of);
    let home = home.and_then(|home| judge_home(home, url));
    let home = journal.record("http", started, home)?;
    journal.platform_version.clone_from(&home.wordpress_version);
    let started = Instant::now();
    let found = find_api(outbound, url, &home).await;
    let found = match found {
        Ok(found) => open_to_us(outbound, &found, has_password).await.map(|detail| (found, detail)),
        Err(nothing) => Err(judge_absence(&nothing, &home)),
    };
    let found = journal.record("rest_api", started, found)?;
    journal.latency = Some(found.took);
    Ok(found)
}

fn check_url(outbound: &Outbound, url: &Url, journal: &mut Journal) -> Result<Target, Finding> {
    let started = Instant::now();
    let target = Target::check(url, outbound.policy())
        .map(|target| (target, "the address can be used".to_owned()))
        .map_err(|refusal| Finding::new(refusal.code(), refusal.to_string()));
    journal.record("url", started, target)
}

async fn check_transport(outbound: &Outbound, target: &Target, journal: &mut Journal) -> Result<(), Finding> {
    let started = Instant::now();
    let addresses = outbound.resolve(target).await.map_err(finding_of);
    let addresses = addresses.map(|found| {
        let detail = match found.len() {
            1 => "one address".to_owned(),
            several => format!("{several} addresses"),
        };
        (found, detail)
    });
    let addresses = journal.record("dns", started, addresses)?;

    let started = Instant::now();
    let stream = outbound.connect(&addresses).await.map_err(finding_of);
    let stream = stream.map(|stream| (stream, format!("connected to port {}", target.port)));
    let stream = journal.record("tcp", started, stream)?;

    let started = Instant::now();
    let agreed = match target.scheme {
        Scheme::Http => Ok("plain http, nothing to check"),
        Scheme::Https => outbound.handshake(target, stream).await.map_err(finding_of),
    };
    journal.record("tls", started, agreed.map(|agreed| ((), agreed.to_owned())))
}

/// A home page in maintenance says little about the API; one that leads to another site says enough.
fn judge_home(home: HomePage, asked: &Url) -> Result<(HomePage, String), Finding> {
    if let Some(elsewhere) = home.moved_to(asked) {
        let to = shown_url(elsewhere);
        return Err(Finding::new("redirected", format!("the site redirects to {to}")));
    }
    let detail = format!("the home page answers with status {}", home.status);
    Ok((home, detail))
}

/// Says where the API is, if it is of any use.
async fn open_to_us(outbound: &Outbound, found: &Discovery, has_password: bool) -> Result<String, Finding> {
    if let Some(error) = &found.closed
        && !has_password
    {
        let stranger = SiteClient::anonymous(outbound.clone(), found.root.clone());
        if !matches!(look_for_plugin(&stranger).await, Ok(Plugin::Present { .. })) {
            let said = Redactor::default().plain(&error.message);
            let seen = format!("the REST API is switched off for strangers ({}): {said}", error.code);
            return Err(Finding::new("rest_disabled", shorten(&seen)));
        }
    }
    Ok(describe(found))
}

fn describe(found: &Discovery) -> String {
    let place = if found.root.is_plain() {
        "found through rest_route (the site has plain permalinks)"
    } else {
        "found at its usual address"
    };
    match &found.closed {
        Some(error) => format!("{place}, closed to strangers ({})", error.code),
        None => place.to_owned(),
    }
}

pub(super) fn finding_of(error: OutboundError) -> Finding {
    unreachable(error, 0).into()
}

/// Of all the places that were tried, the answer that tells most.
pub(super) fn judge_absence(nothing: &NotFound, home: &HomePage) -> Finding {
    let ranked = nothing.attempts.iter().map(|attempt| (rank(&attempt.outcome), attempt));
    let Some((_, telling)) = ranked.min_by_key(|(rank, _)| *rank) else {
        return Finding::new("not_wordpress", "no REST API was found");
    };
    finding_of_attempt(telling, home)
}

fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::ServerPassword => 0,
        Outcome::Page { kind: PageKind::Firewall, .. } => 1,
        Outcome::Page { kind: PageKind::Maintenance, .. } => 2,
        Outcome::Page { kind: PageKind::Login, .. } => 3,
        Outcome::Page { kind: PageKind::Broken, .. } | Outcome::Page { status: 500.., .. } => 4,
        Outcome::Failed(_) => 5,
        Outcome::Elsewhere(_) => 6,
        Outcome::Page { status: 200..300, .. } => 7,
        Outcome::Page { .. } => 8,
    }
}

fn finding_of_attempt(attempt: &Attempt, home: &HomePage) -> Finding {
    let path = attempt.url.path();
    match &attempt.outcome {
        Outcome::ServerPassword => {
            Finding::new("site_password", "the web server asks for a password before WordPress answers")
        }
        Outcome::Page { kind: PageKind::Firewall, status } => {
            Finding::new("firewall", format!("a firewall answers {path} with status {status}"))
        }
        Outcome::Page { kind: PageKind::Maintenance, status } => {
            Finding::new(MAINTENANCE, format!("the site is in maintenance (status {status})"))
        }
        Outcome::Page { kind: PageKind::Login, .. } => {
            Finding::new("login_page", format!("{path} answers with a log-in page"))
        }
        Outcome::Page { kind: PageKind::Broken, status } => {
            Finding::new("site_error", format!("{path} fails with a PHP error (status {status})"))
        }
        Outcome::Page { status: status @ 500.., .. } => {
            Finding::new("site_error", format!("{path} fails with status {status}"))
        }
        Outcome::Failed(error) => finding_of(*error),
        Outcome::Elsewhere(to) => {
            let host = to.host_str().unwrap_or("another host");
            Finding::new("redirected", format!("the site's API is said to be on {host}"))
        }
        Outcome::Page { status, kind: PageKind::Other } if home.looks_like_wordpress => {
            let seen = format!(
                "this is a WordPress site, but its REST API is switched off ({path} answers {status})"
            );
            Finding::new("rest_disabled", seen)
        }
        Outcome::Page { status: 200..300, .. } => {
            Finding::new("html_page", format!("{path} answers with a web page instead of JSON"))
        }
        Outcome::Page { status, .. } => {
            Finding::new("not_wordpress", format!("no REST API was found ({path} answers {status})"))
        }
    }
}
