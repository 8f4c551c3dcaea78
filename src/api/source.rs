//! What requests say about where sources come from: the names of the fields, old ones included.

use utoipa::ToSchema;

use super::openapi::{File, Items, Switch, Text, Words};
use super::project::mistakes;
use crate::http::body::{Body, FieldReader};
use crate::ops::Mistakes;
use crate::ops::builds::UploadedFile;
use crate::ops::sources::{
    CustomWish, DistGitWish, LinkWish, PyPiWish, RubyGemsWish, ScmWish, SourceKind, SourceWish,
    UploadWish,
};

/// What [`source`] reads for git and Subversion.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct ScmFields {
    /// Where to clone from.
    clone_url: Option<Text>,
    /// Branch, tag or commit.
    committish: Option<Text>,
    /// The directory that the package lies in.
    subdirectory: Option<Text>,
    /// The spec file's path.
    spec: Option<Text>,
    /// `git` or `svn`.
    scm_type: Option<Text>,
    /// `rpkg`, `tito`, `tito_test` or `make_srpm`.
    source_build_method: Option<Text>,
    /// An older name of `source_build_method`.
    srpm_build_method: Option<Text>,
}

/// What [`source`] reads for packages of a dist-git.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct DistGitFields {
    /// The package's name there.
    package_name: Option<Text>,
    /// The instance: `fedora`, `centos` …
    distgit: Option<Text>,
    /// The namespace there.
    namespace: Option<Text>,
    /// Branch, tag or commit.
    committish: Option<Text>,
}

/// What [`source`] reads for Python's packages.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct PyPiFields {
    /// The package's name on PyPI.
    pypi_package_name: Option<Text>,
    /// Its version; the newest if nothing is said.
    pypi_package_version: Option<Text>,
    /// The program that writes the spec file.
    spec_generator: Option<Text>,
    /// The template that it follows.
    spec_template: Option<Text>,
    /// The Pythons to build for.
    python_versions: Option<Items>,
}

/// What [`source`] reads for Ruby's packages.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct RubyGemsFields {
    /// The gem's name.
    gem_name: Option<Text>,
}

/// What [`source`] reads for scripts.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct CustomFields {
    /// The script that makes the sources.
    script: Option<Text>,
    /// The chroot that it runs in.
    script_chroot: Option<Text>,
    /// An older name of `script_chroot`.
    chroot: Option<Text>,
    /// The packages that it needs.
    script_builddeps: Option<Words>,
    /// An older name of `script_builddeps`.
    builddeps: Option<Words>,
    /// Where it leaves the sources.
    script_resultdir: Option<Text>,
    /// An older name of `script_resultdir`.
    resultdir: Option<Text>,
    /// Repositories for its packages.
    script_repos: Option<Words>,
    /// An older name of `script_repos`.
    repos: Option<Words>,
}

/// What [`source`] reads for addresses.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct LinkFields {
    /// The address of a source package or spec file.
    url: Option<Text>,
}

/// What [`uploaded`] takes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct UploadFields {
    /// A source package or spec file.
    pkgs: File,
}

/// What a build of a directory takes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct TreeFields {
    /// The directory, packed with tar and gzip: `NAME.tar.gz`, with the files as they are below
    /// it. In its place `..`, absolute paths and devices mean nothing.
    pkgs: File,
    /// The spec file's place in the directory; without, the only one there.
    spec: Option<Text>,
    /// Make the first source from the directory even if it has an address or is there already.
    pack_source: Option<Switch>,
}

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
