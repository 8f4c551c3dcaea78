//! What a request says about where sources come from, and whether that makes sense: once for
//! packages, for builds, and for whatever else hands sources in.

mod custom;
mod distgit;
mod link;
mod offered;
mod pypi;
mod rubygems;
mod scm;

use std::fmt::Display;
use std::str::FromStr;

pub use custom::CustomWish;
pub use distgit::DistGitWish;
pub use link::LinkWish;
pub(super) use link::check_url;
pub use offered::{Offered, offered};
pub use pypi::PyPiWish;
pub use rubygems::RubyGemsWish;
pub use scm::ScmWish;

use super::builds::file_name;
use super::{Error, Mistakes, Result};
use crate::config::Config;
use crate::model::project::Project;
use crate::model::source::{Said, SourceSpec};
use crate::store::Connection;

/// The kinds of sources that a package can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A git or Subversion repository.
    Scm,
    /// A distribution's own package repository.
    DistGit,
    /// A project on PyPI.
    PyPi,
    /// A gem.
    RubyGems,
    /// A script.
    Custom,
    /// The address of an SRPM or a spec file.
    Link,
    /// An SRPM or a spec file that comes with the request.
    Upload,
}

impl SourceKind {
    /// All of them, those first that can be built again by themselves.
    pub const ALL: [SourceKind; 7] = [
        SourceKind::Scm,
        SourceKind::DistGit,
        SourceKind::PyPi,
        SourceKind::RubyGems,
        SourceKind::Custom,
        SourceKind::Link,
        SourceKind::Upload,
    ];

    /// Its name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            SourceKind::Scm => "scm",
            SourceKind::DistGit => "distgit",
            SourceKind::PyPi => "pypi",
            SourceKind::RubyGems => "rubygems",
            SourceKind::Custom => "custom",
            SourceKind::Link => "link",
            SourceKind::Upload => "upload",
        }
    }

    /// The kind of these sources, if it is one that can be given.
    pub fn of(source: &SourceSpec) -> Option<SourceKind> {
        Some(match source {
            SourceSpec::Scm(_) => SourceKind::Scm,
            SourceSpec::DistGit(_) => SourceKind::DistGit,
            SourceSpec::PyPi(_) => SourceKind::PyPi,
            SourceSpec::RubyGems(_) => SourceKind::RubyGems,
            SourceSpec::Custom(_) => SourceKind::Custom,
            SourceSpec::Link { .. } => SourceKind::Link,
            SourceSpec::Upload { .. } => SourceKind::Upload,
            SourceSpec::Unset | SourceSpec::Tree(_) | SourceSpec::RpmUpload { .. } => return None,
        })
    }
}

impl FromStr for SourceKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<SourceKind> {
        let found = SourceKind::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| Error::invalid(format!("Unsupported package source type {text}")))
    }
}

/// What a request says about sources of one kind; what it does not say is `None`.
#[derive(Clone, Debug)]
pub enum SourceWish {
    /// See [`ScmWish`].
    Scm(ScmWish),
    /// See [`DistGitWish`].
    DistGit(DistGitWish),
    /// See [`PyPiWish`].
    PyPi(PyPiWish),
    /// See [`RubyGemsWish`].
    RubyGems(RubyGemsWish),
    /// See [`CustomWish`].
    Custom(CustomWish),
    /// See [`LinkWish`].
    Link(LinkWish),
    /// See [`UploadWish`].
    Upload(UploadWish),
}

/// A file that comes with the request.
#[derive(Clone, Debug, Default)]
pub struct UploadWish {
    /// The file's name, as the client gave it.
    pub file: Option<String>,
    /// The directory below the upload area that holds it; empty while it is only looked at.
    pub dir: String,
}

/// What sources are wanted for: defaults differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To build from them now.
    Build,
    /// To keep them with a package.
    Package,
}

/// What decides whether a wish makes sense.
pub(super) struct Around<'a> {
    pub(super) db: &'a Connection,
    pub(super) config: &'a Config,
    pub(super) project: &'a Project,
    pub(super) purpose: Purpose,
}

impl SourceWish {
    /// The sources that are meant. What is not said is as in `old`, where that is of the same
    /// kind. `None` only together with a mistake.
    pub(super) fn make(
        self,
        old: Option<&SourceSpec>,
        around: &Around<'_>,
        mistakes: &mut Mistakes,
    ) -> Result<Option<SourceSpec>> {
        macro_rules! old {
            ($kind:ident) => {
                match old {
                    Some(SourceSpec::$kind(old)) => Some(old),
                    _ => None,
                }
            };
        }
        Ok(match self {
            SourceWish::Scm(wish) => {
                wish.make(old!(Scm), around.config, mistakes).map(SourceSpec::Scm)
            }
            SourceWish::DistGit(wish) => {
                wish.make(old!(DistGit), around.config, mistakes).map(SourceSpec::DistGit)
            }
            SourceWish::PyPi(wish) => {
                wish.make(old!(PyPi), around.purpose, mistakes).map(SourceSpec::PyPi)
            }
            SourceWish::RubyGems(wish) => {
                wish.make(old!(RubyGems), mistakes).map(SourceSpec::RubyGems)
            }
            SourceWish::Custom(wish) => {
                wish.make(old!(Custom), around, mistakes)?.map(SourceSpec::Custom)
            }
            SourceWish::Link(wish) => wish.make(old, around.config, mistakes),
            SourceWish::Upload(wish) => wish.make(old, mistakes),
        })
    }
}

impl UploadWish {
    fn make(self, old: Option<&SourceSpec>, mistakes: &mut Mistakes) -> Option<SourceSpec> {
        match (&self.file, old) {
            (None, Some(old @ SourceSpec::Upload { .. })) => Some(old.clone()),
            (None, _) => {
                mistakes.add(
                    "pkgs",
                    "A file is required: send an SRPM or a spec file as the part pkgs of a \
                     multipart form.",
                );
                None
            }
            (Some(name), _) => {
                let file = file_name(Some(name), mistakes)?;
                Some(SourceSpec::Upload { dir: self.dir, file })
            }
        }
    }
}

/// The sources of a build, from those of a package: names that stand for another are replaced by
/// what they stand for now.
pub(super) fn for_build(db: &Connection, source: SourceSpec) -> Result<SourceSpec> {
    match source {
        SourceSpec::Custom(custom) => Ok(SourceSpec::Custom(custom::resolve(db, custom)?)),
        source => Ok(source),
    }
}

/// A value that must be there: what is said, else the old one.
fn required<T>(
    field: &str,
    given: Option<&str>,
    old: Option<&T>,
    mistakes: &mut Mistakes,
) -> Option<T>
where
    T: FromStr<Err: Display> + Clone,
{
    match (given, old) {
        (None, Some(old)) => Some(old.clone()),
        (None | Some(""), _) => {
            mistakes.add(field, "This field is required.");
            None
        }
        (Some(text), _) => parsed(field, text, mistakes),
    }
}

/// A value that may be left out, or emptied: what is said, else the old one.
pub(super) fn optional<T>(
    field: &str,
    given: Option<&str>,
    old: Option<&Said<T>>,
    mistakes: &mut Mistakes,
) -> Said<T>
where
    T: FromStr<Err: Display> + Clone,
{
    match given {
        None => old.cloned().unwrap_or_default(),
        Some(text) => parsed(field, text, mistakes).unwrap_or_default(),
    }
}

fn parsed<T: FromStr<Err: Display>>(field: &str, text: &str, mistakes: &mut Mistakes) -> Option<T> {
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            mistakes.add(field, error);
            None
        }
    }
}
