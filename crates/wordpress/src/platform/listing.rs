//! Walking a listing that changes while it is walked.
//!
//! WordPress pages by position, so a post that is deleted meanwhile makes the next page begin one row too far.
//! Rows come by id, and each window begins one row before the last one that was seen: where that row (or an
//! older one) is missing, rows have moved up, and the walk steps back until it meets one that it knows.

use super::reading::Gathered;
use super::row::Row;
use super::structure::Taxonomy;
use super::window::{PageSize, Window};
use crate::site::{Failure, FailureKind, SiteClient};
use igny8_integration_domain::ports::platform::UnreadableItem;
use igny8_integration_domain::time::Timestamp;

/// Windows in a row that may show nothing before a walk ends.
const EMPTY_WINDOWS: u32 = 20;

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
    /// The first window from `start` on that shows a row above `last_id`. Rows that the user may not read are counted
    /// and not shown, so a window without one need not be the end; but a site whose total is invented, or that shows
    /// the same rows again and again, must not be asked for ever.
    async fn first_shown(&self, start: u64, last_id: u64) -> Result<(u64, Window), Failure> {
        let mut start = start;
        let mut window = self.window(start).await?;
        for _ in 0..EMPTY_WINDOWS {
            let end = start + window.size;
            if window.shows_above(last_id) || window.total.is_none_or(|total| end >= total) {
                break;
            }
            start = end;
            window = self.window(start).await?;
        }
        Ok((start, window))
    }

    /// The rows after the cursor.
    pub async fn page(&self, cursor: Cursor) -> Result<Walked, Failure> {
        let start = cursor.offset.saturating_sub(1);
        let (start, ahead) = self.first_shown(start, cursor.last_id).await?;
        let mut gathered = Gathered::default();
        let is_end = !ahead.shows_above(cursor.last_id);
        let mut known = start == 0 || is_end || ahead.ids.iter().any(|id| *id <= cursor.last_id);
        let mut back = start;
        while !known {
            back = back.saturating_sub(self.page_size.get());
            let behind = self.window(back).await?;
            known = back == 0 || behind.ids.iter().any(|id| *id <= cursor.last_id);
            gathered.add(behind.rows, behind.unreadable, cursor.last_id);
        }
        let (end, total, server_time) = (start + ahead.size, ahead.total, ahead.server_time);
        let more = !is_end && total.is_none_or(|total| end < total);
        gathered.add(ahead.rows, ahead.unreadable, cursor.last_id);
        let last_id = gathered.last_id().unwrap_or(cursor.last_id).max(cursor.last_id);
        let (rows, unreadable) = gathered.into_parts();
        let next = more.then_some(Cursor { offset: end, last_id });
        Ok(Walked { rows, unreadable, total, server_time, next })
    }
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
}
