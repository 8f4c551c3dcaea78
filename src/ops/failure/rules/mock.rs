//! mock's own words.

use super::{Hit, Rank};

pub fn look(line: &str) -> Option<Hit> {
    let text = line.strip_prefix("ERROR: ")?;
    if text.starts_with("Exception(") || text.starts_with("Command failed") {
        return Hit::echo("mock", text);
    }
    if text.starts_with("Cannot find/open srpm") || text.starts_with("File is not an srpm") {
        return Some(
            Hit::new("mock", Rank::Certain, "The file is no source package, or it is damaged")
                .advise("Make the source package again with rpmbuild -bs, and hand it in."),
        );
    }
    if text.starts_with("Namespace unshare failed") {
        return Some(
            Hit::new("mock", Rank::Certain, text)
                .advise("The server may not make containers; 'coprbox doctor' says what it lacks."),
        );
    }
    Some(Hit::new("mock", Rank::Hint, text))
}
