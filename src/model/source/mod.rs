//! What a build is made from, before there is an SRPM: one file for each way of saying it.

mod clone_url;
mod custom;
mod distgit;
mod pypi;
mod rubygems;
mod scm;
mod text;
mod tree;
mod upstream;

use serde::{Deserialize, Serialize};

pub use clone_url::{CloneScheme, CloneUrl};
pub use custom::{Custom, ScriptChroot};
pub use distgit::DistGit;
pub use pypi::{PyPi, SpecGenerator, SpecTemplate};
pub use rubygems::RubyGems;
pub use scm::{Scm, ScmKind, SrpmMethod};
pub use text::{
    Committish, GemName, Namespace, PyPiName, PyPiVersion, PythonVersion, Said, SpecPath, SubPath,
    TextError,
};
pub use tree::Tree;
pub use upstream::Upstream;

/// The way sources are handed over. The JSON form is what the store keeps; clients see the one
/// that the API makes of it.
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
    /// A directory that came with the request.
    Tree(Tree),
    /// A git or Subversion repository.
    Scm(Scm),
    /// A distribution's own package repository.
    #[serde(rename = "distgit")]
    DistGit(DistGit),
    /// A project on PyPI.
    #[serde(rename = "pypi")]
    PyPi(PyPi),
    /// A gem.
    #[serde(rename = "rubygems")]
    RubyGems(RubyGems),
    /// A script.
    Custom(Custom),
    /// Binary packages that came with the request, published as they are.
    RpmUpload {
        /// The directory below the upload area that holds the files.
        dir: String,
        /// The files' names.
        files: Vec<String>,
    },
}

impl SourceSpec {
    /// The name of the kind, as APIv3 spells it.
    pub fn kind(&self) -> &'static str {
        match self {
            SourceSpec::Unset => "unset",
            SourceSpec::Link { .. } => "link",
            SourceSpec::Upload { .. } => "upload",
            SourceSpec::Tree(_) => "tree",
            SourceSpec::Scm(_) => "scm",
            SourceSpec::DistGit(_) => "distgit",
            SourceSpec::PyPi(_) => "pypi",
            SourceSpec::RubyGems(_) => "rubygems",
            SourceSpec::Custom(_) => "custom",
            SourceSpec::RpmUpload { .. } => "rpm_upload",
        }
    }

    /// The file name at the end of a link or of an upload.
    pub fn file_name(&self) -> Option<&str> {
        match self {
            SourceSpec::Link { url } => {
                let path = url.split(['?', '#']).next().unwrap_or(url);
                path.rsplit('/').next().filter(|name| !name.is_empty())
            }
            SourceSpec::Upload { file, .. } => Some(file),
            SourceSpec::Tree(tree) => Some(&tree.file),
            SourceSpec::RpmUpload { files, .. } => files.first().map(String::as_str),
            _ => None,
        }
    }

    /// The directory below the upload area that holds what came with the request.
    pub fn upload_dir(&self) -> Option<&str> {
        match self {
            SourceSpec::Upload { dir, .. } | SourceSpec::RpmUpload { dir, .. } => Some(dir),
            SourceSpec::Tree(tree) => Some(&tree.dir),
            SourceSpec::Custom(custom) => custom.hook.as_deref(),
            _ => None,
        }
    }

    /// What to call a build whose package is not known yet.
    pub fn title(&self) -> Option<&str> {
        match self {
            SourceSpec::Unset | SourceSpec::Custom(_) => None,
            SourceSpec::Link { .. } | SourceSpec::Upload { .. } | SourceSpec::RpmUpload { .. } => {
                self.file_name()
            }
            SourceSpec::Tree(tree) => Some(tree.name()),
            SourceSpec::Scm(scm) => Some(scm.clone_url.name()).filter(|name| !name.is_empty()),
            SourceSpec::DistGit(distgit) => Some(distgit.package.as_str()),
            SourceSpec::PyPi(pypi) => Some(pypi.name.as_str()),
            SourceSpec::RubyGems(gem) => Some(gem.gem.as_str()),
        }
    }

    /// Where the sources come from, for everybody to read.
    pub fn describe(&self) -> Option<String> {
        let at = |committish: Option<&Committish>| {
            committish.map_or_else(String::new, |committish| format!(" at {committish}"))
        };
        Some(match self {
            SourceSpec::Unset => return None,
            SourceSpec::Link { url } => without_password(url),
            SourceSpec::Upload { file, .. } => format!("uploaded {file}"),
            SourceSpec::Tree(tree) => {
                let spec = tree.spec.get().map(|spec| format!(", {spec}"));
                format!("uploaded directory {}{}", tree.name(), spec.unwrap_or_default())
            }
            SourceSpec::Scm(scm) => {
                let place = scm.subdirectory.get().map(|dir| format!(", in {dir}"));
                let url = without_password(scm.clone_url.as_str());
                let at = at(scm.committish.get());
                format!("{} {url}{at}{}", scm.kind, place.unwrap_or_default())
            }
            SourceSpec::DistGit(distgit) => {
                let url = without_password(distgit.clone_url.as_str());
                format!("{url}{}", at(distgit.committish.as_ref()))
            }
            SourceSpec::PyPi(pypi) => match pypi.version.get() {
                Some(version) => format!("PyPI: {} {version}", pypi.name),
                None => format!("PyPI: {}", pypi.name),
            },
            SourceSpec::RubyGems(gem) => format!("RubyGems: {}", gem.gem),
            SourceSpec::Custom(custom) => format!("a script in {}", custom.chroot),
            SourceSpec::RpmUpload { files, .. } => format!("uploaded {}", files.join(", ")),
        })
    }
}

