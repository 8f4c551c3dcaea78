//! The part of a form that says where sources come from: the same for packages and for builds.
//!
//! A form of a package or of a build takes [`LABELS`] among its own, by [`with`]; fills itself in
//! with [`fill()`]; puts a [`Part`] into its page, which `templates/sources/fields.html` shows:
//!
//! ```text
//! {% import "sources/fields.html" as sources %}
//! <form class="form" method="post" action="…"{% if part.has_file() %} enctype="multipart/form-data"{% endif %}>
//!   {{ sources::fields(form, part) }}
//! ```
//!
//! and hands what was typed to `ops` as [`crate::http::sources`] has read it: what makes sense is decided there,
//! as for the API.

mod fill;

pub use fill::fill;

use super::form::{Choice, Labels};
use crate::model::source::{ScmKind, SpecGenerator, SpecTemplate, SrpmMethod};
use crate::ops::sources::{Offered, Purpose, SourceKind};

/// The fields of all kinds of sources.
pub const LABELS: Labels = &[
    ("scm_type", "Type"),
    ("clone_url", "Clone URL"),
    ("committish", "Branch, tag or commit"),
    ("subdirectory", "Directory"),
    ("spec", "Spec file"),
    ("source_build_method", "How the source package is made"),
    ("distgit", "Distribution"),
    ("namespace", "Namespace"),
    ("pypi_package_name", "Project on PyPI"),
    ("pypi_package_version", "Version"),
    ("spec_generator", "What writes the spec file"),
    ("spec_template", "Template of pyp2rpm"),
    ("python_versions", "Python versions"),
    ("gem_name", "Gem"),
    ("script", "Script"),
    ("script_chroot", "Chroot for the script"),
    ("chroot", "Chroot for the script"),
    ("script_builddeps", "Packages that the script needs"),
    ("builddeps", "Packages that the script needs"),
    ("script_resultdir", "Where it leaves the sources"),
    ("resultdir", "Where it leaves the sources"),
    ("script_repos", "Repositories for these packages"),
    ("repos", "Repositories for these packages"),
    ("url", "Address"),
    ("pkgs", "Source package or spec file"),
];

/// A form's own fields together with [`LABELS`]: `static FIELDS: [_; OWN.len() + LABELS.len()] =
/// with(OWN);`
pub const fn with<const N: usize>(own: Labels) -> [(&'static str, &'static str); N] {
    let mut all = [("", ""); N];
    let mut at = 0;
    while at < N {
        all[at] = if at < own.len() { own[at] } else { LABELS[at - own.len()] };
        at += 1;
    }
    all
}

/// A kind of sources, to be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    /// As people call it.
    pub title: &'static str,
    /// Its form.
    pub url: String,
    /// It is the one that is shown.
    pub is_on: bool,
}

/// The kinds of sources as links, each to where `url` says its form is.
pub fn tabs(shown: Option<SourceKind>, url: impl Fn(SourceKind) -> String) -> Vec<Tab> {
    let tab = |kind| Tab { title: title(kind), url: url(kind), is_on: Some(kind) == shown };
    SourceKind::ALL.into_iter().map(tab).collect()
}

/// What people call a kind of sources.
pub fn title(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Scm => "Git or Subversion",
        SourceKind::DistGit => "DistGit",
        SourceKind::PyPi => "PyPI",
        SourceKind::RubyGems => "RubyGems",
        SourceKind::Custom => "Script",
        SourceKind::Link => "Address",
        SourceKind::Upload => "Upload",
    }
}

/// The part of the page.
#[derive(Clone, Debug)]
pub struct Part {
    kind: SourceKind,
    purpose: Purpose,
    offered: Offered,
}

impl Part {
    /// Fields for sources of this kind.
    pub fn new(kind: SourceKind, purpose: Purpose, offered: Offered) -> Part {
        Part { kind, purpose, offered }
    }

