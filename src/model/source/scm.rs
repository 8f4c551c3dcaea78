//! `scm`: a git or Subversion repository.

use serde::{Deserialize, Serialize};

use super::clone_url::{CloneScheme, CloneUrl};
use super::text::{Committish, Said, SpecPath, SubPath};
use crate::model::words::words;

/// A place in a repository, and the way from there to an SRPM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scm {
    /// Which program the repository belongs to.
    pub kind: ScmKind,
    /// Where it is.
    pub clone_url: CloneUrl,
    /// What is checked out; the repository's own default otherwise.
    #[serde(default)]
    pub committish: Said<Committish>,
    /// The directory below the checkout that holds the package.
    #[serde(default)]
    pub subdirectory: Said<SubPath>,
    /// The spec file below that directory; the only one there otherwise.
    #[serde(default)]
    pub spec: Said<SpecPath>,
    /// How the SRPM is made.
    pub method: SrpmMethod,
}

words! {
    /// A program that keeps histories.
    ScmKind, "git, svn" {
        /// git.
        #[default]
        Git = "git",
        /// Subversion.
        Svn = "svn",
    }
}

impl ScmKind {
    /// What an address looks like the repository of.
    pub fn of(url: &CloneUrl) -> ScmKind {
        let is_svn = matches!(url.scheme(), CloneScheme::Svn | CloneScheme::SvnSsh)
            || url.path().split('/').any(|part| matches!(part, "svn" | "trunk"));
        if is_svn { ScmKind::Svn } else { ScmKind::Git }
    }

    /// Whether such a repository can be reached that way at all.
    pub fn goes_with(self, url: &CloneUrl) -> bool {
        match url.scheme() {
            CloneScheme::Https | CloneScheme::Http | CloneScheme::File => true,
            CloneScheme::Git | CloneScheme::Ssh => self == ScmKind::Git,
            CloneScheme::Svn | CloneScheme::SvnSsh => self == ScmKind::Svn,
        }
    }
}

words! {
    /// How a checkout becomes an SRPM.
    SrpmMethod, "rpkg, tito, tito_test, make_srpm" {
        /// A spec file, perhaps with rpkg's templates in it.
        #[default]
        Rpkg = "rpkg",
        /// tito, from the newest tag.
        Tito = "tito",
        /// tito, from the newest commit.
        TitoTest = "tito_test",
        /// The repository's own `.copr/Makefile`.
        MakeSrpm = "make_srpm",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_which_program_it_is_for() {
        for (url, kind) in [
            ("https://h/g/n.git", ScmKind::Git),
            ("git@h:svn-tools/n.git", ScmKind::Git),
            ("svn://h/n", ScmKind::Svn),
            ("svn+ssh://h/n", ScmKind::Svn),
            ("https://h/n/trunk", ScmKind::Svn),
            ("https://h/svn/n", ScmKind::Svn),
        ] {
            let url = url.parse().unwrap();
            assert_eq!(ScmKind::of(&url), kind, "{url}");
            assert!(kind.goes_with(&url));
        }
        assert!(!ScmKind::Svn.goes_with(&"git@h:n.git".parse().unwrap()));
        assert!(!ScmKind::Git.goes_with(&"svn://h/n".parse().unwrap()));
    }
}
