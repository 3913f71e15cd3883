//! The search itself: the home page, then each place in turn until an index answers.

use std::time::Duration;

use igny8_integration_domain::time::Timestamp;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use url::Url;

use super::candidates::{on_the_answering_host, same_site, usual_places};
use super::index::SiteIndex;
use super::links::{from_header, from_html, looks_like_wordpress, version_of};
use super::root::{FIELDS, FRESH, RestRoot};
use crate::answer::{Marks, Noise, PageKind, WpError, date_of, page_kind, parse, retry_after};
use crate::guard::{Answer, Followed, Lost, Outbound, OutboundError, Reading};

const INDEX_FIELDS: &str = "namespaces,authentication,name,url,home";

/// The site's front door, opened without credentials.
#[derive(Clone, Debug)]
pub struct HomePage {
    pub status: u16,
    /// Where the redirects ended.
    pub url: Url,
    pub took: Duration,
    pub looks_like_wordpress: bool,
    pub wordpress_version: Option<String>,
    hints: Vec<Url>,
}

impl HomePage {
    /// One that was never reached.
    fn elsewhere(url: Url) -> Self {
        Self {
            status: 302,
            url,
            took: Duration::ZERO,
            looks_like_wordpress: false,
            wordpress_version: None,
            hints: Vec::new(),
        }
    }

    /// Where the site sends its visitors, when that is another site.
    pub fn moved_to(&self, asked: &Url) -> Option<&Url> {
        (!same_site(asked, &self.url)).then_some(&self.url)
    }
}

/// What one place answered.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A page, or JSON that is no index.
    Page {
        status: u16,
        kind: PageKind,
    },
    /// The web server itself asks for a password, before WordPress does.
    ServerPassword,
    /// It leads to another site.
    Elsewhere(Url),
    Failed(OutboundError),
}

/// A place that was tried in vain.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub url: Url,
    pub outcome: Outcome,
    /// How long the site asks to be left alone.
    pub retry_after: Option<Duration>,
    /// What the page shows of who made it.
    pub marks: Marks,
}

impl Attempt {
    /// Why there was no answer at all, where there was none.
    pub fn failure(&self) -> Option<OutboundError> {
        match self.outcome {
            Outcome::Failed(error) => Some(error),
            _ => None,
        }
    }
}

/// A site's API.
#[derive(Clone, Debug)]
pub struct Discovery {
    pub root: RestRoot,
    /// What the index says; nothing where it is closed to strangers.
    pub index: Option<SiteIndex>,
    /// The API is there, but says this to who is not signed in.
    pub closed: Option<WpError>,
    pub took: Duration,
    /// What stood around the index.
    pub noise: Option<Noise>,
    /// The site's own clock.
    pub server_time: Option<Timestamp>,
}

/// No place answered as an API does; every one that was tried, in order.
#[derive(Clone, Debug)]
pub struct NotFound {
    pub attempts: Vec<Attempt>,
}

/// Opens the home page, following redirects.
pub async fn open_home(outbound: &Outbound, site: &Url) -> Result<HomePage, OutboundError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("text/html,application/xhtml+xml,*/*;q=0.8"));
    let answer = match outbound.walk(Reading::Get, site.clone(), &headers).await {
        Ok(Followed { answer, .. }) => answer,
        Err(lost) if leads_elsewhere(site, &lost) => return Ok(HomePage::elsewhere(lost.at)),
        Err(lost) => return Err(lost.error),
    };
    // On a network a page that does not exist names the main site's API.
    let hints = if answer.status.as_u16() == 404 {
        Vec::new()
    } else {
        let hints = [from_header(&answer.headers, &answer.url), from_html(&answer.body, &answer.url)];
        hints.into_iter().flatten().map(|hint| on_the_answering_host(hint, &answer.url)).collect()
    };
    Ok(HomePage {
        status: answer.status.as_u16(),
        took: answer.took,
        looks_like_wordpress: looks_like_wordpress(&answer.body, &answer.headers),
        wordpress_version: version_of(&answer.body),
        url: answer.url,
        hints,
    })
}

