//! `tree`: a directory that came with the request, packed.

use serde::{Deserialize, Serialize};

use super::text::{Said, SpecPath};

/// How packed directories may be named.
const ENDINGS: [&str; 2] = [".tar.gz", ".tgz"];

/// A directory with a spec file in it, and what its SRPM is to be made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// The directory below the upload area that holds the file.
    pub dir: String,
    /// The packed directory's name, which ends as one of a packed directory does.
    pub file: String,
    /// The spec file's place in it; the only one there otherwise.
    #[serde(default)]
    pub spec: Said<SpecPath>,
    /// The first source is made from the directory, whatever the spec file says of where it is.
    #[serde(default)]
    pub pack_source: bool,
}

impl Tree {
    /// What the directory was called where it came from.
    pub fn name(&self) -> &str {
        Tree::stem(&self.file).unwrap_or(&self.file)
    }

    /// The name of the directory that is packed in a file of this name; `None` for any other file.
    pub fn stem(file: &str) -> Option<&str> {
        let stem = ENDINGS.iter().find_map(|ending| file.strip_suffix(ending));
        stem.filter(|stem| !stem.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_directory_is_known_by_its_ending() {
        assert_eq!(Tree::stem("hello.tar.gz"), Some("hello"));
        assert_eq!(Tree::stem("hello-1.0.tgz"), Some("hello-1.0"));
        for other in ["hello", ".tgz", "hello.tar", "hello.zip", "hello.src.rpm"] {
            assert_eq!(Tree::stem(other), None, "{other}");
        }
    }
}
