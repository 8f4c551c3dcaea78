//! What requests say about where sources come from: the names of the fields, old ones included.

use super::project::mistakes;
use crate::http::body::{Body, FieldReader};
use crate::ops::Mistakes;
use crate::ops::builds::UploadedFile;
use crate::ops::sources::{
    CustomWish, DistGitWish, LinkWish, PyPiWish, RubyGemsWish, ScmWish, SourceKind, SourceWish,
    UploadWish,
};

/// What the fields say about sources of this kind, and what was wrong with them.
pub(super) fn source(kind: SourceKind, mut read: FieldReader<'_>) -> (SourceWish, Mistakes) {
    let wish = match kind {
        SourceKind::Scm => SourceWish::Scm(scm(&mut read)),
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
            python_versions: read.items("python_versions"),
        }),
        SourceKind::RubyGems => SourceWish::RubyGems(RubyGemsWish { name: read.line("gem_name") }),
        SourceKind::Custom => SourceWish::Custom(custom(&mut read)),
        SourceKind::Link => {
            SourceWish::Link(LinkWish { url: read.line("url").or_else(|| read.line("pkgs")) })
        }
        SourceKind::Upload => SourceWish::Upload(UploadWish::default()),
    };
    (wish, mistakes(read))
}

fn scm(read: &mut FieldReader<'_>) -> ScmWish {
    ScmWish {
        clone_url: read.line("clone_url"),
        committish: read.line("committish"),
        subdirectory: read.line("subdirectory"),
        spec: read.line("spec"),
        kind: read.line("scm_type"),
        method: read.line("source_build_method").or_else(|| read.line("srpm_build_method")),
    }
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

/// The file of the request.
pub(super) fn uploaded(body: &mut Body) -> Option<UploadedFile> {
    let upload = body.take_file("pkgs")?;
    let name = upload.name().to_owned();
    Some(UploadedFile { name, path: upload.into_path() })
}
