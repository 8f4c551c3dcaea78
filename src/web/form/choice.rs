//! What can be chosen in a form, and the hints beside it.

use crate::model::ChrootName;
use crate::web::parts::release_title;

/// A hint in pieces: what stands between backticks is code.
pub fn spans(text: &str) -> Vec<(bool, &str)> {
    text.split('`').enumerate().map(|(at, part)| (at % 2 == 1, part)).collect()
}

/// An entry of a drop-down list or of a group of boxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As requests name it.
    pub value: String,
    /// As people do.
    pub label: String,
    /// What else is to be known; empty where there is nothing.
    pub note: String,
}

impl Choice {
    /// An entry without a note.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Choice {
        Choice { value: value.into(), label: label.into(), note: String::new() }
    }

    /// Entries for the words of a closed list.
    pub fn list(words: &[(&str, &str)]) -> Vec<Choice> {
        words.iter().map(|(value, label)| Choice::new(*value, *label)).collect()
    }
}

/// The chroots of one release, as boxes to tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChrootGroup {
    /// The release as people call it.
    pub title: String,
    /// One box for each architecture.
    pub chroots: Vec<Choice>,
}

impl ChrootGroup {
    /// Chroots put together by release, in their order; with each what is to be known of it.
    pub fn list<'c>(
        chroots: impl IntoIterator<Item = (&'c ChrootName, &'c str)>,
    ) -> Vec<ChrootGroup> {
        let mut groups: Vec<ChrootGroup> = Vec::new();
        for (name, note) in chroots {
            let choice =
                Choice { note: note.to_owned(), ..Choice::new(name.as_str(), name.arch()) };
            let title = release_title(name);
            match groups.iter_mut().find(|group| group.title == title) {
                Some(group) => group.chroots.push(choice),
                None => groups.push(ChrootGroup { title, chroots: vec![choice] }),
            }
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_make_code() {
        assert_eq!(spans("write `a` here"), [(false, "write "), (true, "a"), (false, " here")]);
    }
}
