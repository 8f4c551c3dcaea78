//! Long tables in pages.

/// How many rows a page of a table has.
pub const ROWS: u64 = 50;

/// Which page of a table is shown, and which others there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pager {
    page: u64,
    total: u64,
}

impl Pager {
    /// The page that `?page=` asks for, of a table with `total` rows. What is no page is the nearest
    /// one: addresses live longer than rows.
    pub fn new(asked: Option<&str>, total: u64) -> Pager {
        let page = asked.and_then(|text| text.parse().ok()).unwrap_or(1);
        let pager = Pager { page: 1, total };
        Pager { page: page.clamp(1, pager.last()), total }
    }

    /// The number of the page, from 1.
    pub fn page(self) -> u64 {
        self.page
    }

    /// The number of the last page.
    pub fn last(self) -> u64 {
        self.total.div_ceil(ROWS).max(1)
    }

    /// How many rows there are on all pages.
    pub fn total(self) -> u64 {
        self.total
    }

    /// How many rows come before this page, for `OFFSET`.
    pub fn offset(self) -> u64 {
        (self.page - 1) * ROWS
    }

    /// The page before.
    pub fn previous(self) -> Option<u64> {
        (self.page > 1).then(|| self.page - 1)
    }

    /// The page after.
    pub fn next(self) -> Option<u64> {
        (self.page < self.last()).then(|| self.page + 1)
    }

    /// Whether one page holds everything.
    pub fn is_single(self) -> bool {
        self.last() == 1
    }

    /// The first and the last row of this page, counted from 1; `None` for an empty table.
    pub fn rows(self) -> Option<(u64, u64)> {
        (self.total > 0).then(|| (self.offset() + 1, (self.offset() + ROWS).min(self.total)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_all_rows() {
        let first = Pager::new(None, 120);
        assert_eq!((first.page(), first.last(), first.offset()), (1, 3, 0));
        assert_eq!((first.previous(), first.next()), (None, Some(2)));
        let last = Pager::new(Some("3"), 120);
        assert_eq!((last.offset(), last.rows()), (100, Some((101, 120))));
        assert_eq!((last.previous(), last.next()), (Some(2), None));
    }

    #[test]
    fn what_is_no_page_is_the_nearest() {
        for (asked, page) in [("0", 1), ("99", 3), ("x", 1), ("-1", 1), ("", 1)] {
            assert_eq!(Pager::new(Some(asked), 101).page(), page, "{asked}");
        }
        let empty = Pager::new(Some("2"), 0);
        assert_eq!((empty.page(), empty.rows(), empty.is_single()), (1, None, true));
        assert_eq!(Pager::new(Some("2"), 50).page(), 1);
    }
}
