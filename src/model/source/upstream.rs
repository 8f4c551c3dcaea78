//! Where something new to build may turn up.

use std::fmt;

use super::clone_url::CloneUrl;
use super::scm::{Scm, ScmKind};
use super::text::{Committish, GemName, PyPiName, Said, SubPath};
use super::{DistGit, PyPi, SourceSpec};

/// What can be asked whether there is something new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// A git repository.
    Git {
        /// Where it is.
        url: CloneUrl,
        /// What of it counts; the repository's own default otherwise.
        committish: Option<Committish>,
        /// The directory that counts; all of them otherwise.
        below: Option<SubPath>,
    },
    /// A project of the Python Package Index.
    PyPi(PyPiName),
    /// A gem.
    RubyGems(GemName),
}

/// What identifies it in the tables; not for people, since addresses may have passwords in them.
impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Upstream::Git { url, committish, below } => {
                write!(f, "git {}", url.as_str())?;
                committish.iter().try_for_each(|at| write!(f, " {at}"))?;
                below.iter().try_for_each(|dir| write!(f, " in {dir}"))
            }
            Upstream::PyPi(name) => write!(f, "pypi {name}"),
            Upstream::RubyGems(name) => write!(f, "rubygems {name}"),
        }
    }
}

impl SourceSpec {
    /// Where something new may turn up; `None` where nobody can be asked.
    pub fn upstream(&self) -> Option<Upstream> {
        Some(match self {
            SourceSpec::Scm(scm) if scm.kind == ScmKind::Git => Upstream::Git {
                url: scm.clone_url.clone(),
                committish: scm.committish.get().cloned(),
                below: scm.subdirectory.get().filter(|dir| !dir.is_top()).cloned(),
            },
            SourceSpec::DistGit(distgit) => Upstream::Git {
                url: distgit.clone_url.clone(),
                committish: distgit.committish.clone(),
                below: None,
            },
            SourceSpec::PyPi(pypi) => Upstream::PyPi(pypi.name.clone()),
            SourceSpec::RubyGems(gem) => Upstream::RubyGems(gem.gem.clone()),
            _ => return None,
        })
    }

    /// The same sources at what was found upstream: a commit or a release. `None` where that is
    /// not the name of one.
    pub fn at(&self, found: &str) -> Option<SourceSpec> {
        Some(match self {
            SourceSpec::Scm(scm) => {
                SourceSpec::Scm(Scm { committish: Said::Text(found.parse().ok()?), ..scm.clone() })
            }
            SourceSpec::DistGit(distgit) => SourceSpec::DistGit(DistGit {
                committish: Some(found.parse().ok()?),
                ..distgit.clone()
            }),
            SourceSpec::PyPi(pypi) => {
                SourceSpec::PyPi(PyPi { version: Said::Text(found.parse().ok()?), ..pypi.clone() })
            }
            // A gem is always built in its newest version.
            SourceSpec::RubyGems(gem) => SourceSpec::RubyGems(gem.clone()),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: &str) -> SourceSpec {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_branch_of_a_git_repository_can_be_asked() {
        let git = r#"{"type":"scm","kind":"git","clone_url":"https://h/a.git","committish":"main","subdirectory":"","spec":null,"method":"rpkg"}"#;
        let source = spec(git);
        let upstream = source.upstream().unwrap();
        assert_eq!(upstream.to_string(), "git https://h/a.git main");
        let Some(SourceSpec::Scm(scm)) = source.at("cafe") else { panic!() };
        assert_eq!(scm.committish.get().map(Committish::as_str), Some("cafe"));
        assert_eq!(source.at("--upload-pack=x"), None);
        let below = |dir: &str| {
            let stored =
                git.replace("\"subdirectory\":\"\"", &format!("\"subdirectory\":\"{dir}\""));
            spec(&stored).upstream().unwrap().to_string()
        };
        assert_eq!(below("./"), "git https://h/a.git main");
        assert_eq!(below("rpm/a"), "git https://h/a.git main in rpm/a");
        let svn = git.replace("\"git\"", "\"svn\"");
        assert_eq!(spec(&svn).upstream(), None);
        assert_eq!(spec(r#"{"type":"link","url":"http://h/a.spec"}"#).upstream(), None);
    }

    #[test]
    fn a_release_of_a_python_project_can_be_asked_for() {
        let source = spec(
            r#"{"type":"pypi","name":"copr","version":"1.0","generator":"pyp2spec","template":"","python_versions":[]}"#,
        );
        assert_eq!(source.upstream(), Some(Upstream::PyPi("copr".parse().unwrap())));
        let Some(SourceSpec::PyPi(pypi)) = source.at("2.0") else { panic!() };
        assert_eq!(pypi.version, "2.0".parse().unwrap());
    }
}
