//! From an answer to what the caller can do about it.

use igny8_integration_domain::ports::platform::MAINTENANCE;

use super::failure::{Failure, FailureKind as Kind};
use super::reply::Reply;
use crate::answer::{PageKind, Redactor, WpError, page_kind, parse, retry_after, shown_url};
use crate::guard::{Answer, OutboundError, Refusal, redirect_of};

/// Errors that mean "the credentials are no good", whatever status they come with: some plugins answer 500.
const REFUSED_CREDENTIALS: [&str; 8] = [
    "igny8_invalid_api_key",
    "incorrect_password",
    "invalid_username",
    "invalid_email",
    "too_many_retries",
    "rest_not_logged_in",
    "application_passwords_disabled",
    "application_passwords_disabled_for_user",
];

/// What was sent, as far as the judgement needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub write: bool,
    pub bytes: usize,
}

impl Sent {
    /// Sizes are worth a word where they may be the reason.
    fn size_note(self) -> String {
        if self.bytes > 64 * 1024 {
            format!(" (the request had {} KiB)", self.bytes / 1024)
        } else {
            String::new()
        }
    }
}

/// Judges a complete answer.
pub(super) fn judge(answer: &Answer, sent: Sent, redactor: &Redactor) -> Result<Reply, Failure> {
    let status = answer.status.as_u16();
    let parsed = parse(&answer.body);
    let mut failure = match parsed {
        Ok(parsed) if answer.status.is_success() => {
            return Ok(Reply { value: parsed.value, headers: answer.headers.clone(), noise: parsed.noise });
        }
        Ok(parsed) => match WpError::read(&parsed.value) {
            Some(error) => said(of_wp_error(status, &error, sent), error, redactor),
            None => of_page(status, PageKind::Other, sent),
        },
        Err(_) if answer.status.is_redirection() => redirected(answer),
        Err(_) => of_page(status, page_kind(status, &answer.body), sent),
    };
    failure.status = Some(status);
    failure.retry_after = retry_after(&answer.headers);
    if failure.retry_after.is_some() && matches!(status, 403 | 429) {
        failure.kind = Kind::RateLimited;
        failure.code = "rate_limited";
    }
    Err(failure)
}

fn said(mut failure: Failure, error: WpError, redactor: &Redactor) -> Failure {
    failure.said = redactor.plain(&error.message);
    failure.wp = Some(Box::new(error));
    failure
}

/// An error in WordPress's own words.
fn of_wp_error(status: u16, error: &WpError, sent: Sent) -> Failure {
    let code = error.code.as_str();
    match code {
        "igny8_invalid_api_key" => {
            return Failure::new(Kind::Unauthorized, "invalid_api_key", "the site refuses the API key");
        }
        "igny8_connection_disabled" => {
            return Failure::new(
                Kind::Unauthorized,
                "connection_disabled",
                "the connection is switched off on the site",
            );
        }
        "igny8_no_user" => {
            return Failure::new(
                Kind::Unauthorized,
                "plugin_user_missing",
                "the user that the plugin acts as is gone",
            );
        }
        "igny8_version_mismatch" => {
            return Failure::new(
                Kind::Conflict,
                "version_mismatch",
                "the post was changed on the site meanwhile",
            );
        }
        "igny8_post_locked" => {
            return Failure::new(Kind::Locked, "post_locked", "somebody is editing the post");
        }
        "db_insert_error" | "db_update_error" => {
            let what = "the site's database cannot store this content";
            return Failure::new(Kind::Rejected, "database_cannot_store", what);
        }
        _ => {}
    }
    if error.tells_maintenance(status) {
        return Failure::new(Kind::Unavailable, MAINTENANCE, "the site is in maintenance");
    }
    if status == 401 || REFUSED_CREDENTIALS.contains(&code) {
        return Failure::new(Kind::Unauthorized, "invalid_credentials", "the site refuses the credentials");
    }
    match status {
        403 => Failure::new(
            Kind::Forbidden,
            "missing_capability",
            "the connected user is not allowed to do this",
        ),
        404 if code.ends_with("_invalid_id") || code == "rest_term_invalid" => {
            Failure::new(Kind::NotFound, "not_found", "the site has no such post")
        }
        404 => Failure::new(Kind::Protocol, "route_missing", "the site's API lacks a route that is needed"),
        501 => Failure::new(Kind::Rejected, "not_supported", "the site does not support this"),
        _ => of_status(status, sent),
    }
}

