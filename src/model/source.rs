//! What a build is made from, before there is an SRPM.

use serde::{Deserialize, Serialize};

/// The way sources are handed over. The JSON form is what the store keeps and what
/// `/build/source-build-config` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SourceSpec {
    /// Nothing: a package whose builds have each brought their own sources.
    Unset,
    /// An address of an SRPM or a spec file.
    Link {
        /// Where to download it.
        url: String,
    },
    /// A file that came with the request.
    Upload {
        /// The directory below the upload area that holds the file.
        dir: String,
        /// The file's name.
        file: String,
    },
}

impl SourceSpec {
    /// The name of the kind, as APIv3 spells it.
    pub fn kind(&self) -> &'static str {
        match self {
            SourceSpec::Unset => "unset",
            SourceSpec::Link { .. } => "link",
            SourceSpec::Upload { .. } => "upload",
        }
    }

    /// The file name at the end of a link or of an upload.
    pub fn file_name(&self) -> Option<&str> {
        match self {
            SourceSpec::Unset => None,
            SourceSpec::Link { url } => {
                let path = url.split(['?', '#']).next().unwrap_or(url);
                path.rsplit('/').next().filter(|name| !name.is_empty())
            }
            SourceSpec::Upload { file, .. } => Some(file),
        }
    }
}

/// What kind of file a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceFile {
    /// A source package, `.src.rpm` or `.nosrc.rpm`.
    Srpm,
    /// A spec file.
    Spec,
}

impl SourceFile {
    /// The kind that `name` promises by its ending, in any case; `None` for any other.
    pub fn of(name: &str) -> Option<SourceFile> {
        let name = name.to_ascii_lowercase();
        let ends_in = |ending| name.strip_suffix(ending).is_some();
        if ends_in(".src.rpm") || ends_in(".nosrc.rpm") {
            return Some(SourceFile::Srpm);
        }
        ends_in(".spec").then_some(SourceFile::Spec)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_ending() {
        assert_eq!(SourceFile::of("a-1.SRC.rpm"), Some(SourceFile::Srpm));
        assert_eq!(SourceFile::of("a-1.nosrc.rpm"), Some(SourceFile::Srpm));
        assert_eq!(SourceFile::of("a.spec"), Some(SourceFile::Spec));
        assert_eq!(SourceFile::of("a-1.x86_64.rpm"), None);
    }

    #[test]
    fn a_links_file_name_is_the_end_of_its_path() {
        let link = SourceSpec::Link { url: "http://h/d/a-1.src.rpm?x=/y".into() };
        assert_eq!(link.file_name(), Some("a-1.src.rpm"));
    }

    #[test]
    fn the_stored_form_names_its_kind() {
        let link = SourceSpec::Link { url: "http://h/a.spec".into() };
        let json = serde_json::to_string(&link).unwrap();
        assert_eq!(json, r#"{"type":"link","url":"http://h/a.spec"}"#);
        assert_eq!(serde_json::from_str::<SourceSpec>(&json).unwrap(), link);
    }
}