    /// The kind, for the template.
    pub fn kind(&self) -> &'static str {
        self.kind.as_str()
    }

    /// A sentence about the kind.
    pub fn about(&self) -> &'static str {
        match self.kind {
            SourceKind::Scm => "A spec file in a repository of git or Subversion.",
            SourceKind::DistGit => {
                "A package as a distribution keeps it: its spec file, and its sources from there."
            }
            SourceKind::PyPi => "A project of the Python Package Index; its spec file is written.",
            SourceKind::RubyGems => "A gem; its spec file is written.",
            SourceKind::Custom => {
                "A script that makes a spec file and its sources, or a source package."
            }
            SourceKind::Link => "A source package or a spec file somewhere on the web.",
            SourceKind::Upload => "A source package or a spec file from your disk.",
        }
    }

    /// It is for a build, not for a package.
    pub fn is_build(&self) -> bool {
        self.purpose == Purpose::Build
    }

    /// A file comes along: the form has to be a multipart one.
    pub fn has_file(&self) -> bool {
        self.kind == SourceKind::Upload
    }

    /// What the fields of a script are called; builds have other names for them than packages.
    pub fn script(&self, field: &'static str) -> &'static str {
        match (self.purpose, field) {
            (Purpose::Package, "chroot") => "script_chroot",
            (Purpose::Package, "builddeps") => "script_builddeps",
            (Purpose::Package, "resultdir") => "script_resultdir",
            (Purpose::Package, "repos") => "script_repos",
            _ => field,
        }
    }

    /// Schemes that a clone URL may have.
    pub fn clone_hint(&self) -> &'static str {
        if self.offered.file_urls {
            "`https://`, `http://`, `git://`, `ssh://`, `git@host:path`, `svn://` or `file://`. \
             To clone over ssh, give the package a deploy key."
        } else {
            "`https://`, `http://`, `git://`, `ssh://`, `git@host:path` or `svn://`. \
             To clone over ssh, give the package a deploy key."
        }
    }

    /// The dist-gits.
    pub fn distgits(&self) -> Vec<Choice> {
        self.offered.distgits.iter().map(|name| Choice::new(name, name)).collect()
    }

    /// The chroots for scripts.
    pub fn chroots(&self) -> Vec<Choice> {
        self.offered.script_chroots.iter().map(|name| Choice::new(name, name)).collect()
    }
}

/// What lists offer that is the same for all.
#[expect(clippy::unused_self, reason = "templates ask the part for all that its fields need")]
impl Part {
    /// git or Subversion.
    pub fn scm_types(&self) -> Vec<Choice> {
        let title = |kind| match kind {
            ScmKind::Git => "Git",
            ScmKind::Svn => "Subversion",
        };
        ScmKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), title(*kind))).collect()
    }

    /// The ways from a checkout to a source package.
    pub fn methods(&self) -> Vec<Choice> {
        let note = |method| match method {
            SrpmMethod::Rpkg => "the spec file there; templates of rpkg are filled in",
            SrpmMethod::Tito => "the newest tag of tito",
            SrpmMethod::TitoTest => "the newest commit, by tito",
            SrpmMethod::MakeSrpm => "`.copr/Makefile` of the repository",
        };
        let choice = |method: &SrpmMethod| Choice {
            note: note(*method).replace('`', ""),
            ..Choice::new(method.as_str(), method.as_str())
        };
        SrpmMethod::ALL.iter().map(choice).collect()
    }

    /// What writes spec files for Python.
    pub fn generators(&self) -> Vec<Choice> {
        SpecGenerator::ALL.iter().map(|word| Choice::new(word.as_str(), word.as_str())).collect()
    }

    /// The templates of pyp2rpm.
    pub fn templates(&self) -> Vec<Choice> {
        let title = |word: &SpecTemplate| match word {
            SpecTemplate::Default => "its own",
            other => other.as_str(),
        };
        SpecTemplate::ALL.iter().map(|word| Choice::new(word.as_str(), title(word))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forms_own_fields_come_before_those_of_sources() {
        const OWN: Labels = &[("name", "Name")];
        static ALL: [(&str, &str); OWN.len() + LABELS.len()] = with(OWN);
        assert_eq!((ALL[0], ALL[1]), (OWN[0], LABELS[0]));
        assert_eq!(ALL.last(), LABELS.last());
    }

    #[test]
    fn packages_and_builds_name_the_fields_of_a_script_differently() {
        let part = |purpose| Part::new(SourceKind::Custom, purpose, Offered::default());
        assert_eq!(part(Purpose::Build).script("chroot"), "chroot");
        assert_eq!(part(Purpose::Package).script("chroot"), "script_chroot");
        for name in ["chroot", "builddeps", "resultdir", "repos"] {
            for purpose in [Purpose::Build, Purpose::Package] {
                let name = part(purpose).script(name);
                assert!(LABELS.iter().any(|(known, _)| *known == name), "{name}");
            }
        }
    }
}
