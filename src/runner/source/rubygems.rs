//! `rubygems`: a gem, by gem2rpm.

use super::generator::Generator;
use crate::model::source::RubyGems;

/// What makes the source package of a gem.
pub(super) fn generator(gem: &RubyGems) -> Generator {
    let words = [gem.gem.as_str(), "--srpm", "-C", ".", "--fetch"].map(String::from).into();
    let hints = &[(
        "Empty tag: License",
        "the gem names no license, so nobody may use it; see \
         https://guides.rubygems.org/specification-reference/#license=",
    )];
    Generator { tool: "gem2rpm", host: "rubygems.org", words, hints }
}
