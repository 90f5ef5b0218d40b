//! Which part of a list is wanted, and what comes back.

/// The number of items on a page when the caller names none (contract 1.5).
const DEFAULT_LIMIT: u32 = 100;

/// A page of a list: `limit` items, `number` counts from 1.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    limit: u32,
    number: u32,
}

impl Page {
    /// Zero means the default limit, and the first page (contract 1.5).
    pub fn new(limit: u32, number: u32) -> Page {
        Page { limit: if limit == 0 { DEFAULT_LIMIT } else { limit }, number: number.max(1) }
    }

    pub fn limit(self) -> i64 {
        self.limit.into()
    }

    pub fn offset(self) -> i64 {
        i64::from(self.number - 1) * i64::from(self.limit)
    }

    /// How many there are on all pages, if the items of this one tell: those of the last page do.
    pub fn total(self, items: usize) -> Option<i64> {
        let items = i64::try_from(items).ok()?;
        let is_last = items < self.limit() && (items > 0 || self.offset() == 0);
        is_last.then(|| self.offset() + items)
    }
}

/// One page of a list, and how many there are on all pages.
#[derive(Debug)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub total: i64,
}

impl<T> Listed<T> {
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Listed<U> {
        Listed { items: self.items.into_iter().map(change).collect(), total: self.total }
    }
}
