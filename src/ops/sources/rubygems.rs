//! A gem.

use super::required;
use crate::model::source::RubyGems;
use crate::ops::Mistakes;

/// What a request says about a gem.
#[derive(Clone, Debug, Default)]
pub struct RubyGemsWish {
    /// The gem.
    pub name: Option<String>,
}

impl RubyGemsWish {
    pub(super) fn make(self, old: Option<&RubyGems>, mistakes: &mut Mistakes) -> Option<RubyGems> {
        let gem = required("gem_name", self.name.as_deref(), old.map(|old| &old.gem), mistakes)?;
        Some(RubyGems { gem })
    }
}
