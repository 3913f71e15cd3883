//! Walking a listing that changes while it is walked.
//!
//! WordPress pages by position, so a post that is deleted meanwhile makes the next page begin one row too far.
//! Rows come by id, and each window begins one row before the last one that was seen: where that row (or an
//! older one) is missing, rows have moved up, and the walk steps back until it meets one that it knows.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::reading::{Gathered, ids_of, is_list, read_rows};
use super::row::Row;
use super::structure::Taxonomy;
use crate::site::{Failure, FailureKind, Reply, SiteClient};
use igny8_integration_domain::ports::platform::UnreadableItem;
use igny8_integration_domain::time::Timestamp;

/// Sizes to try, each when a site could not serve the one before.
const PAGE_SIZES: [u64; 4] = [100, 50, 20, 5];

/// The size that a site can serve, learnt as the session goes.
#[derive(Default)]
pub(super) struct PageSize(AtomicUsize);

impl PageSize {
    pub fn get(&self) -> u64 {
        PAGE_SIZES.get(self.0.load(Ordering::Relaxed)).copied().unwrap_or(5)
    }

    /// Takes the next smaller size; false where there is none.
    fn shrink_from(&self, size: u64) -> bool {
        let next = PAGE_SIZES.iter().position(|known| *known < size);
        if let Some(next) = next {
            self.0.fetch_max(next, Ordering::Relaxed);
        }
        next.is_some()
    }
}

/// How far a walk has come: the position of the next row, and the last id that was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    pub offset: u64,
    pub last_id: u64,
}

impl Cursor {
    pub fn encode(self) -> String {
        format!("{}:{}", self.offset, self.last_id)
    }

    pub fn decode(text: &str) -> Result<Self, Failure> {
        let bad =
            || Failure::new(FailureKind::Protocol, "invalid_cursor", "the cursor is not one of a listing");
        let (offset, last_id) = text.split_once(':').ok_or_else(bad)?;
        let number = |text: &str| text.parse().map_err(|_| bad());
        Ok(Self { offset: number(offset)?, last_id: number(last_id)? })
    }
}

/// A page that was walked.
pub(super) struct Walked {
    pub rows: Vec<Row>,
    pub unreadable: Vec<UnreadableItem>,
    pub total: Option<u64>,
    pub server_time: Option<Timestamp>,
    pub next: Option<Cursor>,
}

/// What is walked.
pub(super) struct Walk<'w> {
    pub site: &'w SiteClient,
    pub route: &'w str,
    /// Everything but where the window lies.
    pub query: Vec<(&'w str, String)>,
    pub taxonomies: &'w [Taxonomy],
    pub page_size: &'w PageSize,
}

impl Walk<'_> {
    /// The rows after the cursor.
    pub async fn page(&self, cursor: Cursor) -> Result<Walked, Failure> {
        let start = cursor.offset.saturating_sub(1);
        let (ahead, size) = self.window(start).await?;
        let mut gathered = Gathered::default();
        let mut known = start == 0 || ids_of(&ahead).iter().any(|id| *id <= cursor.last_id);
        let mut back = start;
        while !known {
            back = back.saturating_sub(self.page_size.get());
            let (behind, _) = self.window(back).await?;
            known = back == 0 || ids_of(&behind).iter().any(|id| *id <= cursor.last_id);
            let (rows, unreadable) = read_rows(&behind, self.taxonomies);
            gathered.add(rows, unreadable, cursor.last_id);
        }
        let (rows, unreadable) = read_rows(&ahead, self.taxonomies);
        gathered.add(rows, unreadable, cursor.last_id);
        let end = start + size;
        let more = match ahead.total() {
            Some(total) => end < total,
            None => !ids_of(&ahead).is_empty(),
        };
        let last_id = gathered.last_id().unwrap_or(cursor.last_id).max(cursor.last_id);
        let (rows, unreadable) = gathered.into_parts();
        Ok(Walked {
            rows,
            unreadable,
            total: ahead.total(),
            server_time: ahead.server_time(),
            next: more.then_some(Cursor { offset: end, last_id }),
        })
    }

    /// One window, in the largest size that the site can serve.
    async fn window(&self, offset: u64) -> Result<(Reply, u64), Failure> {
        loop {
            let size = self.page_size.get();
            let mut query = self.query.clone();
            query.extend([
                ("orderby", "id".to_owned()),
                ("order", "asc".to_owned()),
                ("per_page", size.to_string()),
                ("offset", offset.to_string()),
            ]);
            let result = self
                .site
                .read(self.route, query)
                .await
                .and_then(|reply| if is_list(&reply.value) { Ok(reply) } else { Err(no_list()) });
            match result {
                Ok(reply) => return Ok((reply, size)),
                Err(failure) if failure.too_heavy && self.page_size.shrink_from(size) => {}
                Err(failure) => return Err(failure),
            }
        }
    }
}

fn no_list() -> Failure {
    Failure::new(FailureKind::Protocol, "unexpected_answer", "the site answers a listing with something else")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let cursor = Cursor { offset: 100, last_id: 1_234 };
        assert_eq!(Cursor::decode(&cursor.encode()).unwrap(), cursor);
        assert!(Cursor::decode("x").is_err() && Cursor::decode("1:").is_err());
    }

    #[test]
    fn sizes_only_shrink_and_end() {
        let size = PageSize::default();
        assert_eq!(size.get(), 100);
        assert!(size.shrink_from(100));
        assert_eq!(size.get(), 50);
        assert!(size.shrink_from(20));
        assert_eq!(size.get(), 5);
        assert!(!size.shrink_from(5));
        assert_eq!(size.get(), 5);
    }
}