/// A page, or JSON that is nobody's error.
fn of_page(status: u16, kind: PageKind, sent: Sent) -> Failure {
    let read = |code, what: &str| {
        let kind = if sent.write { Kind::Uncertain } else { Kind::Protocol };
        Failure::new(kind, code, what)
    };
    match kind {
        PageKind::Login => read("login_page", "the site answers with its log-in page"),
        PageKind::Maintenance => Failure::new(Kind::Unavailable, MAINTENANCE, "the site is in maintenance"),
        PageKind::Broken => {
            let mut failure = Failure::new(Kind::Uncertain, "site_error", "the site failed with a PHP error");
            failure.too_heavy = true;
            failure
        }
        PageKind::Firewall if status == 429 => of_status(status, sent),
        // A firewall that lets reads through objects to what is in this one write.
        PageKind::Firewall if sent.write && status >= 400 => {
            let what = format!("a firewall of the site refuses this content{}", sent.size_note());
            Failure::new(Kind::Rejected, "firewall", what)
        }
        PageKind::Firewall => Failure::new(
            Kind::Unavailable,
            "firewall",
            "a firewall in front of the site refuses our requests",
        ),
        PageKind::Other if (200..300).contains(&status) => {
            let mut failure = read("html_page", "the site answers with something that is not JSON");
            failure.too_heavy = !sent.write;
            failure
        }
        PageKind::Other if matches!(status, 401 | 403) => {
            let what = "the web server refuses our requests before WordPress sees them";
            Failure::new(if sent.write { Kind::Rejected } else { Kind::Unavailable }, "firewall", what)
        }
        PageKind::Other if status == 404 => read("route_missing", "the site's API is not where it was"),
        PageKind::Other => of_status(status, sent),
    }
}

/// What the status alone tells.
fn of_status(status: u16, sent: Sent) -> Failure {
    match status {
        413 => {
            let what = format!("the site takes no request of this size{}", sent.size_note());
            Failure::new(Kind::Rejected, "too_large", what)
        }
        429 => Failure::new(Kind::RateLimited, "rate_limited", "the site asks for fewer requests"),
        405 => Failure::new(Kind::Rejected, "method_blocked", "the web server blocks this kind of request"),
        408 | 425 | 500 | 502 | 504 | 520..=530 => {
            let what = format!("the site failed with status {status}{}", sent.size_note());
            let mut failure = Failure::new(Kind::Uncertain, "site_error", what);
            failure.too_heavy = true;
            failure
        }
        503 => Failure::new(Kind::Unavailable, MAINTENANCE, "the site is in maintenance"),
        400..500 => {
            Failure::new(Kind::Rejected, "rejected", format!("the site refuses this with status {status}"))
        }
        _ => Failure::new(
            Kind::Protocol,
            "unexpected_status",
            format!("the site answers with status {status}"),
        ),
    }
}

fn redirected(answer: &Answer) -> Failure {
    let to = redirect_of(answer).map(|to| shown_url(&to));
    let what = format!("the site's API has moved to {}", to.as_deref().unwrap_or("another address"));
    Failure::new(Kind::Protocol, "redirected", what)
}

/// No answer. What is uncertain after a write was never sent again.
pub(crate) fn unreachable(error: OutboundError, sent_bytes: usize) -> Failure {
    use OutboundError as Out;
    let size = Sent { write: false, bytes: sent_bytes }.size_note();
    let (kind, code) = match error {
        Out::Refused(refusal) => (Kind::Protocol, Refusal::code(refusal)),
        Out::Dns => (Kind::Unavailable, "dns_failed"),
        Out::Connect(failure) => (Kind::Unavailable, failure.code()),
        Out::Tls(failure) => (Kind::Unavailable, failure.code()),
        Out::Timeout(_) if error.nothing_was_sent() => (Kind::Unavailable, "timeout"),
        Out::Timeout(_) => (Kind::Uncertain, "timeout"),
        Out::Interrupted => (Kind::Uncertain, "connection_broken"),
        Out::TooLarge => (Kind::Uncertain, "answer_too_large"),
        Out::TooManyRedirects => (Kind::Protocol, "redirect_loop"),
        Out::Invalid => (Kind::Protocol, "invalid_request"),
    };
    let mut failure = Failure::new(kind, code, format!("{error}{size}"));
    failure.too_heavy = kind == Kind::Uncertain;
    failure
}

#[cfg(test)]
mod tests;
