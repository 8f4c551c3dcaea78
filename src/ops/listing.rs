//! Lists of any length, read in parts.

use super::Result;

/// As many rows as are read in one go, and kept in memory at a time.
pub const PART: usize = 1_000;

/// The beginning of a list, and the numbers of what is left of it. A row that goes before its part
/// is read is left out.
pub struct Listing<T, I> {
    /// At most [`PART`] rows.
    pub first: Vec<T>,
    /// What to ask for next, at most [`PART`] at a time.
    pub rest: Vec<I>,
}

impl<T, I> Listing<T, I> {
    /// A list of nothing.
    pub(super) fn empty() -> Listing<T, I> {
        Listing { first: Vec::new(), rest: Vec::new() }
    }

    /// The list of what has these numbers.
    pub(super) fn read(
        mut ids: Vec<I>,
        read: impl FnOnce(&[I]) -> Result<Vec<T>>,
    ) -> Result<Listing<T, I>> {
        let rest = ids.split_off(ids.len().min(PART));
        Ok(Listing { first: read(&ids)?, rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_up_to_a_part() {
        for (count, first) in [(0, 0), (PART, PART), (PART + 1, PART)] {
            let list = Listing::read((0..count).collect(), |ids| Ok(ids.to_vec())).unwrap();
            assert_eq!((list.first.len(), list.rest.len()), (first, count - first));
        }
    }
}
