//! The fields that requests have for sources, as [`crate::http::sources`] reads them.

use utoipa::ToSchema;

use super::openapi::{File, Switch, Text, Words};

/// What [`read`](crate::http::sources::read) reads for git and Subversion.
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

/// What [`read`](crate::http::sources::read) reads for packages of a dist-git.
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

/// What [`read`](crate::http::sources::read) reads for Python's packages.
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
    python_versions: Option<Words>,
}

/// What [`read`](crate::http::sources::read) reads for Ruby's packages.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct RubyGemsFields {
    /// The gem's name.
    gem_name: Option<Text>,
}

/// What [`read`](crate::http::sources::read) reads for scripts.
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

/// What [`read`](crate::http::sources::read) reads for addresses.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read")]
pub(super) struct LinkFields {
    /// The address of a source package or spec file.
    url: Option<Text>,
}

/// What [`uploaded`](crate::http::sources::uploaded) takes.
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
