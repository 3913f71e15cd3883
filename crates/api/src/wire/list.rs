//! Lists: numbered pages, and pages around a cursor. `next` and `previous` are whole addresses with every filter.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use igny8_integration_domain::ports::storage::{Cursor, CursorPage, Page, PageRequest};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::field::Refusal;
use super::query::{Parameters, Query};
use crate::openapi::parameter::QueryParameter;
use crate::problem::Problem;

/// Where a list is, and how it was asked for.
#[derive(Clone, Debug, Default)]
pub struct ListAddress {
    /// Absolute, without the query.
    pub url: String,
    pub query: Query,
}

impl ListAddress {
    /// The same list at another place.
    fn at(&self, name: &str, value: &str) -> String {
        let kept = self.query.pairs().filter(|(kept, _)| *kept != name);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair(name, value)
            .finish();
        format!("{}?{query}", self.url)
    }
}

/// A numbered page.
#[derive(Debug, Serialize)]
pub struct PageResponse<T> {
    count: i64,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<T>,
}

impl<T> PageResponse<T> {
    /// The page that was asked for; one past the end is no page.
    pub fn new<R>(
        address: &ListAddress,
        asked: PageRequest,
        page: Page<R>,
        show: impl FnMut(R) -> T,
    ) -> Result<Self, Problem> {
        if page.items.is_empty() && asked.page > 1 {
            return Err(Problem::not_found());
        }
        let shown = i64::try_from(page.items.len()).unwrap_or(i64::MAX);
        let has_next = asked.offset().saturating_add(shown) < page.count;
        let numbered = |number: u32| address.at("page", &number.to_string());
        Ok(Self {
            count: page.count,
            next: has_next.then(|| numbered(asked.page.saturating_add(1))),
            previous: (asked.page > 1).then(|| numbered(asked.page - 1)),
            results: page.items.into_iter().map(show).collect(),
        })
    }
}

/// What a cursor belongs to: a list by its path, narrowed by the parameters of these names.
#[derive(Clone, Copy)]
pub struct CursorList<'l> {
    pub path: &'l str,
    pub filters: &'l [QueryParameter],
}

/// Where in a list, and how much of it.
#[derive(Clone, Copy, Debug)]
pub struct CursorRequest {
    pub cursor: Cursor,
    pub limit: u32,
}

impl CursorList<'_> {
    pub fn read(&self, query: &Query, parameters: &Parameters<'_>) -> CursorRequest {
        let open = |text: &str| {
            self.open(query, text).ok_or_else(|| Refusal::invalid("is not a cursor of this list"))
        };
        let cursor = parameters.parsed("cursor", open).unwrap_or(Cursor::Newest);
        CursorRequest { cursor, limit: parameters.page_size() }
    }

    /// Opaque to clients: direction, id and what binds the two to this list and its filters. A forged one could show
    /// no more than the list itself, so the seal needs no secret.
    fn seal(&self, query: &Query, direction: u8, id: i64) -> String {
        let mut bytes = vec![direction];
        bytes.extend_from_slice(&id.to_be_bytes());
        let digest = self.digest(query, &bytes);
        bytes.extend_from_slice(&digest);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(&self, query: &Query, text: &str) -> Option<Cursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (place, digest) = bytes.split_at_checked(9)?;
        let (direction, id) = place.split_first()?;
        let id = i64::from_be_bytes(id.try_into().ok()?);
        if digest != self.digest(query, place) {
            return None;
        }
        match *direction {
            OLDER => Some(Cursor::OlderThan(id)),
            NEWER => Some(Cursor::NewerThan(id)),
            _ => None,
        }
    }

    fn digest(&self, query: &Query, place: &[u8]) -> [u8; 8] {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update(bytes.len().to_be_bytes());
            hash.update(bytes);
        };
        part(place);
        part(self.path.as_bytes());
        for (name, value) in
            query.pairs().filter(|(name, _)| self.filters.iter().any(|filter| filter.name == *name))
        {
            part(name.as_bytes());
            part(value.as_bytes());
        }
        let mut digest = [0; 8];
        digest.copy_from_slice(hash.finalize().get(..8).unwrap_or(&[0; 8]));
        digest
    }
}

