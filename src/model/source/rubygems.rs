//! `rubygems`: a gem of rubygems.org.

use serde::{Deserialize, Serialize};

use super::text::GemName;

/// A gem, in its newest version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RubyGems {
    /// The gem.
    pub gem: GemName,
}
