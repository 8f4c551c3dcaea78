//! What is wrong with a request, all of it at once.

use std::fmt::Display;

use super::{Error, Result};

/// The mistakes found so far: one line for each, `<field>: <text>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mistakes(Vec<String>);

impl Mistakes {
    /// Notes that a field is wrong, and how to put it right.
    pub fn add(&mut self, field: &str, why: impl Display) {
        self.0.push(format!("{field}: {why}"));
    }

    /// Takes over the mistakes of another step.
    pub fn append(&mut self, mut other: Mistakes) {
        self.0.append(&mut other.0);
    }

    /// Whether a field is among them.
    pub fn concern(&self, field: &str) -> bool {
        self.0.iter().any(|line| line.strip_prefix(field).is_some_and(|rest| rest.starts_with(':')))
    }

    /// An error if there are any.
    pub fn none(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

impl From<Vec<String>> for Mistakes {
    fn from(lines: Vec<String>) -> Mistakes {
        Mistakes(lines)
    }
}
