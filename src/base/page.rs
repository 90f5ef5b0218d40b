//! Pages of lists: which one is requested, and what is returned.

use crate::base::error::Result;

/// The number of items on a page when the caller names none (registry.md 1.5).
const DEFAULT_LIMIT: u32 = 100;

/// A page of a list: up to `limit` items; `number` counts from 1.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    limit: u32,
    number: u32,
}

impl Page {
    /// Returns a page; 0 means the default limit, and the first page (registry.md 1.5).
    pub fn new(limit: u32, number: u32) -> Page {
        Page { limit: if limit == 0 { DEFAULT_LIMIT } else { limit }, number: number.max(1) }
    }

    pub fn limit(self) -> i64 {
        self.limit.into()
    }

    pub fn offset(self) -> i64 {
        i64::from(self.number - 1) * i64::from(self.limit)
    }

    /// Returns the page to go on with if only the first `fit` items of this one, at least 1, can be shown. As many are shown as the next
    /// page is long, so it begins where this one ends, and so does every page after it.
    pub fn after_only(self, fit: usize) -> Page {
        let offset = self.offset();
        let fits = |items: &i64| usize::try_from(*items).is_ok_and(|items| items <= fit);
        let items = match offset {
            // Powers of two can be halved again if a later page ends early too.
            0 => (0..63).map(|power| 1 << power).take_while(fits).last(),
            _ => (1..=offset).take_while(fits).filter(|items| offset % items == 0).last(),
        };
        let items = items.unwrap_or(1);
        Page { limit: u32::try_from(items).unwrap_or(1), number: u32::try_from(offset / items + 2).unwrap_or(u32::MAX) }
    }

    /// Returns the next page, or `None` if this one reaches the end of all `total` items.
    pub fn after(self, total: i64) -> Option<Page> {
        let next = Page { number: self.number.checked_add(1)?, ..self };
        (next.offset() < total).then_some(next)
    }

    /// Returns the parameters of its address: `limit` and `page`.
    pub fn parameters(self) -> [(&'static str, u32); 2] {
        [("limit", self.limit), ("page", self.number)]
    }

    /// Returns the number of items on all pages, if this one tells: the last page does.
    pub fn total(self, items: usize) -> Option<i64> {
        let items = i64::try_from(items).ok()?;
        let is_last = items < self.limit() && (items > 0 || self.offset() == 0);
        is_last.then(|| self.offset() + items)
    }
}

/// The beginning of the warning on a page that ended early.
pub const ENDS_EARLY: &str = "this page ends after";

/// One page of a list, and the number of items on all pages.
pub struct Listed<T> {
    pub items: Vec<T>,
    pub total: i64,
}

impl<T> Listed<T> {
    /// Returns the page of a list without items.
    pub fn none() -> Listed<T> {
        Listed { items: Vec::new(), total: 0 }
    }

    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Listed<U> {
        Listed { items: self.items.into_iter().map(change).collect(), total: self.total }
    }
}

/// Reads all pages, a thousand items at a time.
/// # Errors
/// Those of `read`.
pub fn all<T>(mut read: impl FnMut(Page) -> Result<Listed<T>>) -> Result<Vec<T>> {
    let (mut items, mut next) = (Vec::new(), Some(Page::new(1000, 1)));
    while let Some(page) = next {
        let listed = read(page)?;
        items.extend(listed.items);
        next = page.after(listed.total);
    }
    Ok(items)
}

/// The same, each item read when it is needed: a page can exceed memory, and is read only as far as it is shown.
pub struct Reading<'a, T> {
    pub items: Box<dyn Iterator<Item = Result<T>> + 'a>,
    pub total: i64,
}

impl<T> Reading<'_, T> {
    /// Reads all items.
    pub fn listed(self) -> Result<Listed<T>> {
        Ok(Listed { items: self.items.collect::<Result<_>>()?, total: self.total })
    }
}

impl<'a, T: 'a> From<Listed<T>> for Reading<'a, T> {
    fn from(listed: Listed<T>) -> Reading<'a, T> {
        Reading { items: Box::new(listed.items.into_iter().map(Ok)), total: listed.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_is_the_one_that_reaches_the_end() {
        let next = |limit, number, total| Page::new(limit, number).after(total).map(Page::parameters);
        assert_eq!(next(256, 2, 513), Some([("limit", 256), ("page", 3)]));
        assert_eq!([next(256, 2, 512), next(256, 3, 512), next(256, 1, 0), next(1000, u32::MAX, i64::MAX)], [None; 4]);
    }

    #[test]
    fn the_page_after_a_cut_one_begins_where_that_one_ends() {
        for (limit, number) in [(1000, 1), (1000, 2), (997, 3), (7, 1), (100, 12)] {
            for fit in 1..limit as usize {
                let page = Page::new(limit, number);
                let next = page.after_only(fit);
                assert!((1..=fit as i64).contains(&next.limit()), "{page:?} {fit} {next:?}");
                assert_eq!(next.offset(), page.offset() + next.limit(), "{page:?} {fit} {next:?}");
            }
        }
        assert_eq!(Page::new(1000, 1).after_only(300).parameters(), [("limit", 256), ("page", 2)]);
        assert_eq!(Page::new(1000, 2).after_only(300).parameters(), [("limit", 250), ("page", 6)]);
    }
}
