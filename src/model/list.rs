//! Which part of a list is wanted.

/// A part of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// How many rows at the most; `None`: all.
    pub limit: Option<u32>,
    /// How many rows to skip.
    pub offset: u64,
}

impl Slice {
    /// The first `limit` rows.
    pub fn first(limit: u32) -> Slice {
        Slice { limit: Some(limit), offset: 0 }
    }
}

/// Which way a list runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

/// What lists of projects and packages can be ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    /// The order in which they were made.
    #[default]
    Id,
    /// The name.
    Name,
}
