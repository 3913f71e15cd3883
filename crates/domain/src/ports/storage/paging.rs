//! Two ways to read a long list.

/// A numbered page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// From 1.
    pub page: u32,
    /// 1 to 100.
    pub page_size: u32,
}

impl PageRequest {
    /// How many rows come before it.
    pub fn offset(self) -> i64 {
        i64::from(self.page.saturating_sub(1)) * i64::from(self.page_size)
    }
}

/// A numbered page's rows and how many there are in all.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Rows in all pages.
    pub count: i64,
}

/// A place in a list that is read newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// The newest.
    Newest,
    /// Those older than this id.
    OlderThan(i64),
    /// Those newer than this id, the ones nearest to it.
    NewerThan(i64),
}

/// Rows around a place, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct CursorPage<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Whether there are newer ones.
    pub has_newer: bool,
    /// Whether there are older ones.
    pub has_older: bool,
}