const OLDER: u8 = b'o';
const NEWER: u8 = b'n';

/// A page around a cursor, newest first.
#[derive(Debug, Serialize)]
pub struct CursorResponse<T> {
    next: Option<String>,
    previous: Option<String>,
    results: Vec<T>,
}

impl<T> CursorResponse<T> {
    pub fn new<R>(
        list: CursorList<'_>,
        address: &ListAddress,
        page: CursorPage<R>,
        id: impl Fn(&R) -> i64,
        show: impl FnMut(R) -> T,
    ) -> Self {
        let at = |direction, id| address.at("cursor", &list.seal(&address.query, direction, id));
        let oldest = page.items.last().map(&id).filter(|_| page.has_older);
        let newest = page.items.first().map(&id).filter(|_| page.has_newer);
        Self {
            next: oldest.map(|id| at(OLDER, id)),
            previous: newest.map(|id| at(NEWER, id)),
            results: page.items.into_iter().map(show).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::parameter::{Kind, query};

    fn address(query: &str) -> ListAddress {
        ListAddress { url: "https://api.example/list/".into(), query: Query::of(query) }
    }

    fn page(query: &str, items: Vec<i32>, count: i64) -> Result<PageResponse<i32>, Problem> {
        let address = address(query);
        let asked = address.query.read(|query| Some(query.page())).unwrap();
        PageResponse::new(&address, asked, Page { items, count }, |item| item)
    }

    #[test]
    fn other_pages_keep_every_filter() {
        let page = page("search=a%26b&page=2&page_size=2", vec![3, 4], 5).unwrap();
        assert_eq!(page.next.unwrap(), "https://api.example/list/?page_size=2&search=a%26b&page=3");
        assert_eq!(page.previous.unwrap(), "https://api.example/list/?page_size=2&search=a%26b&page=1");
    }

    #[test]
    fn a_page_past_the_end_is_not_found_but_the_first_may_be_empty() {
        assert!(page("page=2", vec![], 25).is_err());
        let first = page("", vec![], 0).unwrap();
        assert_eq!((first.next, first.previous), (None, None));
    }

    const EVENTS: CursorList<'_> =
        CursorList { path: "integrations/1/events/", filters: &[query("action", Kind::Text)] };

    fn cursor(list: CursorList<'_>, query: &str) -> Result<Cursor, ()> {
        let query = Query::of(query);
        query.read(|parameters| Some(list.read(&query, parameters).cursor)).map_err(drop)
    }

    /// The `cursor` of the next page.
    fn next(query: &str) -> String {
        let page = CursorPage { items: vec![9, 8], has_newer: false, has_older: true };
        let response = CursorResponse::new(EVENTS, &address(query), page, |id| *id, |id| id);
        assert_eq!(response.previous, None);
        let url = url::Url::parse(&response.next.unwrap()).unwrap();
        url.query_pairs().find(|(name, _)| name == "cursor").unwrap().1.into_owned()
    }

    #[test]
    fn a_cursor_leads_on_from_the_last_row() {
        let next = next("action=pulled&page_size=2");
        assert_eq!(
            cursor(EVENTS, &format!("action=pulled&page_size=9&cursor={next}")),
            Ok(Cursor::OlderThan(8))
        );
    }

    #[test]
    fn a_cursor_of_another_list_or_filter_is_refused() {
        let next = next("action=pulled");
        let other = CursorList { path: "integrations/2/events/", ..EVENTS };
        assert_eq!(cursor(other, &format!("action=pulled&cursor={next}")), Err(()));
        assert_eq!(cursor(EVENTS, &format!("action=pushed&cursor={next}")), Err(()));
        assert_eq!(cursor(EVENTS, &format!("cursor={next}")), Err(()));
    }

    #[rstest::rstest]
    #[case("AAAA")]
    #[case("")]
    #[case("-5")]
    #[case("%00")]
    #[case("AAAAAAAAAAAAAAAAAAAAAAA")]
    fn nonsense_is_no_cursor(#[case] text: &str) {
        assert_eq!(cursor(EVENTS, &format!("cursor={text}")), Err(()));
    }
}