/// An address as people may see it: without a user's name and password.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) if rest[..at].contains(':') => format!("{scheme}://{}", &rest[at + 1..]),
        _ => url.to_owned(),
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
    fn passwords_are_not_shown() {
        assert_eq!(without_password("https://u:secret@h/x"), "https://h/x");
        assert_eq!(without_password("https://u@h/x"), "https://u@h/x");
        assert_eq!(without_password("git@h:x"), "git@h:x");
        let source = SourceSpec::Link { url: "https://u:secret@h/a.src.rpm".into() };
        assert_eq!(source.describe().as_deref(), Some("https://h/a.src.rpm"));
    }

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
        for stored in [
            r#"{"type":"unset"}"#,
            r#"{"type":"link","url":"http://h/a.spec"}"#,
            r#"{"type":"upload","dir":"d","file":"a.spec"}"#,
            r#"{"type":"tree","dir":"d","file":"a.tar.gz","spec":"dist/a.spec","pack_source":true}"#,
            r#"{"type":"scm","kind":"git","clone_url":"https://h/a.git","committish":"main","subdirectory":"","spec":null,"method":"rpkg"}"#,
            r#"{"type":"distgit","instance":"fedora","package":"a","namespace":null,"committish":"f42","clone_url":"https://h/a"}"#,
            r#"{"type":"pypi","name":"a","version":null,"generator":"pyp2spec","template":"","python_versions":["3"]}"#,
            r#"{"type":"rubygems","gem":"a"}"#,
            r#"{"type":"custom","script":"true\n","chroot":"fedora-latest-x86_64","builddeps":null,"resultdir":"out","repos":["copr://a/b"]}"#,
            r#"{"type":"rpm_upload","dir":"d","files":["a-1-1.noarch.rpm"]}"#,
        ] {
            let spec: SourceSpec = serde_json::from_str(stored).unwrap();
            assert_eq!(serde_json::to_string(&spec).unwrap(), stored);
            assert!(stored.starts_with(&format!(r#"{{"type":"{}""#, spec.kind())));
        }
    }

    #[test]
    fn what_must_not_be_there_is_not_read_back_either() {
        let stored = r#"{"type":"scm","kind":"git","clone_url":"ext::sh","method":"rpkg"}"#;
        assert!(serde_json::from_str::<SourceSpec>(stored).is_err());
    }
}
