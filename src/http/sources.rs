//! What the fields of a request say about where sources come from: the names of the fields, old
//! ones included, for the API and for the forms of pages.

use super::body::{Body, FieldReader};
use crate::ops::Mistakes;
use crate::ops::builds::UploadedFile;
use crate::ops::sources::{
    CustomWish, DistGitWish, LinkWish, PyPiWish, RubyGemsWish, ScmWish, SourceKind, SourceWish,
    UploadWish,
};

/// What the fields say about sources of this kind, and what was wrong with them.
pub fn read(kind: SourceKind, body: &Body) -> (SourceWish, Mistakes) {
    let mut read = body.reader();
    let wish = match kind {
        SourceKind::Scm => SourceWish::Scm(ScmWish {
            clone_url: read.line("clone_url"),
            committish: read.line("committish"),
            subdirectory: read.line("subdirectory"),
            spec: read.line("spec"),
            kind: read.line("scm_type"),
            method: read.line("source_build_method").or_else(|| read.line("srpm_build_method")),
        }),
        SourceKind::DistGit => SourceWish::DistGit(DistGitWish {
            package: read.line("package_name"),
            instance: read.line("distgit"),
            namespace: read.line("namespace"),
            committish: read.line("committish"),
        }),
        SourceKind::PyPi => SourceWish::PyPi(PyPiWish {
            name: read.line("pypi_package_name"),
            version: read.line("pypi_package_version"),
            generator: read.line("spec_generator"),
            template: read.line("spec_template"),
            // A form has one field for all of them.
            python_versions: read.words("python_versions"),
        }),
        SourceKind::RubyGems => SourceWish::RubyGems(RubyGemsWish { name: read.line("gem_name") }),
        SourceKind::Custom => SourceWish::Custom(custom(&mut read)),
        SourceKind::Link => {
            SourceWish::Link(LinkWish { url: read.line("url").or_else(|| read.line("pkgs")) })
        }
        SourceKind::Upload => SourceWish::Upload(UploadWish::default()),
    };
    (wish, read.mistakes())
}

/// Packages have other names for these than builds; both are understood everywhere.
fn custom(read: &mut FieldReader<'_>) -> CustomWish {
    CustomWish {
        script: read.text("script"),
        chroot: read.line("script_chroot").or_else(|| read.line("chroot")),
        builddeps: read.words("script_builddeps").or_else(|| read.words("builddeps")),
        resultdir: read.line("script_resultdir").or_else(|| read.line("resultdir")),
        repos: read.words("script_repos").or_else(|| read.words("repos")),
    }
}

/// The file that came along. Browsers send one without a name where none was chosen.
pub fn uploaded(body: &mut Body) -> Option<UploadedFile> {
    let upload = body.take_file("pkgs").filter(|file| !file.name().is_empty())?;
    let name = upload.name().to_owned();
    Some(UploadedFile { name, path: upload.into_path() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_versions_may_share_a_field() {
        let body = Body::parse_form("pypi_package_name=a&python_versions=3.12+3.13");
        let (SourceWish::PyPi(wish), _) = read(SourceKind::PyPi, &body) else { panic!("PyPI") };
        assert_eq!(wish.python_versions.unwrap(), ["3.12", "3.13"]);
        let body = Body::parse_form("pypi_package_name=a&python_versions=");
        let (SourceWish::PyPi(wish), _) = read(SourceKind::PyPi, &body) else { panic!("PyPI") };
        assert_eq!(wish.python_versions, Some(Vec::new()), "emptied, not left as it was");
    }

    #[test]
    fn old_names_of_fields_are_understood() {
        for form in ["script=a&script_chroot=c", "script=a&chroot=c"] {
            let (wish, _) = read(SourceKind::Custom, &Body::parse_form(form));
            let SourceWish::Custom(wish) = wish else { panic!("a script") };
            assert_eq!((wish.script.as_deref(), wish.chroot.as_deref()), (Some("a"), Some("c")));
        }
        for form in ["source_build_method=tito", "srpm_build_method=tito"] {
            let (wish, _) = read(SourceKind::Scm, &Body::parse_form(form));
            let SourceWish::Scm(wish) = wish else { panic!("a repository") };
            assert_eq!(wish.method.as_deref(), Some("tito"));
        }
    }
}
