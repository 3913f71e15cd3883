//! One window of a listing: in the largest size that the site can serve, and where not even the smallest page
//! comes through, row by row, so that a post that breaks its page costs only itself.

use std::sync::atomic::{AtomicUsize, Ordering};

use igny8_integration_domain::ports::platform::UnreadableItem;
use igny8_integration_domain::time::Timestamp;

use super::listing::Walk;
use super::reading::{ids_of, is_list, read_rows};
use super::row::{Row, read_row};
use crate::discovery::FIELDS;
use crate::site::{Failure, FailureKind, Reply};

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

    /// It was one post and not the size: the largest is tried again.
    fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// What a window shows.
pub(super) struct Window {
    pub rows: Vec<Row>,
    pub unreadable: Vec<UnreadableItem>,
    /// Every id in it, whatever else its rows hold.
    pub ids: Vec<u64>,
    pub total: Option<u64>,
    pub server_time: Option<Timestamp>,
    /// How many rows were asked for.
    pub size: u64,
}

impl Window {
    /// Whether it shows a row above an id.
    pub(super) fn shows_above(&self, id: u64) -> bool {
        self.ids.iter().any(|shown| *shown > id)
    }
}

/// A post that was asked for by itself.
enum Single {
    Read(Box<Row>),
    Unreadable(UnreadableItem),
    Gone,
}

impl Walk<'_> {
    /// The rows from `offset` on.
    pub(super) async fn window(&self, offset: u64) -> Result<Window, Failure> {
        loop {
            let size = self.page_size.get();
            match self.ask(offset, size, None).await {
                Ok(reply) => return Ok(self.whole(&reply, size)),
                Err(failure) if failure.too_heavy && self.page_size.shrink_from(size) => {}
                Err(failure) if failure.too_heavy => {
                    let window = self.row_by_row(offset, size, failure).await?;
                    if !window.unreadable.is_empty() {
                        self.page_size.reset();
                    }
                    return Ok(window);
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Asks for a page; `fields` in place of those of the walk.
    async fn ask(&self, offset: u64, size: u64, fields: Option<&str>) -> Result<Reply, Failure> {
        let mut query = self.query.clone();
        if let (Some(fields), Some((_, asked))) = (fields, query.iter_mut().find(|(name, _)| *name == FIELDS))
        {
            fields.clone_into(asked);
        }
        query.extend([
            ("orderby", "id".to_owned()),
            ("order", "asc".to_owned()),
            ("per_page", size.to_string()),
            ("offset", offset.to_string()),
        ]);
        let reply = self.site.read(self.route, query).await?;
        if is_list(&reply.value) { Ok(reply) } else { Err(no_list()) }
    }

    fn whole(&self, reply: &Reply, size: u64) -> Window {
        let (rows, unreadable) = read_rows(reply, self.taxonomies);
        Window { rows, unreadable, ..Self::named(reply, size) }
    }

    /// A window of which nothing but the ids is known yet.
    fn named(reply: &Reply, size: u64) -> Window {
        Window {
            rows: Vec::new(),
            unreadable: Vec::new(),
            ids: ids_of(reply),
            total: reply.total(),
            server_time: reply.server_time(),
            size,
        }
    }

    /// Names the posts of a page that does not come through, and asks for each by itself. Where the site cannot
    /// even name them, or serves not one of a full page, it is the site that is in trouble and no post.
    async fn row_by_row(&self, offset: u64, size: u64, failure: Failure) -> Result<Window, Failure> {
        let Ok(named) = self.ask(offset, size, Some("id")).await else { return Err(failure) };
        let mut window = Self::named(&named, size);
        let mut gone = 0;
        for id in &window.ids {
            match self.single(*id).await? {
                Single::Read(row) => window.rows.push(*row),
                Single::Unreadable(item) => window.unreadable.push(item),
                Single::Gone => gone += 1,
            }
        }
        let whole_page = window.ids.len() as u64 >= size;
        if whole_page && window.rows.is_empty() && gone == 0 { Err(failure) } else { Ok(window) }
    }

    async fn single(&self, id: u64) -> Result<Single, Failure> {
        let query = self.query.iter().filter(|(name, _)| *name == "context" || *name == FIELDS);
        let unreadable = |code: &str, reason: String| {
            Single::Unreadable(UnreadableItem {
                external_id: Some(id.to_string()),
                code: code.to_owned(),
                reason,
            })
        };
        match self.site.read(&format!("{}/{id}", self.route), query.cloned().collect()).await {
            Ok(reply) => Ok(match read_row(&reply.value, self.taxonomies) {
                Ok(row) => Single::Read(Box::new(row.read_at(reply.server_time()))),
                Err(item) => unreadable(&item.code, item.reason),
            }),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(Single::Gone),
            Err(failure) if failure.too_heavy || failure.kind == FailureKind::Forbidden => {
                Ok(unreadable(failure.code, failure.message()))
            }
            Err(failure) => Err(failure),
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
    fn sizes_shrink_to_an_end_and_begin_anew() {
        let size = PageSize::default();
        assert_eq!(size.get(), 100);
        assert!(size.shrink_from(100));
        assert_eq!(size.get(), 50);
        assert!(size.shrink_from(20));
        assert_eq!(size.get(), 5);
        assert!(!size.shrink_from(5));
        assert_eq!(size.get(), 5);
        size.reset();
        assert_eq!(size.get(), 100);
    }
}