/// A site that sends its visitors to another one has moved, whether or not that one answers. What may not be called
/// reads alike all the same.
fn leads_elsewhere(site: &Url, lost: &Lost) -> bool {
    !same_site(site, &lost.at) && !matches!(lost.error, OutboundError::Refused(_))
}

/// Looks for the API: where the home page says, then in the usual places on the host that answered.
pub async fn find_api(outbound: &Outbound, site: &Url, home: &HomePage) -> Result<Discovery, NotFound> {
    let mut places = home.hints.clone();
    places.extend(usual_places(&on_host_of(site, &home.url)));
    let mut attempts: Vec<Attempt> = Vec::new();
    for place in places {
        if attempts.iter().any(|attempt| attempt.url == place) {
            continue;
        }
        let attempt = if same_site(&home.url, &place) {
            match try_place(outbound, &place).await {
                Ok(found) => return Ok(found),
                Err(attempt) => attempt,
            }
        } else {
            let outcome = Outcome::Elsewhere(place.clone());
            Attempt { outcome, url: place, retry_after: None, marks: Marks::default() }
        };
        // A host that cannot be reached, or lets us wait, does so at every other place too.
        let hopeless = matches!(
            &attempt.outcome,
            Outcome::Failed(error) if error.nothing_was_sent() || matches!(error, OutboundError::Timeout(_))
        );
        attempts.push(attempt);
        if hopeless {
            break;
        }
    }
    Err(NotFound { attempts })
}

/// The path that was asked for on the host that answered: a home page that sends strangers to a log-in form
/// does not move the site there.
fn on_host_of(site: &Url, answered: &Url) -> Url {
    let mut home = answered.clone();
    home.set_path(site.path());
    home.set_query(None);
    home
}

async fn try_place(outbound: &Outbound, place: &Url) -> Result<Discovery, Attempt> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let mut url = place.clone();
    url.query_pairs_mut()
        .append_pair(FIELDS, INDEX_FIELDS)
        .append_pair(FRESH, &format!("{:x}", rand::random::<u32>()));
    let in_vain = |outcome, retry_after, marks| Attempt { url: place.clone(), outcome, retry_after, marks };
    let followed = outbound.follow(Reading::Get, url, &headers).await;
    let answer = followed.map_err(|error| in_vain(Outcome::Failed(error), None, Marks::default()))?.answer;
    judge_place(place, &answer).map_err(|outcome| {
        in_vain(outcome, retry_after(&answer.headers), Marks::of(&answer.headers, &answer.body))
    })
}

fn judge_place(place: &Url, answer: &Answer) -> Result<Discovery, Outcome> {
    if !same_site(place, &answer.url) {
        return Err(Outcome::Elsewhere(answer.url.clone()));
    }
    let parsed = parse(&answer.body).map_err(|_| page(answer))?;
    let index = SiteIndex::read(&parsed.value);
    let error = if index.is_none() { WpError::read(&parsed.value) } else { None };
    let status = answer.status.as_u16();
    if error.as_ref().is_some_and(|error| error.tells_maintenance(status)) {
        return Err(Outcome::Page { status, kind: PageKind::Maintenance });
    }
    let closed = error.filter(|error| closes(answer, error));
    if index.is_none() && closed.is_none() {
        return Err(page(answer));
    }
    Ok(Discovery {
        root: RestRoot::of_index(&answer.url),
        index,
        closed,
        took: answer.took,
        noise: parsed.noise,
        server_time: date_of(&answer.headers),
    })
}

/// A refusal in WordPress's own words means that the API is there. A 503 in JSON is an update under way, and
/// other software answers in JSON too.
fn closes(answer: &Answer, error: &WpError) -> bool {
    let status = answer.status.as_u16();
    matches!(status, 401 | 403)
        || (status < 500 && !answer.status.is_success() && error.code.starts_with("rest_"))
}

fn page(answer: &Answer) -> Outcome {
    let status = answer.status.as_u16();
    if status == 401 && answer.headers.contains_key(WWW_AUTHENTICATE) {
        return Outcome::ServerPassword;
    }
    Outcome::Page { status, kind: page_kind(status, &answer.body) }
}
