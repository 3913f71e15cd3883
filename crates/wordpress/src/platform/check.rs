//! The checks of a connection test up to the API: address, name, connection, TLS, home page, index.

use std::time::{Duration, Instant};

use igny8_integration_domain::integration::SiteUrl;
use igny8_integration_domain::ports::platform::MAINTENANCE;
use url::Url;

use super::checks::{Fault, Journal};
use super::plugin::{Plugin, look_for_plugin};
use crate::answer::{PageKind, Redactor, shorten, shown_url};
use crate::discovery::{Attempt, Discovery, HomePage, NotFound, Outcome, find_api, open_home};
use crate::guard::{HandshakeFailure, Outbound, OutboundError, Scheme, Target};
use crate::site::{SiteClient, unreachable};

/// Every check of the way to the API. One that is closed to strangers is no use but to the plugin, or to
/// somebody with a password.
pub(super) async fn reach(
    outbound: &Outbound,
    site_url: &SiteUrl,
    has_password: bool,
    journal: &mut Journal,
) -> Result<Discovery, Fault> {
    let url = site_url.url();
    let target = check_url(outbound, url, journal)?;
    check_transport(outbound, &target, journal).await?;
    let started = Instant::now();
    let home = open_home(outbound, url).await.map_err(fault_of);
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

fn check_url(outbound: &Outbound, url: &Url, journal: &mut Journal) -> Result<Target, Fault> {
    let started = Instant::now();
    let target = Target::check(url, outbound.policy())
        .map(|target| (target, "the address can be used".to_owned()))
        .map_err(|refusal| Fault::new(refusal.code(), refusal.to_string()));
    journal.record("url", started, target)
}

async fn check_transport(outbound: &Outbound, target: &Target, journal: &mut Journal) -> Result<(), Fault> {
    let started = Instant::now();
    let addresses = outbound.resolve(target).await.map_err(|error| match error {
        OutboundError::Dns => Fault::new("dns_failed", format!("the name {} does not resolve", target.host)),
        error => fault_of(error),
    });
    let addresses = addresses.map(|found| {
        let detail = match found.len() {
            1 => "one address".to_owned(),
            several => format!("{several} addresses"),
        };
        (found, detail)
    });
    let addresses = journal.record("dns", started, addresses)?;

    let started = Instant::now();
    let stream = outbound.connect(&addresses).await.map_err(|error| on_port(fault_of(error), target));
    let stream = stream.map(|stream| (stream, format!("connected to port {}", target.port)));
    let stream = journal.record("tcp", started, stream)?;

    let started = Instant::now();
    let agreed = match target.scheme {
        Scheme::Http => Ok("plain http, nothing to check"),
        Scheme::Https => {
            outbound.handshake(target, stream).await.map_err(|failure| fault_of_tls(failure, target))
        }
    };
    journal.record("tls", started, agreed.map(|agreed| ((), agreed.to_owned())))
}

fn on_port(fault: Fault, target: &Target) -> Fault {
    Fault { seen: format!("{} (port {})", fault.seen, target.port), ..fault }
}

fn fault_of_tls(failure: HandshakeFailure, target: &Target) -> Fault {
    let fault = fault_of(failure.error);
    match failure.evidence {
        Some(evidence) => Fault { seen: shorten(&format!("{}: {evidence}", fault.seen)), ..fault },
        None => on_port(fault, target),
    }
}

/// A home page in maintenance says little about the API; one that leads to another site says enough.
fn judge_home(home: HomePage, asked: &Url) -> Result<(HomePage, String), Fault> {
    if let Some(elsewhere) = home.moved_to(asked) {
        let to = shown_url(elsewhere);
        return Err(Fault::new("redirected", format!("the site redirects to {to}")));
    }
    let detail = format!("the home page answers with status {}", home.status);
    Ok((home, detail))
}

/// Says where the API is, if it is of any use.
async fn open_to_us(outbound: &Outbound, found: &Discovery, has_password: bool) -> Result<String, Fault> {
    if let Some(error) = &found.closed
        && !has_password
    {
        let stranger = SiteClient::anonymous(outbound.clone(), found.root.clone());
        if !matches!(look_for_plugin(&stranger).await, Ok(Plugin::Present { .. })) {
            let said = Redactor::default().plain(&error.message);
            let seen = format!("the REST API is switched off for strangers ({}): {said}", error.code);
            return Err(Fault::new("rest_disabled", shorten(&seen)));
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

pub(super) fn fault_of(error: OutboundError) -> Fault {
    unreachable(error, 0).into()
}

/// Of all the places that were tried, the answer that tells most.
pub(super) fn judge_absence(nothing: &NotFound, home: &HomePage) -> Fault {
    let ranked = nothing.attempts.iter().map(|attempt| (rank(&attempt.outcome), attempt));
    let Some((_, telling)) = ranked.min_by_key(|(rank, _)| *rank) else {
        return Fault::new("not_wordpress", "no REST API was found");
    };
    fault_of_attempt(telling, home)
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

fn fault_of_attempt(attempt: &Attempt, home: &HomePage) -> Fault {
    let path = shown_route(&attempt.url);
    let title = attempt.marks.quoted_title();
    match &attempt.outcome {
        Outcome::ServerPassword => Fault::new(
            "site_password",
            format!("the web server asks for a password at {path}, before WordPress answers"),
        ),
        Outcome::Page { kind: PageKind::Firewall, status } => {
            let who = attempt.marks.firewall.unwrap_or("a firewall");
            Fault::new("firewall", format!("{who} answers {path} with status {status}{title}"))
        }
        Outcome::Page { kind: PageKind::Maintenance, status } => {
            let wait = attempt.retry_after.map(|wait| format!(", and asks to wait {}", minutes(wait)));
            let seen = format!("the site is in maintenance: {path} answers with status {status}");
            Fault::new(MAINTENANCE, seen + &wait.unwrap_or_default())
        }
        Outcome::Page { kind: PageKind::Login, .. } => {
            Fault::new("login_page", format!("{path} answers with a log-in page{title}"))
        }
        Outcome::Page { kind: PageKind::Broken, status } => {
            Fault::new("site_error", format!("{path} fails with a PHP error (status {status}){title}"))
        }
        Outcome::Page { status: status @ 500.., .. } => {
            Fault::new("site_error", format!("{path} fails with status {status}{title}"))
        }
        Outcome::Failed(error) => fault_of(*error),
        Outcome::Elsewhere(to) => {
            Fault::new("redirected", format!("the site's API is said to be at {}", shown_url(to)))
        }
        Outcome::Page { status, kind: PageKind::Other } if home.looks_like_wordpress => Fault::new(
            "rest_disabled",
            format!(
                "this is a WordPress site, but its REST API is switched off ({path} answers {status}){title}"
            ),
        ),
        Outcome::Page { status: 200..300, .. } => {
            Fault::new("html_page", format!("{path} answers with a web page instead of JSON{title}"))
        }
        Outcome::Page { status, .. } => {
            Fault::new("not_wordpress", format!("no REST API was found ({path} answers {status}){title}"))
        }
    }
}

/// The place on its host; of a query the route alone.
fn shown_route(url: &Url) -> String {
    let plain = url.query_pairs().any(|(name, _)| name == "rest_route");
    if plain { format!("{}?rest_route=/", url.path()) } else { url.path().to_owned() }
}

fn minutes(wait: Duration) -> String {
    match wait.as_secs() {
        seconds @ 0..120 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds / 60),
    }
}
