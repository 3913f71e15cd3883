//! Reading around a place of a list that is shown newest first.

use igny8_integration_domain::ports::storage::{Cursor, CursorPage};

/// How many rows to ask for: one more than fit tells whether there are more.
pub fn one_more(limit: u32) -> i64 {
    i64::from(limit) + 1
}

/// The rows that were found on the way from the place, as a page. `behind` says whether the list has rows at or on the
/// other side of the place.
pub fn page_around<T>(mut rows: Vec<T>, cursor: Cursor, limit: u32, behind: bool) -> CursorPage<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let (has_newer, has_older) = match cursor {
        Cursor::NewerThan(_) => {
            rows.reverse();
            (more, behind)
        }
        Cursor::Newest | Cursor::OlderThan(_) => (behind, more),
    };
    CursorPage { items: rows, has_newer, has_older }
}
